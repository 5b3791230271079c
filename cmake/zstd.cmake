# zstd, static: compressed checkpoints and KV states. Node exports zstd of its own, so ours is hidden.
set(ZSTD_DIR ${CMAKE_SOURCE_DIR}/native/vendor/zstd/lib)
file(GLOB ZSTD_SOURCES ${ZSTD_DIR}/common/*.c ${ZSTD_DIR}/compress/*.c ${ZSTD_DIR}/decompress/*.c)
add_library(inferno_zstd STATIC ${ZSTD_SOURCES})
target_include_directories(inferno_zstd SYSTEM PUBLIC ${ZSTD_DIR})
# No tracing hooks: they are weak references that another zstd in the process could define. The portable decoder in place
# of the assembler one, which only exists for x86-64.
target_compile_definitions(inferno_zstd PRIVATE ZSTD_DISABLE_ASM=1 ZSTD_TRACE=0 ZSTDLIB_VISIBLE= ZSTDERRORLIB_VISIBLE= XXH_NAMESPACE=ZSTD_)
set_target_properties(inferno_zstd PROPERTIES C_VISIBILITY_PRESET hidden)
if(NOT MSVC)
  target_compile_options(inferno_zstd PRIVATE -w)
endif()
