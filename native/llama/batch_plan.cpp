#include "native/llama/batch_plan.h"

#include <algorithm>

namespace inferno::llama {
namespace {

// Longest run of empty slots worth bridging: each costs one token's compute, a split costs a pass over all weights.
constexpr size_t kMaxBridge = 3;

bool runnable(const RunningGeneration * generation) { return generation != nullptr && generation->runnable(); }
bool decodes(const RunningGeneration * generation, const BatchLimits & limits) {
    return !limits.prefill_only && runnable(generation) && generation->decodes();
}

// Prompt tokens granted to each slot.
std::vector<int32_t> share_prefill(std::span<RunningGeneration * const> slots, std::span<const size_t> order,
                                   int32_t budget) {
    std::vector<int32_t> granted(slots.size(), 0);
    for (const size_t i : order) {
        granted[i] = std::min(budget, slots[i]->tokens_left());
        budget -= granted[i];
    }
    return granted;
}

void add_decode_tokens(RunningGeneration & generation, BatchPlan & plan) {
    const auto drafted = static_cast<int32_t>(generation.draft.size());
    plan.shares.push_back({&generation, 1 + drafted, static_cast<int32_t>(plan.tokens.size()), drafted});
    int32_t position = generation.tokens_cached;
    plan.tokens.push_back({generation.tokens.back(), position, generation.slot, true});
    for (const llama_token token : generation.draft) {
        plan.tokens.push_back({token, ++position, generation.slot, true});
    }
    ++plan.decode_tokens;
    plan.draft_tokens += drafted;
}

void add_prompt_tokens(RunningGeneration & generation, int32_t count, BatchPlan & plan) {
    const bool completes = count == generation.tokens_left();
    for (int32_t i = 0; i < count; ++i) {
        const int32_t position = generation.tokens_cached + i;
        plan.tokens.push_back(
            {generation.tokens[static_cast<size_t>(position)], position, generation.slot, completes && i == count - 1});
    }
    plan.shares.push_back({&generation, count, completes ? static_cast<int32_t>(plan.tokens.size()) - 1 : -1, 0});
    plan.prefill_tokens += count;
}

bool can_bridge_over(std::span<RunningGeneration * const> slots, ResidentLengths residents, size_t begin, size_t end,
                     const BatchLimits & limits) {
    for (size_t i = begin; i < end; ++i) {
        if (slots[i] != nullptr || residents[i] >= limits.context_size) return false;
    }
    return true;
}

}  // namespace

void BatchPlan::clear() {
    tokens.clear();
    shares.clear();
    bridges.clear();
    prefill_tokens = 0;
    decode_tokens = 0;
    draft_tokens = 0;
}

void plan_batch(std::span<RunningGeneration * const> slots, std::span<const size_t> prefill_order,
                ResidentLengths residents, const BatchLimits & limits, BatchPlan & plan) {
    plan.clear();
    int32_t decoding = 0;
    int32_t budget = limits.batch_size;
    for (const RunningGeneration * generation : slots) {
        if (!decodes(generation, limits)) continue;
        ++decoding;
        budget -= 1 + static_cast<int32_t>(generation->draft.size());
    }
    if (decoding > 0) budget = std::min(budget, limits.prefill_beside_decode);
    const std::vector<int32_t> granted = share_prefill(slots, prefill_order, std::max(0, budget));

    size_t gap_start = slots.size();  // first empty slot after the last used one; slots.size(): none
    for (size_t i = 0; i < slots.size(); ++i) {
        if (!decodes(slots[i], limits) && granted[i] == 0) {
            if (gap_start == slots.size() && !plan.tokens.empty()) gap_start = i;
            continue;
        }
        const size_t gap = gap_start == slots.size() ? 0 : i - gap_start;
        if (gap > 0 && gap <= kMaxBridge && limits.can_bridge &&
            can_bridge_over(slots, residents, i - gap, i, limits) &&
            plan.tokens.size() + gap < static_cast<size_t>(limits.batch_size)) {
            for (size_t bridge = gap_start; bridge < i; ++bridge) {
                plan.bridges.push_back(static_cast<llama_seq_id>(bridge));
                plan.tokens.push_back({0, residents[bridge], static_cast<llama_seq_id>(bridge), false});
            }
        }
        gap_start = slots.size();
        if (decodes(slots[i], limits)) {
            add_decode_tokens(*slots[i], plan);
        } else {
            add_prompt_tokens(*slots[i], granted[i], plan);
        }
    }
    // Bridges may have pushed the batch over its size; they go first, since they are only an optimisation.
    if (plan.tokens.size() <= static_cast<size_t>(limits.batch_size)) return;
    BatchLimits without_bridges = limits;
    without_bridges.can_bridge = false;
    plan_batch(slots, prefill_order, residents, without_bridges, plan);
}

}  // namespace inferno::llama
