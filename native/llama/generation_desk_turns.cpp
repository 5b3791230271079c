// The engine thread's half of GenerationDesk: who enters, whose turn it is, what a token becomes, who is over.
#include <algorithm>

#include "native/core/clock.h"
#include "native/core/utf8.h"
#include "native/llama/generation_desk.h"
#include "native/llama/logprobs_json.h"
#include "native/llama/tokenizer.h"

namespace inferno::llama {
namespace {

std::string seconds(int64_t us) { return std::to_string((us + 500'000) / 1'000'000) + " s"; }

Status deadline_exceeded(const RunningGeneration & generation, int64_t now) {
    return {ErrorCode::DeadlineExceeded, "The request waited " + seconds(now - generation.times.submitted_us) +
                                             " and could not start before its deadline of " +
                                             std::to_string(generation.scheduling.deadline_us / 1000) + " ms."};
}

Status dependency_failed() {
    return {ErrorCode::DependencyFailed, "A request that this one depends on did not end well."};
}

queue::RequestKey key_of(const RunningGeneration & generation) {
    return static_cast<queue::RequestKey>(generation.control->id);
}

queue::Outcome outcome_of(StopReason reason) {
    if (reason == StopReason::Cancelled) return queue::Outcome::Cancelled;
    return reason == StopReason::Error ? queue::Outcome::Failed : queue::Outcome::Completed;
}

queue::Submission submission_of(const RunningGeneration & generation) {
    const SchedulingRequest & wish = generation.scheduling;
    queue::Submission submission;
    submission.key = key_of(generation);
    submission.tier = wish.tier;
    submission.user = wish.user;
    submission.submitted_us = generation.times.submitted_us;
    submission.deadline_us = wish.deadline_us > 0 ? generation.times.submitted_us + wish.deadline_us : 0;
    submission.prompt_tokens = generation.prompt_tokens;
    submission.max_tokens = generation.max_tokens;
    submission.expected_tokens = wish.estimated_tokens;
    for (const GenerationId dependency : wish.dependencies) {
        submission.dependencies.push_back(static_cast<queue::RequestKey>(dependency));
    }
    return submission;
}

GenerationEnd end_of(RunningGeneration & generation, StopReason reason, Status error, int64_t ended_us) {
    GenerationEnd end;
    end.reason = reason;
    end.error = std::move(error);
    end.stop_string = generation.text.matched_stop();
    end.prompt_tokens = generation.prompt_tokens;
    end.cached_tokens = generation.reused_tokens;
    end.drafted_tokens = generation.drafted_tokens;
    end.accepted_tokens = generation.accepted_tokens;
    end.preemptions = generation.preemptions;
    end.completion_tokens = generation.completion_tokens;
    end.times = generation.times.phases(ended_us);
    end.submitted_us = generation.times.submitted_us;
    end.first_token_us = generation.times.first_token_us;
    end.ended_us = ended_us;
    return end;
}

}  // namespace

void GenerationDesk::take_in(GenerationPtr generation) {
    if (!generation->failure.is_ok()) {
        Status failure = generation->failure;
        finish(std::move(generation), StopReason::Error, std::move(failure));
        return;
    }
    if (generation->cancelled()) {
        finish(std::move(generation), StopReason::Cancelled);
        return;
    }
    queue::Admission admission;
    {
        const std::lock_guard lock(scheduler_mutex_);
        admission = scheduler_->submit(submission_of(*generation), now_us());
    }
    if (admission == queue::Admission::DependencyFailed) {
        finish(std::move(generation), StopReason::Error, dependency_failed());
        return;
    }
    const GenerationId id = generation->control->id;
    waiting_.emplace(id, std::move(generation));
}

void GenerationDesk::end_expired() {
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

void GenerationDesk::end_waiting() {
    while (!waiting_.empty()) finish_waiting(waiting_.begin()->first, StopReason::Cancelled);
}

void GenerationDesk::finish_waiting(GenerationId id, StopReason reason, Status error) {
    const auto found = waiting_.find(id);
    if (found == waiting_.end()) return;
    GenerationPtr generation = std::move(found->second);
    waiting_.erase(found);
    finish(std::move(generation), reason, std::move(error));
}

GenerationDesk::GenerationPtr GenerationDesk::next() {
    const int64_t now = now_us();
    std::optional<queue::Dispatch> dispatch;
    {
        const std::lock_guard lock(scheduler_mutex_);
        dispatch = scheduler_->next(now);
    }
    if (!dispatch) return nullptr;
    const auto found = waiting_.find(static_cast<GenerationId>(dispatch->key));
    GenerationPtr generation = std::move(found->second);
    waiting_.erase(found);
    generation->times.start(now);
    running_.fetch_add(1, std::memory_order_relaxed);
    return generation;
}

std::optional<GenerationId> GenerationDesk::preemption() {
    const std::lock_guard lock(scheduler_mutex_);
    const auto victim = scheduler_->preemption(now_us());
    if (!victim) return std::nullopt;
    return static_cast<GenerationId>(*victim);
}

void GenerationDesk::park(GenerationPtr generation) {
    const int64_t now = now_us();
    ++generation->preemptions;
    generation->times.park(now);
    running_.fetch_sub(1, std::memory_order_relaxed);
    {
        const std::lock_guard lock(scheduler_mutex_);
        scheduler_->park(key_of(*generation), now);
    }
    const GenerationId id = generation->control->id;
    waiting_.emplace(id, std::move(generation));
}

uint64_t GenerationDesk::parked_bytes() const {
    uint64_t bytes = 0;
    for (const auto & [id, generation] : waiting_) {
        if (generation->parked) bytes += generation->parked->bytes.size();
    }
    return bytes;
}

void GenerationDesk::serve(const RunningGeneration & generation, int32_t prefill_tokens, int32_t decode_tokens) {
    const std::lock_guard lock(scheduler_mutex_);
    scheduler_->serve(key_of(generation), prefill_tokens, decode_tokens);
}

void GenerationDesk::spare(const RunningGeneration & generation, int32_t cached_tokens) {
    const std::lock_guard lock(scheduler_mutex_);
    scheduler_->spare(key_of(generation), cached_tokens);
}

void GenerationDesk::record_step(int32_t prefill_tokens, int32_t decode_tokens, int64_t step_us,
                                 int32_t spare_sequences) {
    const std::lock_guard lock(scheduler_mutex_);
    scheduler_->record_step(prefill_tokens, decode_tokens, step_us);
    scheduler_->update_workers(spare_sequences, now_us());
}

void GenerationDesk::refresh_memory() {
    if (recorder_) recorder_->refresh_memory();
}

std::optional<StopReason> GenerationDesk::take_token(RunningGeneration & generation, llama_token token,
                                                     std::span<const float> logits) {
    if (generation.completion_tokens == 0) urgent_ = true;
    serve(generation, 0, 1);
    const int64_t taken_us = now_us();
    const int64_t gap_us = generation.times.take_token(taken_us);
    if (recorder_) recorder_->token(generation.scheduling.tier, gap_us, taken_us);
    if (llama_vocab_is_eog(model_->vocab(), token)) return StopReason::Stop;
    generation.tokens.push_back(token);
    ++generation.completion_tokens;
    ++generation.pending_tokens;
    tokens_decoded_.fetch_add(1, std::memory_order_relaxed);
    if (generation.logprobs >= 0) {
        const auto logprobs = token_logprobs(logits, token, static_cast<size_t>(generation.logprobs));
        generation.pending_logprobs += generation.pending_logprobs.empty() ? '[' : ',';
        append_logprobs_json(model_->vocab(), logprobs, generation.pending_logprobs);
    }
    const int64_t begun_ticks = recorder_ ? profile::now_ticks() : 0;
    piece_.clear();
    append_token_piece(model_->vocab(), token, generation.shows(token), piece_);
    text_.clear();
    const bool stopped = generation.text.push(piece_, text_);
    if (!text_.empty()) emit_text(generation, text_);
    if (recorder_) generation.times.detokenize_ns += recorder_->interval_ns(begun_ticks, profile::now_ticks());
    if (stopped) return StopReason::Stop;
    const bool is_full = generation.tokens_cached >= context_size_;
    if (generation.completion_tokens == generation.max_tokens || is_full) return StopReason::Length;
    return std::nullopt;
}

void GenerationDesk::emit_text(RunningGeneration & generation, std::string & text) {
    if (!generation.pending_logprobs.empty()) generation.pending_logprobs += ']';
    if (generation.syntax) {
        parsing_.add_text(generation.control->id, generation.syntax, generation.escape_json, text,
                          generation.pending_tokens, generation.pending_logprobs);
    } else if (generation.escape_json) {
        piece_.clear();
        append_json_escaped(text, piece_);
        outbox_.add_text(generation.control->id, piece_, generation.pending_tokens, generation.pending_logprobs);
    } else {
        outbox_.add_text(generation.control->id, text, generation.pending_tokens, generation.pending_logprobs);
    }
    generation.pending_tokens = 0;
    generation.pending_logprobs.clear();
}

void GenerationDesk::finish(GenerationPtr generation, StopReason reason, Status error) {
    const int64_t ended_us = now_us();
    GenerationEnd end = end_of(*generation, reason, std::move(error), ended_us);
    if (reason == StopReason::Stop || reason == StopReason::Length) {
        text_.clear();
        generation->text.finish(text_);
        if (!text_.empty() || generation->pending_tokens > 0) emit_text(*generation, text_);
    }
    const GenerationId id = generation->control->id;
    if (generation->slot >= 0) running_.fetch_sub(1, std::memory_order_relaxed);
    if (recorder_) recorder_->ended(id, generation->scheduling.tier, end, generation->times.longest_gap_us);
    if (generation->syntax) {
        parsing_.add_end(id, std::move(end));
    } else {
        outbox_.add_end(id, end);
    }
    urgent_ = true;
    requests_finished_.fetch_add(1, std::memory_order_relaxed);
    {
        const std::lock_guard lock(controls_mutex_);
        controls_.erase(id);
    }
    std::vector<queue::RequestKey> dependents;
    {
        const std::lock_guard lock(scheduler_mutex_);
        dependents = scheduler_->finish(key_of(*generation), outcome_of(reason), ended_us);
    }
    for (const queue::RequestKey dependent : dependents) {
        finish_waiting(static_cast<GenerationId>(dependent), StopReason::Error, dependency_failed());
    }
}

// Parsed answers go another way; see answer_parsing.h.
void GenerationDesk::publish(bool urgent) {
    outbox_.publish(urgent || urgent_);
    parsing_.publish();
    urgent_ = false;
}

}  // namespace inferno::llama
