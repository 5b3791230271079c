// ggml's tensor types as they lie in files. Constant data.
#pragma once

#include <cstdint>
#include <string_view>

namespace inferno::gguf {

struct TensorType {
    std::string_view name;
    // Elements and bytes of a block; 0 for numbers that are not in use (any more).
    uint32_t block_size;
    uint32_t block_bytes;
    // Whether llama.cpp can multiply by weights of this type; the others appear only inside computations.
    bool is_weight;
};

// Null for numbers beyond the ones that this version of llama.cpp knows.
const TensorType * find_tensor_type(uint32_t type);

constexpr uint32_t kTensorTypeF32 = 0;

}  // namespace inferno::gguf
