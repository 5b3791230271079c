# The addon. cmake-js passes CMAKE_JS_INC (node-api-headers and node-addon-api), CMAKE_JS_SRC and CMAKE_JS_LIB.
add_library(inferno SHARED
  binding/addon.cpp
  binding/devices.cpp
  binding/encoder.cpp
  binding/errors.cpp
  binding/engine_state.cpp
  binding/event_bridge.cpp
  binding/generator_methods.cpp
  binding/journal.cpp
  binding/js_waker.cpp
  binding/model.cpp
  binding/model_loader.cpp
  binding/onnx_batcher.cpp
  binding/onnx_call.cpp
  binding/onnx_outputs.cpp
  binding/onnx_session.cpp
  binding/onnx_session_loader.cpp
  binding/onnx_text_engine.cpp
  binding/onnx_values.cpp
  binding/profiles.cpp
  binding/promise_settler.cpp
  binding/queue_status.cpp
  binding/request_reader.cpp
  binding/statistics.cpp
  binding/zstd_stream.cpp
  ${CMAKE_JS_SRC}
)
target_include_directories(inferno SYSTEM PRIVATE ${CMAKE_JS_INC})
target_link_libraries(inferno PRIVATE inferno_native ${CMAKE_JS_LIB})
target_compile_definitions(inferno PRIVATE NAPI_VERSION=8 NAPI_CPP_EXCEPTIONS NODE_ADDON_API_DISABLE_DEPRECATED NODE_ADDON_API_REQUIRE_BASIC_FINALIZERS NODE_API_SWALLOW_UNTHROWABLE_EXCEPTIONS)
set_target_properties(inferno PROPERTIES PREFIX "" SUFFIX ".node" CXX_VISIBILITY_PRESET hidden VISIBILITY_INLINES_HIDDEN ON)
if(UNIX AND NOT APPLE)
  # Node exports OpenSSL, zlib and zstd of its own: nothing of ours may be seen by it, nor resolve to it.
  target_link_options(inferno PRIVATE -Wl,-Bsymbolic -Wl,--exclude-libs,ALL)
elseif(APPLE)
  target_link_options(inferno PRIVATE -undefined dynamic_lookup)
endif()
# Backends are loaded at run time, so nothing links them; the addon still needs them beside it.
add_dependencies(inferno ${INFERNO_BACKENDS} inferno-probe inferno-onnxruntime)
