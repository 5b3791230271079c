#include "native/llama/batch_plan.h"

#include <algorithm>

namespace inferno::llama {
namespace {

// Longest run of empty slots worth bridging: each costs one token's compute, a split costs a pass over all weights.
constexpr size_t kMaxBridge = 3;

bool runnable(const RunningGeneration * generation) {
    return generation != nullptr && !generation->paused() && !generation->cancelled();
}

// Prompt tokens granted to each slot.
std::vector<int32_t> share_prefill(std::span<RunningGeneration * const> slots, int32_t budget) {
    std::vector<int32_t> granted(slots.size(), 0);
    std::vector<size_t> prefilling;
    for (size_t i = 0; i < slots.size(); ++i) {
        if (runnable(slots[i]) && !slots[i]->decoding) prefilling.push_back(i);
    }
    std::sort(prefilling.begin(), prefilling.end(),
              [&](size_t a, size_t b) { return slots[a]->submitted_us < slots[b]->submitted_us; });
    for (const size_t i : prefilling) {
        granted[i] = std::min(budget, slots[i]->prompt_left());
        budget -= granted[i];
    }
    return granted;
}

void add_decode_token(RunningGeneration & generation, BatchPlan & plan) {
    plan.shares.push_back({&generation, 1, static_cast<int32_t>(plan.tokens.size())});
    plan.tokens.push_back({generation.next_token, generation.tokens_cached, generation.slot, true});
    ++plan.decode_tokens;
}

void add_prompt_tokens(RunningGeneration & generation, int32_t count, BatchPlan & plan) {
    const bool completes = count == generation.prompt_left();
    for (int32_t i = 0; i < count; ++i) {
        const int32_t position = generation.tokens_cached + i;
        plan.tokens.push_back(
            {generation.prompt[static_cast<size_t>(position)], position, generation.slot, completes && i == count - 1});
    }
    plan.shares.push_back({&generation, count, completes ? static_cast<int32_t>(plan.tokens.size()) - 1 : -1});
    plan.prefill_tokens += count;
}

}  // namespace

void BatchPlan::clear() {
    tokens.clear();
    shares.clear();
    bridges.clear();
    prefill_tokens = 0;
    decode_tokens = 0;
}

void plan_batch(std::span<RunningGeneration * const> slots, const BatchLimits & limits, BatchPlan & plan) {
    plan.clear();
    const auto decoding = static_cast<int32_t>(std::count_if(
        slots.begin(), slots.end(), [](const RunningGeneration * g) { return runnable(g) && g->decoding; }));
    int32_t budget = limits.batch_size - decoding;
    if (decoding > 0) budget = std::min(budget, limits.prefill_beside_decode);
    const std::vector<int32_t> granted = share_prefill(slots, budget);

    size_t gap_start = slots.size();  // first empty slot after the last used one; slots.size(): none
    for (size_t i = 0; i < slots.size(); ++i) {
        const bool decodes = runnable(slots[i]) && slots[i]->decoding;
        if (!decodes && granted[i] == 0) {
            if (gap_start == slots.size() && !plan.tokens.empty()) gap_start = i;
            continue;
        }
        const size_t gap = gap_start == slots.size() ? 0 : i - gap_start;
        const bool gap_is_empty =
            std::all_of(slots.begin() + static_cast<ptrdiff_t>(i - gap), slots.begin() + static_cast<ptrdiff_t>(i),
                        [](const RunningGeneration * g) { return g == nullptr; });
        if (gap > 0 && gap <= kMaxBridge && gap_is_empty && limits.can_bridge &&
            plan.tokens.size() + gap < static_cast<size_t>(limits.batch_size)) {
            for (size_t bridge = gap_start; bridge < i; ++bridge) {
                plan.bridges.push_back(static_cast<llama_seq_id>(bridge));
                plan.tokens.push_back({0, 0, static_cast<llama_seq_id>(bridge), false});
            }
        }
        gap_start = slots.size();
        if (decodes) {
            add_decode_token(*slots[i], plan);
        } else {
            add_prompt_tokens(*slots[i], granted[i], plan);
        }
    }
    // Bridges may have pushed the batch over its size; they go first, since they are only an optimisation.
    if (plan.tokens.size() <= static_cast<size_t>(limits.batch_size)) return;
    BatchLimits without_bridges = limits;
    without_bridges.can_bridge = false;
    plan_batch(slots, without_bridges, plan);
}

}  // namespace inferno::llama
