// The engine thread's half of Engine, second part: the loop, planning and decoding.
#include <algorithm>
#include <exception>
#include <utility>

#include "native/core/available_cores.h"
#include "native/core/clock.h"
#include "native/core/compute_account.h"
#include "native/llama/backend.h"
#include "native/llama/engine.h"

namespace inferno::llama {
namespace {

constexpr int64_t kMachineCheckIntervalUs = 2'000'000;
// A step longer than this never lets earlier events wait for a merged wake.
constexpr int32_t kQuickStepTokens = 64;
constexpr int32_t kShortPromptTokens = 64;

}  // namespace

void Engine::run() {
    while (desk_.take_mail()) {
        take_encoder_jobs();
        if (context_) {
            run_turn();
            continue;
        }
        // What was submitted ended when it was taken in.
        desk_.publish(true);
        desk_.flush();
        if (!step_encoder(batch_size_)) desk_.wait();
    }
    end_everything();
}

void Engine::run_turn() {
    end_cancelled();
    desk_.end_expired();
    admit();
    attach_prefixes();
    plan();
    if (plan_.empty() || !desk_.has_event_room()) {
        desk_.publish(true);
        desk_.flush();
        if (!step_encoder(encoder_.capacity().batch_tokens)) desk_.wait();
        return;
    }
    decode();
    step_encoder(encoder_slice_.tokens(1));
}

void Engine::take_encoder_jobs() {
    std::vector<EncoderJob> jobs;
    {
        const std::lock_guard lock(encoder_mutex_);
        jobs.swap(encoder_mail_);
    }
    for (EncoderJob & job : jobs) encoder_.add(std::move(job), now_us());
}

// One decode, so that streams never wait for a whole list. True if there was work.
bool Engine::step_encoder(int32_t max_tokens) {
    if (!encoder_.has_work()) return false;
    refresh_machine();
    const ComputeAccount::Lease lease = ComputeAccount::get().begin_step();
    const int threads = within_share(thread_budget_.choose(max_tokens));
    const int64_t start_us = now_us();
    const int32_t tokens = encoder_.step(max_tokens, threads);
    if (tokens > 0) encoder_slice_.record(tokens, now_us() - start_us);
    return true;
}

void Engine::plan() {
    prefill_claims_.clear();
    for (size_t i = 0; i < slot_view_.size(); ++i) {
        const RunningGeneration * generation = slot_view_[i];
        if (generation == nullptr || !generation->runnable() || generation->decodes()) continue;
        // Who computes a prefix for a better one works at that one's tier.
        queue::Tier tier = generation->scheduling.tier;
        for (const RunningGeneration * other : slot_view_) {
            const bool waits = other != nullptr && other->awaits_prefix && other->donor == generation->slot;
            if (waits) tier = std::min(tier, other->scheduling.tier);
        }
        prefill_claims_.push_back({i, tier, generation->scheduling.user, generation->times.submitted_us,
                                   generation->tokens_cached - generation->reused_tokens});
    }
    prefill_turns_.order(prefill_claims_, options_.policy == queue::Policy::Priority);
    prefill_order_.clear();
    for (const queue::PrefillClaim & claim : prefill_claims_) prefill_order_.push_back(claim.index);
    step_start_us_ = now_us();
    if (speculation_) speculation_->draft(slot_view_, draft_room_, context_size_);
    BatchLimits limits{batch_size_, prefill_slice_.tokens(static_cast<int32_t>(prefill_claims_.size())), can_cut_,
                       context_size_};
    limits.prefill_only = is_vip_step();
    if (limits.prefill_only) prefill_order_.resize(1);
    plan_batch(slot_view_, prefill_order_, prefixes_->resident_lengths(), limits, plan_);
}

// A short prompt of a vip gets a step of its own, so that its first token does not wait for a decode of the others.
// That costs them nothing in all: llama.cpp computes pieces of different lengths one after the other anyway. Never
// twice in a row, so that a stream of vips does not stop them.
bool Engine::is_vip_step() {
    const bool is_free = !std::exchange(was_vip_step_, false) && options_.policy == queue::Policy::Priority;
    if (!is_free || prefill_claims_.empty() || prefill_claims_.front().tier != queue::Tier::Vip) return false;
    was_vip_step_ = slot_view_[prefill_claims_.front().index]->tokens_left() <= kShortPromptTokens;
    return was_vip_step_;
}

// What others that compute now leave to a step of this engine. A number of threads that the user chose stays.
int Engine::within_share(int threads) const {
    return options_.threads > 0 ? threads
                                : std::min(threads, ComputeAccount::get().share(thread_budget_.max_threads()));
}

void Engine::decode() {
    refresh_machine();
    if (plan_.tokens.size() > kQuickStepTokens || plan_.prefill_tokens > 0) desk_.flush();
    const auto token_count = static_cast<int>(plan_.tokens.size());
    const ComputeAccount::Lease lease = ComputeAccount::get().begin_step();
    const int chosen_threads = thread_budget_.choose(token_count);
    const int threads = within_share(chosen_threads);
    if (threads != threads_.load(std::memory_order_relaxed)) {
        llama_set_n_threads(context_.get(), threads, threads);
        if (draft_model_) draft_model_->set_threads(threads);
        threads_.store(threads, std::memory_order_relaxed);
    }
    const int64_t start_us = now_us();
    run_decode_call();
    const int64_t step_us = now_us() - start_us;
    if (decode_status_ != 0) {
        fail_batch(decode_status_);
        return;
    }
    // A step that had to leave cores to others says nothing about what is best alone.
    if (threads == chosen_threads) thread_budget_.record(token_count, step_us);
    if (plan_.prefill_tokens > 0 && plan_.decode_tokens > 0) prefill_slice_.record(plan_.prefill_tokens, step_us);
    if (plan_.prefill_tokens == 0 && plan_.draft_tokens == 0) prefill_slice_.record_decode(step_us);
    decode_steps_.fetch_add(1, std::memory_order_relaxed);
    tokens_prefilled_.fetch_add(static_cast<uint64_t>(plan_.prefill_tokens), std::memory_order_relaxed);
    remove_bridges();
    const uint64_t decoded_before = desk_.tokens_decoded();
    for (const PlannedShare & share : plan_.shares) publish_share(share);
    desk_.publish(false);
    record_step(desk_.tokens_decoded() - decoded_before);
}

void Engine::remove_bridges() {
    for (const llama_seq_id slot : plan_.bridges) {
        llama_memory_seq_rm(llama_get_memory(context_.get()), slot,
                            prefixes_->resident_lengths()[static_cast<size_t>(slot)], -1);
    }
}

// Drafting and publishing are part of what a step costs.
void Engine::record_step(uint64_t decoded_tokens) {
    const int64_t step_us = now_us() - step_start_us_;
    if (speculation_ && plan_.prefill_tokens == 0) {
        int32_t deepest = 0;
        for (const PlannedShare & share : plan_.shares) deepest = std::max(deepest, share.draft_tokens);
        speculation_->record_step(plan_.decode_tokens, deepest, step_us);
    }
    desk_.record_step(plan_.prefill_tokens, static_cast<int32_t>(decoded_tokens), step_us, spare_sequences_);
}

void Engine::run_decode_call() {
    const llama_batch batch = batch_.assign(plan_.tokens);
    cancels_seen_ = desk_.cancel_count();
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
    if (engine.desk_.is_closing()) return true;
    const uint64_t cancels = engine.desk_.cancel_count();
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
    remove_bridges();
    const bool stopping = desk_.is_closing();
    for (const PlannedShare & share : plan_.shares) {
        const int32_t slot = share.generation->slot;
        if (share.generation->cancelled() || stopping) {
            finish_slot(*share.generation, StopReason::Cancelled);
        } else {
            finish_slot(*share.generation, StopReason::Error,
                        {ErrorCode::DecodeFailed, "llama.cpp failed to decode (status " + std::to_string(status) + ")" +
                                                      (reason.empty() ? std::string(".") : ": " + reason)});
        }
        prefixes_->clear(slot);
    }
    desk_.publish(true);
}

void Engine::end_everything() {
    for (RunningGeneration * generation : slot_view_) {
        if (generation != nullptr) finish_slot(*generation, StopReason::Cancelled);
    }
    desk_.end_waiting();
    take_encoder_jobs();
    encoder_.end_all({ErrorCode::ModelUnloaded, "The model was unloaded."});
    desk_.publish(true);
    desk_.flush();
}

void Engine::refresh_machine() {
    const int64_t now = now_us();
    if (now - machine_checked_us_ < kMachineCheckIntervalUs) return;
    machine_checked_us_ = now;
    const int cores = available_cores();
    thread_budget_.set_max_threads(cores);
    ComputeAccount::get().set_cores(cores);
    desk_.refresh_memory();
    const uint64_t sequence_bytes = model_->kv_bytes_per_token() * static_cast<uint64_t>(context_size_);
    const uint64_t free_bytes = available_memory_bytes();
    spare_sequences_ = free_bytes == 0 || sequence_bytes == 0
                           ? parallel_
                           : static_cast<int32_t>(std::min<uint64_t>(free_bytes / sequence_bytes, kMaxParallel));
}

}  // namespace inferno::llama
