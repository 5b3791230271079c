# ONNX Runtime: headers to compile with, and the library that native/onnx/runtime.cpp opens at the first use. It is copied
# beside the addon under its own name and never linked, so that nobody without ONNX models loads it. Where no library is
# vendored for the platform everything builds, and opening a model says so.
set(ONNXRUNTIME_DIR ${CMAKE_SOURCE_DIR}/native/vendor/onnxruntime)
set(ONNXRUNTIME_HEADERS ${CMAKE_SOURCE_DIR}/native/vendor/onnxruntime-headers)
if(NOT EXISTS ${ONNXRUNTIME_HEADERS}/onnxruntime_cxx_api.h)
  message(FATAL_ERROR "The headers of ONNX Runtime are missing. Run `npm run vendor` first.")
endif()

# Node's own binding lies in the same folder and is left out. DirectML and its shader compiler go with the Windows library.
file(GLOB ONNXRUNTIME_LIBRARIES
  ${ONNXRUNTIME_DIR}/libonnxruntime.so* ${ONNXRUNTIME_DIR}/libonnxruntime*.dylib ${ONNXRUNTIME_DIR}/*.dll)
set(INFERNO_ONNXRUNTIME_COPIES)
foreach(library ${ONNXRUNTIME_LIBRARIES})
  get_filename_component(name ${library} NAME)
  add_custom_command(OUTPUT ${INFERNO_OUTPUT_DIRECTORY}/${name}
    COMMAND ${CMAKE_COMMAND} -E copy_if_different ${library} ${INFERNO_OUTPUT_DIRECTORY}/${name}
    DEPENDS ${library})
  list(APPEND INFERNO_ONNXRUNTIME_COPIES ${INFERNO_OUTPUT_DIRECTORY}/${name})
endforeach()
add_custom_target(inferno-onnxruntime DEPENDS ${INFERNO_ONNXRUNTIME_COPIES})
