// Copies of a sequence's KV cache in host memory: taken from one slot, put into any other. Engine thread only.
//
// A state is llama.cpp's own serialization of one sequence (llama_state_seq_*), which holds only the cells in use.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <vector>

#include "llama.h"

namespace inferno::llama {

// Never changed once made, so that it can be shared.
struct KvState {
    std::vector<uint8_t> bytes;
};
using KvStatePtr = std::shared_ptr<const KvState>;

// Null when the sequence is empty or cannot be saved.
KvStatePtr save_sequence(llama_context * context, llama_seq_id slot);
// Replaces what the slot holds. False leaves it empty.
bool restore_sequence(llama_context * context, llama_seq_id slot, const KvState & state);
// Keeps the first `length` tokens. False when the model cannot do that; the slot is then empty.
bool cut_sequence(llama_context * context, llama_seq_id slot, int32_t length);

}  // namespace inferno::llama
