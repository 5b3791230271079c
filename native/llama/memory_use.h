// What a context and its model take, as llama.cpp's backends report it. Thread safety: free functions.
#pragma once

#include <cstdint>

#include "llama.h"

namespace inferno::llama {

// Weights, KV cache and compute buffers on all devices. Mapped weights count in full.
uint64_t context_memory_bytes(const llama_context * context);

// The same without the weights.
uint64_t context_own_bytes(const llama_context * context);

}  // namespace inferno::llama
