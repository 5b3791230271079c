// The engine thread's half of Engine, first part: who starts, who is parked, who is over.
#include <algorithm>

#include "native/core/clock.h"
#include "native/llama/engine.h"

namespace inferno::llama {
namespace {

// KV caches of parked generations that are kept at least, whatever the prefix cache may use.
constexpr uint64_t kMinParkedBytes = 256ull << 20;

}  // namespace

// Waiting ones end through the mailbox; here those that run.
void Engine::end_cancelled() {
    for (RunningGeneration * generation : slot_view_) {
        if (generation != nullptr && generation->cancelled()) finish_slot(*generation, StopReason::Cancelled);
    }
}

void Engine::admit() {
    do {
        while (GenerationPtr generation = desk_.next()) start(std::move(generation));
    } while (preempt());
}

void Engine::start(GenerationPtr owned) {
    RunningGeneration & generation = *owned;
    generation.slot = prefixes_->choose_slot(slot_view_, generation);
    const auto slot = static_cast<size_t>(generation.slot);
    // Not running until attach_prefixes() has looked for what is cached of it.
    generation.awaits_prefix = true;
    slots_[slot] = std::move(owned);
    slot_view_[slot] = slots_[slot].get();
}

// Parks the lowest running generation if a vip waits for its place.
bool Engine::preempt() {
    const std::optional<GenerationId> victim = desk_.preemption();
    if (!victim) return false;
    const auto at = std::find_if(slot_view_.begin(), slot_view_.end(), [&](const RunningGeneration * generation) {
        return generation != nullptr && generation->control->id == *victim;
    });
    const auto slot = static_cast<size_t>(at - slot_view_.begin());
    RunningGeneration & generation = **at;
    const uint64_t limit = std::max(options_.cache.memory_bytes, kMinParkedBytes);
    if (!generation.awaits_prefix && generation.tokens_cached > 0 && desk_.parked_bytes() < limit) {
        generation.parked = save_sequence(context_.get(), generation.slot);
    }
    if (generation.parked) {
        prefixes_->clear(generation.slot);
    } else if (!generation.awaits_prefix) {
        // Its cells stay while nobody needs the slot; what is lost is computed again.
        prefixes_->retire(generation);
        generation.tokens_cached = 0;
    }
    generation.slot = -1;
    generation.awaits_prefix = false;
    generation.fetching = kNoPrefix;
    generation.draft.clear();
    slot_view_[slot] = nullptr;
    desk_.park(std::move(slots_[slot]));
    return true;
}

// Gives those that wait for a prefix what there is by now.
void Engine::attach_prefixes() {
    const int64_t now = now_us();
    prefixes_->poll(now);
    for (RunningGeneration * generation : slot_view_) {
        if (generation == nullptr || !generation->awaits_prefix || generation->cancelled()) continue;
        const bool is_first_time = generation->completion_tokens == 0 && generation->preemptions == 0;
        prefixes_->attach(slot_view_, *generation, now);
        if (generation->awaits_prefix || !is_first_time || generation->reused_tokens == 0) continue;
        tokens_cached_.fetch_add(static_cast<uint64_t>(generation->reused_tokens), std::memory_order_relaxed);
        desk_.spare(*generation, generation->reused_tokens);
    }
    const std::lock_guard lock(cache_stats_mutex_);
    sharing_stats_ = prefixes_->stats();
    store_stats_ = prefixes_->store_stats();
}

}  // namespace inferno::llama
