#include "native/llama/decode_batch.h"

namespace inferno::llama {

llama_batch DecodeBatch::assign(std::span<const PlannedToken> planned) {
    const size_t count = planned.size();
    tokens_.resize(count);
    positions_.resize(count);
    sequence_counts_.assign(count, 1);
    slots_.resize(count);
    slot_pointers_.resize(count);
    wants_logits_.resize(count);
    for (size_t i = 0; i < count; ++i) {
        tokens_[i] = planned[i].token;
        positions_[i] = planned[i].position;
        slots_[i] = planned[i].slot;
        slot_pointers_[i] = &slots_[i];
        wants_logits_[i] = planned[i].wants_logits ? 1 : 0;
    }
    llama_batch batch{};
    batch.n_tokens = static_cast<int32_t>(count);
    batch.token = tokens_.data();
    batch.pos = positions_.data();
    batch.n_seq_id = sequence_counts_.data();
    batch.seq_id = slot_pointers_.data();
    batch.logits = wants_logits_.data();
    return batch;
}

}  // namespace inferno::llama
