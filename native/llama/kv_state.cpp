#include "native/llama/kv_state.h"

#include <exception>

namespace inferno::llama {

KvStatePtr save_sequence(llama_context * context, llama_seq_id slot) {
    try {
        auto state = std::make_shared<KvState>();
        state->bytes.resize(llama_state_seq_get_size(context, slot));
        if (state->bytes.empty()) return nullptr;
        const size_t written = llama_state_seq_get_data(context, state->bytes.data(), state->bytes.size(), slot);
        if (written == 0) return nullptr;
        state->bytes.resize(written);
        return state;
    } catch (const std::exception &) {
        // Not enough memory: the state is a convenience.
        return nullptr;
    }
}

bool restore_sequence(llama_context * context, llama_seq_id slot, const KvState & state) {
    llama_memory_t memory = llama_get_memory(context);
    llama_memory_seq_rm(memory, slot, -1, -1);
    try {
        if (llama_state_seq_set_data(context, state.bytes.data(), state.bytes.size(), slot) > 0) return true;
    } catch (const std::exception &) {
        // As below.
    }
    llama_memory_seq_rm(memory, slot, -1, -1);
    return false;
}

bool cut_sequence(llama_context * context, llama_seq_id slot, int32_t length) {
    llama_memory_t memory = llama_get_memory(context);
    if (llama_memory_seq_rm(memory, slot, length, -1)) return true;
    llama_memory_seq_rm(memory, slot, -1, -1);
    return false;
}

}  // namespace inferno::llama
