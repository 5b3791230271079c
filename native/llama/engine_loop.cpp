// The engine thread's half of Engine: everything here runs on that thread alone.
#include <algorithm>
#include <exception>

#include "native/core/available_cores.h"
#include "native/core/clock.h"
#include "native/core/utf8.h"
#include "native/llama/backend.h"
#include "native/llama/engine.h"
#include "native/llama/logprobs_json.h"
#include "native/llama/tokenizer.h"

namespace inferno::llama {
namespace {

constexpr int64_t kMachineCheckIntervalUs = 2'000'000;
// A step longer than this never lets earlier events wait for a merged wake.
constexpr int32_t kQuickStepTokens = 64;

}  // namespace

void Engine::run() {
    while (take_mail()) {
        reap_cancelled();
        admit();
        plan_batch(slot_view_, {batch_size_, prefill_slice_.tokens(), can_bridge_}, plan_);
        if (plan_.empty() || !outbox_.has_room()) {
            outbox_.publish(true);
            outbox_.flush();
            if (!step_embedding()) wait_for_mail();
            continue;
        }
        decode();
        step_embedding();
    }
    end_everything();
}

// Returns false when the engine is to stop.
bool Engine::take_mail() {
    const std::lock_guard lock(mail_mutex_);
    mail_signal_ = false;
    for (GenerationPtr & generation : mail_generations_) waiting_.push_back(std::move(generation));
    mail_generations_.clear();
    for (EmbeddingJob & job : mail_embeddings_) embeddings_.push_back(std::move(job));
    mail_embeddings_.clear();
    return !stopping_;
}

void Engine::wait_for_mail() {
    std::unique_lock lock(mail_mutex_);
    mail_wakeup_.wait(
        lock, [this] { return stopping_ || mail_signal_ || !mail_generations_.empty() || !mail_embeddings_.empty(); });
}

void Engine::reap_cancelled() {
    for (RunningGeneration * generation : slot_view_) {
        if (generation != nullptr && generation->cancelled()) finish_slot(*generation, StopReason::Cancelled);
    }
    for (GenerationPtr & generation : waiting_) {
        if (!generation->failure.is_ok()) {
            Status failure = generation->failure;
            finish(std::move(generation), StopReason::Error, std::move(failure));
        } else if (generation->cancelled()) {
            finish(std::move(generation), StopReason::Cancelled);
        }
    }
    std::erase(waiting_, nullptr);
}

// The lowest free slot first, because contiguous slots share one physical batch.
void Engine::admit() {
    for (size_t slot = 0; slot < slots_.size() && !waiting_.empty(); ++slot) {
        if (slots_[slot]) continue;
        slots_[slot] = std::move(waiting_.front());
        waiting_.pop_front();
        slots_[slot]->slot = static_cast<int32_t>(slot);
        slots_[slot]->started_us = now_us();
        slot_view_[slot] = slots_[slot].get();
        sequences_busy_.fetch_add(1, std::memory_order_relaxed);
        queued_.fetch_sub(1, std::memory_order_relaxed);
    }
}

// Computes at most one embedding input, so that streams never wait for a whole list. True if there was work.
bool Engine::step_embedding() {
    if (embeddings_.empty()) return false;
    if (embedder_.step(embeddings_.front(), thread_budget_.choose(batch_size_))) embeddings_.pop_front();
    return true;
}

void Engine::decode() {
    refresh_machine();
    if (plan_.tokens.size() > kQuickStepTokens || plan_.prefill_tokens > 0) outbox_.flush();
    const auto token_count = static_cast<int>(plan_.tokens.size());
    const int threads = thread_budget_.choose(token_count);
    if (threads != threads_.load(std::memory_order_relaxed)) {
        llama_set_n_threads(context_.get(), threads, threads);
        threads_.store(threads, std::memory_order_relaxed);
    }
    const int64_t start_us = now_us();
    run_decode_call();
    const int64_t step_us = now_us() - start_us;
    if (decode_status_ != 0) {
        fail_batch(decode_status_);
        return;
    }
    thread_budget_.record(token_count, step_us);
    if (plan_.prefill_tokens > 0 && plan_.decode_tokens > 0) prefill_slice_.record(plan_.prefill_tokens, step_us);
    decode_steps_.fetch_add(1, std::memory_order_relaxed);
    tokens_prefilled_.fetch_add(static_cast<uint64_t>(plan_.prefill_tokens), std::memory_order_relaxed);
    for (const llama_seq_id slot : plan_.bridges) llama_memory_seq_rm(llama_get_memory(context_.get()), slot, -1, -1);
    urgent_ = false;
    for (const PlannedShare & share : plan_.shares) publish_share(share);
    outbox_.publish(urgent_);
}

void Engine::run_decode_call() {
    const llama_batch batch = batch_.assign(plan_.tokens);
    cancels_seen_ = cancels_.load(std::memory_order_relaxed);
    take_last_log_error();
    try {
        decode_status_ = llama_decode(context_.get(), batch);
        llama_synchronize(context_.get());
    } catch (const std::exception &) {
        decode_status_ = -3;
    }
}

// Called by ggml between graph nodes on the engine thread: true stops the step. Only when every generation in it is
// cancelled, because a step cannot be half undone.
bool Engine::abort_requested(void * data) {
    auto & engine = *static_cast<Engine *>(data);
    if (engine.stopping_hint_.load(std::memory_order_relaxed)) return true;
    const uint64_t cancels = engine.cancels_.load(std::memory_order_acquire);
    if (cancels == engine.cancels_seen_) return false;
    const auto & shares = engine.plan_.shares;
    if (std::all_of(shares.begin(), shares.end(),
                    [](const PlannedShare & share) { return share.generation->cancelled(); })) {
        return !shares.empty();
    }
    engine.cancels_seen_ = cancels;
    return false;
}

// 1: no KV cell, 2: aborted, negative: failed. llama.cpp may have decoded part of the batch, so its sequences end.
void Engine::fail_batch(int32_t status) {
    const std::string reason = take_last_log_error();
    for (const llama_seq_id slot : plan_.bridges) llama_memory_seq_rm(llama_get_memory(context_.get()), slot, -1, -1);
    const bool stopping = stopping_hint_.load(std::memory_order_relaxed);
    for (const PlannedShare & share : plan_.shares) {
        if (share.generation->cancelled() || stopping) {
            finish_slot(*share.generation, StopReason::Cancelled);
            continue;
        }
        finish_slot(*share.generation, StopReason::Error,
                    {ErrorCode::DecodeFailed, "llama.cpp failed to decode (status " + std::to_string(status) + ")" +
                                                  (reason.empty() ? std::string(".") : ": " + reason)});
    }
    outbox_.publish(true);
}

void Engine::publish_share(const PlannedShare & share) {
    RunningGeneration & generation = *share.generation;
    generation.tokens_cached += share.token_count;
    if (share.logits_index < 0) return;
    float * raw = llama_get_logits_ith(context_.get(), share.logits_index);
    if (raw == nullptr) {
        finish_slot(generation, StopReason::Error,
                    {ErrorCode::DecodeFailed, "llama.cpp gave no logits for a sequence."});
        return;
    }
    const std::span<float> logits(raw, static_cast<size_t>(model_->description().vocabulary_size));
    Result<llama_token> token = generation.sampler->sample(logits, candidates_);
    if (!token) {
        finish_slot(generation, StopReason::Error, token.status());
        return;
    }
    accept_token(generation, token.value(), logits);
}

void Engine::accept_token(RunningGeneration & generation, llama_token token, std::span<const float> logits) {
    if (!generation.decoding) {
        generation.decoding = true;
        generation.first_token_us = now_us();
        urgent_ = true;
    }
    if (llama_vocab_is_eog(model_->vocab(), token)) {
        finish_slot(generation, StopReason::Stop);
        return;
    }
    generation.next_token = token;
    ++generation.completion_tokens;
    ++generation.pending_tokens;
    tokens_decoded_.fetch_add(1, std::memory_order_relaxed);
    if (generation.logprobs >= 0) {
        const auto logprobs = token_logprobs(logits, token, static_cast<size_t>(generation.logprobs));
        generation.pending_logprobs += generation.pending_logprobs.empty() ? '[' : ',';
        append_logprobs_json(model_->vocab(), logprobs, generation.pending_logprobs);
    }
    piece_.clear();
    append_token_piece(model_->vocab(), token, false, piece_);
    text_.clear();
    const bool stopped = generation.text.push(piece_, text_);
    if (!text_.empty()) emit_text(generation, text_);
    if (stopped) {
        finish_slot(generation, StopReason::Stop);
    } else if (generation.completion_tokens == generation.max_tokens || generation.tokens_cached >= context_size_) {
        finish_slot(generation, StopReason::Length);
    }
}

void Engine::emit_text(RunningGeneration & generation, std::string & text) {
    if (!generation.pending_logprobs.empty()) generation.pending_logprobs += ']';
    if (generation.escape_json) {
        piece_.clear();
        append_json_escaped(text, piece_);
        outbox_.add_text(generation.control->id, piece_, generation.pending_tokens, generation.pending_logprobs);
    } else {
        outbox_.add_text(generation.control->id, text, generation.pending_tokens, generation.pending_logprobs);
    }
    generation.pending_tokens = 0;
    generation.pending_logprobs.clear();
}

void Engine::finish_slot(RunningGeneration & generation, StopReason reason, Status error) {
    const auto slot = static_cast<size_t>(generation.slot);
    llama_memory_seq_rm(llama_get_memory(context_.get()), generation.slot, -1, -1);
    slot_view_[slot] = nullptr;
    sequences_busy_.fetch_sub(1, std::memory_order_relaxed);
    finish(std::move(slots_[slot]), reason, std::move(error));
}

void Engine::finish(GenerationPtr generation, StopReason reason, Status error) {
    const int64_t ended_us = now_us();
    const bool started = generation->slot >= 0;
    if (!started) queued_.fetch_sub(1, std::memory_order_relaxed);
    GenerationEnd end;
    end.reason = reason;
    end.error = std::move(error);
    end.stop_string = generation->text.matched_stop();
    if (reason == StopReason::Stop || reason == StopReason::Length) {
        text_.clear();
        generation->text.finish(text_);
        if (!text_.empty() || generation->pending_tokens > 0) emit_text(*generation, text_);
    }
    end.prompt_tokens = static_cast<int32_t>(generation->prompt.size());
    end.completion_tokens = generation->completion_tokens;
    end.queue_us = (started ? generation->started_us : ended_us) - generation->submitted_us;
    if (started) {
        const int64_t prefilled_us = generation->first_token_us > 0 ? generation->first_token_us : ended_us;
        end.prefill_us = prefilled_us - generation->started_us;
        end.decode_us = ended_us - prefilled_us;
    }
    outbox_.add_end(generation->control->id, end);
    urgent_ = true;
    requests_finished_.fetch_add(1, std::memory_order_relaxed);
    const std::lock_guard lock(controls_mutex_);
    controls_.erase(generation->control->id);
}

void Engine::end_everything() {
    for (RunningGeneration * generation : slot_view_) {
        if (generation != nullptr) finish_slot(*generation, StopReason::Cancelled);
    }
    for (GenerationPtr & generation : waiting_) finish(std::move(generation), StopReason::Cancelled);
    waiting_.clear();
    for (EmbeddingJob & job : embeddings_) job.done(Status(ErrorCode::ModelUnloaded, "The model was unloaded."));
    embeddings_.clear();
    outbox_.publish(true);
    outbox_.flush();
}

void Engine::refresh_machine() {
    const int64_t now = now_us();
    if (now - machine_checked_us_ < kMachineCheckIntervalUs) return;
    machine_checked_us_ = now;
    thread_budget_.set_max_threads(available_cores());
}

}  // namespace inferno::llama
