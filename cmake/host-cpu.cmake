# A developer's build compiles one CPU variant, for this host. Asks the compiler what -march=native means here and turns
# on the matching GGML_* features by name.
set(INFERNO_HOST_CPU_FLAGS "")
if(MSVC OR NOT CMAKE_SYSTEM_PROCESSOR MATCHES "^(x86_64|AMD64|amd64)$")
  return()
endif()
execute_process(
  COMMAND ${CMAKE_C_COMPILER} -march=native -dM -E -x c /dev/null
  OUTPUT_VARIABLE host_macros ERROR_QUIET RESULT_VARIABLE host_result)
if(NOT host_result EQUAL 0)
  message(WARNING "The compiler does not know -march=native; building for the baseline of llama.cpp.")
  return()
endif()
# Without AVX512-FP16: ggml's half-precision loops then take 128 values a step, so that attention heads of 64 fall into
# their scalar remainder (llama-bench of a 160M model at 512 tokens of context: 31 tokens/s with it, see
# docs/performance.md), and they accumulate in half precision.
set(INFERNO_HOST_CPU_FLAGS -march=native)
if(host_macros MATCHES "#define __AVX512FP16__ 1")
  list(APPEND INFERNO_HOST_CPU_FLAGS -mno-avx512fp16)
endif()

function(inferno_set_feature feature macro)
  if(host_macros MATCHES "#define ${macro} 1")
    set(GGML_${feature} ON CACHE BOOL "" FORCE)
  else()
    set(GGML_${feature} OFF CACHE BOOL "" FORCE)
  endif()
endfunction()
inferno_set_feature(SSE42 __SSE4_2__)
inferno_set_feature(AVX __AVX__)
inferno_set_feature(AVX2 __AVX2__)
inferno_set_feature(FMA __FMA__)
inferno_set_feature(F16C __F16C__)
inferno_set_feature(BMI2 __BMI2__)
inferno_set_feature(AVX_VNNI __AVXVNNI__)
inferno_set_feature(AVX512 __AVX512VL__)
inferno_set_feature(AVX512_VBMI __AVX512VBMI__)
inferno_set_feature(AVX512_VNNI __AVX512VNNI__)
inferno_set_feature(AVX512_BF16 __AVX512BF16__)
inferno_set_feature(AMX_TILE __AMX_TILE__)
inferno_set_feature(AMX_INT8 __AMX_INT8__)
inferno_set_feature(AMX_BF16 __AMX_BF16__)
