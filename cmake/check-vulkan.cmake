# llama.cpp builds two of its shaders without asking whether glslc knows GL_KHR_cooperative_matrix, and a build without them
# breaks after many minutes. So an old glslc (Debian 12: 2023.2) is told at once. Those two may come from another glslc.
find_package(Vulkan COMPONENTS glslc REQUIRED)
# VK_EXT_layer_settings, which ggml-vulkan.cpp uses.
if(Vulkan_VERSION VERSION_LESS 1.3.272)
  message(FATAL_ERROR "The Vulkan headers are of version ${Vulkan_VERSION}; llama.cpp needs 1.3.272 or newer (Debian 13, "
    "Ubuntu 24.04, LunarG's SDK). -DVulkan_INCLUDE_DIR=FOLDER names others; see docs/install.md.")
endif()
set(asking_shader ${LLAMA_DIR}/ggml/src/ggml-vulkan/vulkan-shaders/flash_attn_decode_phase_1.comp)
execute_process(
  COMMAND ${Vulkan_GLSLC_EXECUTABLE} -fshader-stage=compute --target-env=vulkan1.2 ${asking_shader} -o ${CMAKE_BINARY_DIR}/glslc-check.spv
  RESULT_VARIABLE glslc_result OUTPUT_QUIET ERROR_VARIABLE glslc_error)
if(NOT glslc_result EQUAL 0)
  message(FATAL_ERROR "${Vulkan_GLSLC_EXECUTABLE} is too old for llama.cpp's shaders: it lacks GL_KHR_cooperative_matrix. "
    "Use shaderc 2023.8 or newer (Debian 13, Ubuntu 24.04, LunarG's SDK) by -DVulkan_GLSLC_EXECUTABLE=FILE; see docs/install.md.\n${glslc_error}")
endif()
