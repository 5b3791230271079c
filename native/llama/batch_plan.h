// Which tokens of which sequences go into the next decode call. Pure: decides from the generations alone, so it is
// tested without a model.
#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "native/llama/running_generation.h"

namespace inferno::llama {

struct PlannedToken {
    llama_token token;
    llama_pos position;
    llama_seq_id slot;
    bool wants_logits;
};

// A generation's share of the plan.
struct PlannedShare {
    RunningGeneration * generation;
    int32_t token_count;
    int32_t logits_index;  // index into BatchPlan::tokens of the first token with logits; -1: none yet
    int32_t draft_tokens;  // drafted tokens at the end of the share; each has logits too
};

struct BatchPlan {
    std::vector<PlannedToken> tokens;  // in slot order, which llama.cpp needs to keep them in one physical batch
    std::vector<PlannedShare> shares;
    std::vector<llama_seq_id> bridges;  // empty slots that got a token only to keep the slots contiguous
    int32_t prefill_tokens = 0;
    int32_t decode_tokens = 0;  // without drafts
    int32_t draft_tokens = 0;

    void clear();
    bool empty() const { return shares.empty(); }
};

struct BatchLimits {
    int32_t batch_size;             // tokens of one decode call
    int32_t prefill_beside_decode;  // prompt tokens that may join when other sequences decode
    bool can_bridge;                // KV caches whose last cell can be removed again
    int32_t context_size;           // tokens of one slot
    bool prefill_only = false;      // decoding generations sit this step out
};

// An empty slot's cached tokens, which a bridge must not disturb: it is put behind them and taken away again.
using ResidentLengths = std::span<const int32_t>;

// `slots[i]` is the generation in slot i or null. Every runnable decoding generation gets its token and its draft;
// prompts share what is left, in the order of `prefill_order` (slot numbers; all that prefill). `plan` is cleared first
// and keeps its memory.
void plan_batch(std::span<RunningGeneration * const> slots, std::span<const size_t> prefill_order,
                ResidentLengths residents, const BatchLimits & limits, BatchPlan & plan);

}  // namespace inferno::llama
