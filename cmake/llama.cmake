# llama.cpp as shared libraries with run-time loaded backends, plus the parts of its `common` that we use.
# `common` is compiled from listed sources instead of its own target: that leaves out argument parsing, downloads and
# subprocesses (and with them cpp-httplib), and lets it be a static library inside the addon with hidden symbols.
set(LLAMA_DIR ${CMAKE_SOURCE_DIR}/native/vendor/llama.cpp)
if(NOT EXISTS ${LLAMA_DIR}/CMakeLists.txt)
  message(FATAL_ERROR "llama.cpp is missing. Run `npm run vendor` first.")
endif()

set(BUILD_SHARED_LIBS ON)
foreach(part COMMON TESTS TOOLS EXAMPLES SERVER APP UI)
  set(LLAMA_BUILD_${part} OFF CACHE BOOL "" FORCE)
endforeach()
set(LLAMA_USE_PREBUILT_UI OFF CACHE BOOL "" FORCE)
set(LLAMA_OPENSSL OFF CACHE BOOL "" FORCE)
set(GGML_BACKEND_DL ON CACHE BOOL "" FORCE)
set(GGML_CCACHE OFF CACHE BOOL "" FORCE)
set(GGML_CUDA ${INFERNO_CUDA} CACHE BOOL "" FORCE)
set(GGML_VULKAN ${INFERNO_VULKAN} CACHE BOOL "" FORCE)
set(GGML_HIP ${INFERNO_HIP} CACHE BOOL "" FORCE)
set(GGML_CPU_ALL_VARIANTS ${INFERNO_ALL_CPU_VARIANTS} CACHE BOOL "" FORCE)
# GGML_NATIVE and GGML_BACKEND_DL exclude each other upstream, because the run-time feature check of a backend library
# needs its features by name. cmake/host-cpu.cmake names them for this host; -march=native is added below for tuning.
set(GGML_NATIVE OFF CACHE BOOL "" FORCE)
if(NOT INFERNO_ALL_CPU_VARIANTS)
  include(cmake/host-cpu.cmake)
endif()
if(INFERNO_SANITIZE)
  # Sanitizers do not see libgomp's synchronisation; ggml's own threadpool is checked instead.
  set(GGML_OPENMP OFF CACHE BOOL "" FORCE)
endif()
if(INFERNO_VULKAN)
  include(cmake/check-vulkan.cmake)
endif()
add_subdirectory(${LLAMA_DIR} ${CMAKE_BINARY_DIR}/llama.cpp EXCLUDE_FROM_ALL)
# llama.cpp chooses its own output folder and versioned names with symlinks. Here the libraries lie beside the addon, under
# plain names, so that the folder can be packed and copied.
get_property(ggml_targets DIRECTORY ${LLAMA_DIR}/ggml/src PROPERTY BUILDSYSTEM_TARGETS)
set(INFERNO_BACKENDS ${ggml_targets})
list(FILTER INFERNO_BACKENDS INCLUDE REGEX "^ggml-cpu(-[a-z0-9_.]+)?$")
list(FILTER INFERNO_BACKENDS EXCLUDE REGEX "-feats$")
# These are made in folders of their own, which that property does not tell.
foreach(backend cuda vulkan metal hip)
  if(TARGET ggml-${backend})
    list(APPEND INFERNO_BACKENDS ggml-${backend})
  endif()
endforeach()
foreach(library llama ggml ggml-base ${INFERNO_BACKENDS})
  if(TARGET ${library})
    set_target_properties(${library} PROPERTIES
      LIBRARY_OUTPUT_DIRECTORY ${INFERNO_OUTPUT_DIRECTORY} RUNTIME_OUTPUT_DIRECTORY ${INFERNO_OUTPUT_DIRECTORY})
    set_property(TARGET ${library} PROPERTY VERSION)
    set_property(TARGET ${library} PROPERTY SOVERSION)
  endif()
endforeach()

if(TARGET ggml-cpu AND INFERNO_HOST_CPU_FLAGS)
  target_compile_options(ggml-cpu PRIVATE ${INFERNO_HOST_CPU_FLAGS})
endif()

set(COMMON_DIR ${LLAMA_DIR}/common)
set(LLAMA_CHAT_PARSERS_SOURCES)
file(STRINGS ${COMMON_DIR}/parsers/sources.cmake parser_lines REGEX "\\.cpp$")
foreach(line ${parser_lines})
  string(REGEX REPLACE ".*/([a-z0-9.-]+\\.cpp)$" "\\1" name "${line}")
  list(APPEND LLAMA_CHAT_PARSERS_SOURCES ${COMMON_DIR}/parsers/${name})
endforeach()

set(INFERNO_COMMON_SOURCES
  chat.cpp chat-auto-parser-generator.cpp chat-auto-parser-helpers.cpp chat-diff-analyzer.cpp chat-peg-parser.cpp
  common.cpp fit.cpp json.cpp json-schema.cpp json-schema-to-grammar.cpp log.cpp ngram-cache.cpp ngram-map.cpp ngram-mod.cpp
  peg-parser.cpp reasoning-budget.cpp sampling.cpp speculative.cpp trie.cpp unicode.cpp
  jinja/caps.cpp jinja/lexer.cpp jinja/parser.cpp jinja/runtime.cpp jinja/string.cpp jinja/value.cpp
)
list(TRANSFORM INFERNO_COMMON_SOURCES PREPEND ${COMMON_DIR}/)
# What upstream's build derives from git; common refers to it, nothing of ours shows it.
set(LLAMA_BUILD_NUMBER 0)
set(LLAMA_BUILD_COMMIT "vendored")
set(BUILD_COMPILER "${CMAKE_CXX_COMPILER_ID} ${CMAKE_CXX_COMPILER_VERSION}")
set(BUILD_TARGET "${CMAKE_SYSTEM_NAME} ${CMAKE_SYSTEM_PROCESSOR}")
configure_file(${COMMON_DIR}/build-info.cpp.in ${CMAKE_BINARY_DIR}/llama-build-info.cpp)
list(APPEND INFERNO_COMMON_SOURCES ${CMAKE_BINARY_DIR}/llama-build-info.cpp)
add_library(inferno_llama_common STATIC ${INFERNO_COMMON_SOURCES} ${LLAMA_CHAT_PARSERS_SOURCES})
target_include_directories(inferno_llama_common SYSTEM PUBLIC ${COMMON_DIR} ${LLAMA_DIR}/vendor ${LLAMA_DIR}/include ${LLAMA_DIR}/ggml/include)
target_link_libraries(inferno_llama_common PUBLIC llama)
# bounded_grammar.cpp uses what llama.cpp exports for its own tests, everywhere but on Windows.
set_target_properties(llama PROPERTIES WINDOWS_EXPORT_ALL_SYMBOLS ON)
set_target_properties(inferno_llama_common PROPERTIES CXX_VISIBILITY_PRESET hidden VISIBILITY_INLINES_HIDDEN ON)
find_package(Threads REQUIRED)
target_link_libraries(inferno_llama_common PUBLIC Threads::Threads)
if(NOT MSVC)
  target_compile_options(inferno_llama_common PRIVATE -w)
endif()
