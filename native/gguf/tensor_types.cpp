#include "native/gguf/tensor_types.h"

#include <array>

namespace inferno::gguf {
namespace {

// Indexed by the number in the file: enum ggml_type in ggml.h, sizes from type_traits in ggml.c.
constexpr std::array<TensorType, 43> kTensorTypes{{
    {"F32", 1, 4, true},         {"F16", 1, 2, true},         {"Q4_0", 32, 18, true},      {"Q4_1", 32, 20, true},
    {"Q4_2", 0, 0, false},       {"Q4_3", 0, 0, false},       {"Q5_0", 32, 22, true},      {"Q5_1", 32, 24, true},
    {"Q8_0", 32, 34, true},      {"Q8_1", 32, 36, false},     {"Q2_K", 256, 84, true},     {"Q3_K", 256, 110, true},
    {"Q4_K", 256, 144, true},    {"Q5_K", 256, 176, true},    {"Q6_K", 256, 210, true},    {"Q8_K", 256, 292, false},
    {"IQ2_XXS", 256, 66, true},  {"IQ2_XS", 256, 74, true},   {"IQ3_XXS", 256, 98, true},  {"IQ1_S", 256, 50, true},
    {"IQ4_NL", 32, 18, true},    {"IQ3_S", 256, 110, true},   {"IQ2_S", 256, 82, true},    {"IQ4_XS", 256, 136, true},
    {"I8", 1, 1, false},         {"I16", 1, 2, false},        {"I32", 1, 4, false},        {"I64", 1, 8, false},
    {"F64", 1, 8, false},        {"IQ1_M", 256, 56, true},    {"BF16", 1, 2, true},        {"Q4_0_4_4", 0, 0, false},
    {"Q4_0_4_8", 0, 0, false},   {"Q4_0_8_8", 0, 0, false},   {"TQ1_0", 256, 54, true},    {"TQ2_0", 256, 66, true},
    {"IQ4_NL_4_4", 0, 0, false}, {"IQ4_NL_4_8", 0, 0, false}, {"IQ4_NL_8_8", 0, 0, false}, {"MXFP4", 32, 17, true},
    {"NVFP4", 64, 36, true},     {"Q1_0", 128, 18, true},     {"Q2_0", 64, 18, true},
}};

}  // namespace

const TensorType * find_tensor_type(uint32_t type) {
    return type < kTensorTypes.size() ? &kTensorTypes[type] : nullptr;
}

}  // namespace inferno::gguf
