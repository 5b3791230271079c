// The engine thread's half of Engine, first part: who enters, who starts, who is parked, who is over before it ran.
#include <algorithm>

#include "native/core/clock.h"
#include "native/llama/engine.h"

namespace inferno::llama {
namespace {

// KV caches of parked generations that are kept at least, whatever the prefix cache may use.
constexpr uint64_t kMinParkedBytes = 256ull << 20;

std::string seconds(int64_t us) { return std::to_string((us + 500'000) / 1'000'000) + " s"; }

Status deadline_exceeded(const RunningGeneration & generation, int64_t now) {
    return {ErrorCode::DeadlineExceeded, "The request waited " + seconds(now - generation.times.submitted_us) +
                                             " and could not start before its deadline of " +
                                             std::to_string(generation.scheduling.deadline_us / 1000) + " ms."};
}

Status dependency_failed() {
    return {ErrorCode::DependencyFailed, "A request that this one depends on did not end well."};
}

}  // namespace

// Returns false when the engine is to stop.
bool Engine::take_mail() {
    std::vector<GenerationPtr> generations;
    std::vector<GenerationId> cancels;
    bool stopping = false;
    {
        const std::lock_guard lock(mail_mutex_);
        mail_signal_ = false;
        generations.swap(mail_generations_);
        cancels.swap(mail_cancels_);
        for (EmbeddingJob & job : mail_embeddings_) embeddings_.push_back(std::move(job));
        mail_embeddings_.clear();
        stopping = stopping_;
    }
    for (GenerationPtr & generation : generations) take_in(std::move(generation));
    for (const GenerationId id : cancels) finish_waiting(id, StopReason::Cancelled);
    return !stopping;
}

void Engine::take_in(GenerationPtr generation) {
    const GenerationId id = generation->control->id;
    if (!generation->failure.is_ok()) {
        Status failure = generation->failure;
        finish(std::move(generation), StopReason::Error, std::move(failure));
        return;
    }
    if (generation->cancelled()) {
        finish(std::move(generation), StopReason::Cancelled);
        return;
    }
    const SchedulingRequest & wish = generation->scheduling;
    queue::Submission submission;
    submission.key = static_cast<queue::RequestKey>(id);
    submission.tier = wish.tier;
    submission.user = wish.user;
    submission.submitted_us = generation->times.submitted_us;
    submission.deadline_us = wish.deadline_us > 0 ? generation->times.submitted_us + wish.deadline_us : 0;
    submission.prompt_tokens = generation->prompt_tokens;
    submission.max_tokens = generation->max_tokens;
    submission.expected_tokens = wish.estimated_tokens;
    for (const GenerationId dependency : wish.dependencies) {
        submission.dependencies.push_back(static_cast<queue::RequestKey>(dependency));
    }
    queue::Admission admission;
    {
        const std::lock_guard lock(scheduler_mutex_);
        admission = scheduler_->submit(submission, now_us());
    }
    if (admission == queue::Admission::DependencyFailed) {
        finish(std::move(generation), StopReason::Error, dependency_failed());
        return;
    }
    waiting_.emplace(id, std::move(generation));
}

// Waiting ones end through the mailbox; here those that run.
void Engine::end_cancelled() {
    for (RunningGeneration * generation : slot_view_) {
        if (generation != nullptr && generation->cancelled()) finish_slot(*generation, StopReason::Cancelled);
    }
}

void Engine::end_expired() {
    const int64_t now = now_us();
    std::vector<queue::RequestKey> expired;
    {
        const std::lock_guard lock(scheduler_mutex_);
        if (scheduler_->next_event_us() > now) return;
        expired = scheduler_->expire(now);
    }
    for (const queue::RequestKey key : expired) {
        const auto found = waiting_.find(static_cast<GenerationId>(key));
        if (found == waiting_.end()) continue;
        const RunningGeneration & generation = *found->second;
        const int64_t deadline = generation.scheduling.deadline_us;
        const bool is_late = deadline > 0 && now >= generation.times.submitted_us + deadline;
        finish_waiting(found->first, StopReason::Error,
                       is_late ? deadline_exceeded(generation, now) : dependency_failed());
    }
}

void Engine::finish_waiting(GenerationId id, StopReason reason, Status error) {
    const auto found = waiting_.find(id);
    if (found == waiting_.end()) return;
    GenerationPtr generation = std::move(found->second);
    waiting_.erase(found);
    finish(std::move(generation), reason, std::move(error));
}

void Engine::admit() {
    do {
        while (true) {
            std::optional<queue::Dispatch> dispatch;
            {
                const std::lock_guard lock(scheduler_mutex_);
                dispatch = scheduler_->next(now_us());
            }
            if (!dispatch) break;
            start(*dispatch);
        }
    } while (preempt());
}

void Engine::start(const queue::Dispatch & dispatch) {
    const auto found = waiting_.find(static_cast<GenerationId>(dispatch.key));
    GenerationPtr owned = std::move(found->second);
    waiting_.erase(found);
    RunningGeneration & generation = *owned;
    generation.slot = prefixes_->choose_slot(slot_view_, generation);
    const auto slot = static_cast<size_t>(generation.slot);
    generation.times.start(now_us());
    if (generation.parked) parked_bytes_ -= generation.parked->bytes.size();
    // Not running until attach_prefixes() has looked for what is cached of it.
    generation.awaits_prefix = true;
    slots_[slot] = std::move(owned);
    slot_view_[slot] = slots_[slot].get();
    sequences_busy_.fetch_add(1, std::memory_order_relaxed);
}

// Parks the lowest running generation if a vip waits for its place.
bool Engine::preempt() {
    std::optional<queue::RequestKey> victim;
    {
        const std::lock_guard lock(scheduler_mutex_);
        victim = scheduler_->preemption(now_us());
    }
    if (!victim) return false;
    const auto at = std::find_if(slot_view_.begin(), slot_view_.end(), [&](const RunningGeneration * generation) {
        return generation != nullptr && generation->control->id == static_cast<GenerationId>(*victim);
    });
    const auto slot = static_cast<size_t>(at - slot_view_.begin());
    RunningGeneration & generation = **at;
    const uint64_t limit = std::max(options_.cache.memory_bytes, kMinParkedBytes);
    if (!generation.awaits_prefix && generation.tokens_cached > 0 && parked_bytes_ < limit) {
        generation.parked = save_sequence(context_.get(), generation.slot);
    }
    if (generation.parked) {
        parked_bytes_ += generation.parked->bytes.size();
        prefixes_->clear(generation.slot);
    } else if (!generation.awaits_prefix) {
        // Its cells stay while nobody needs the slot; what is lost is computed again.
        prefixes_->retire(generation);
        generation.tokens_cached = 0;
    }
    ++generation.preemptions;
    generation.times.park(now_us());
    generation.slot = -1;
    generation.awaits_prefix = false;
    generation.fetching = kNoPrefix;
    generation.draft.clear();
    waiting_.emplace(generation.control->id, std::move(slots_[slot]));
    slot_view_[slot] = nullptr;
    sequences_busy_.fetch_sub(1, std::memory_order_relaxed);
    const std::lock_guard lock(scheduler_mutex_);
    scheduler_->park(*victim, now_us());
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
        const std::lock_guard lock(scheduler_mutex_);
        scheduler_->spare(static_cast<queue::RequestKey>(generation->control->id), generation->reused_tokens);
    }
    const std::lock_guard lock(scheduler_mutex_);
    sharing_stats_ = prefixes_->stats();
    store_stats_ = prefixes_->store_stats();
}

}  // namespace inferno::llama
