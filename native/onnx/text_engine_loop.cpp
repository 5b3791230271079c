// The thread of TextEngine: who runs, what runs together, what comes of it.
#include <algorithm>
#include <utility>

#include "native/core/available_cores.h"
#include "native/core/clock.h"
#include "native/core/compute_account.h"
#include "native/onnx/text_engine.h"

namespace inferno::onnx {
namespace {

using llama::RunningGeneration;
using llama::StopReason;

constexpr int64_t kMachineCheckIntervalUs = 2'000'000;
// KV caches of parked generations that are kept; others are computed again.
constexpr uint64_t kMaxParkedBytes = 256ull << 20;

}  // namespace

void TextEngine::run() {
    while (desk_.take_mail()) {
        end_cancelled();
        desk_.end_expired();
        admit();
        refresh_machine();
        if (desk_.has_event_room() && step()) continue;
        desk_.publish(true);
        desk_.flush();
        desk_.wait();
    }
    end_everything();
}

// Waiting ones end through the mailbox; here those that run.
void TextEngine::end_cancelled() {
    for (const GenerationPtr & generation : slots_) {
        if (generation && generation->cancelled()) finish_slot(*generation, StopReason::Cancelled);
    }
}

void TextEngine::end_everything() {
    for (const GenerationPtr & generation : slots_) {
        if (generation) finish_slot(*generation, StopReason::Cancelled);
    }
    desk_.end_waiting();
    desk_.publish(true);
    desk_.flush();
}

void TextEngine::admit() {
    do {
        while (GenerationPtr generation = desk_.next()) start(std::move(generation));
    } while (preempt());
}

void TextEngine::start(GenerationPtr owned) {
    RunningGeneration & generation = *owned;
    const auto free = std::find(slots_.begin(), slots_.end(), nullptr);
    generation.slot = static_cast<int32_t>(free - slots_.begin());
    *free = std::move(owned);
    decoder_->clear(generation.slot);
    generation.tokens_cached = 0;
    if (const auto parked = std::exchange(generation.parked, nullptr)) {
        if (decoder_->restore(generation.slot, parked->bytes)) {
            generation.tokens_cached = decoder_->length(generation.slot);
        }
    }
}

// Parks the lowest running generation if a vip waits for its place.
bool TextEngine::preempt() {
    const std::optional<llama::GenerationId> victim = desk_.preemption();
    if (!victim) return false;
    const auto at = std::find_if(slots_.begin(), slots_.end(), [&](const GenerationPtr & generation) {
        return generation && generation->control->id == *victim;
    });
    RunningGeneration & generation = **at;
    if (generation.tokens_cached > 0 && desk_.parked_bytes() < kMaxParkedBytes) {
        generation.parked = std::make_shared<const llama::KvState>(llama::KvState{decoder_->save(generation.slot)});
    }
    decoder_->clear(generation.slot);
    generation.slot = -1;
    desk_.park(std::move(*at));
    return true;
}

// One turn. False when nothing can run.
bool TextEngine::step() {
    order_prompts();
    decoding_.clear();
    for (const GenerationPtr & generation : slots_) {
        if (!generation || !generation->runnable() || !generation->decodes()) continue;
        decoding_.push_back({generation->slot, generation->tokens_cached, 1});
    }
    if (decoding_.empty() && prompts_.empty()) return false;
    const int64_t begun_us = now_us();
    const uint64_t decoded_before = desk_.tokens_decoded();
    const bool decodes = !decoding_.empty();
    prefilled_ = 0;
    prefill(decodes ? prefill_slice_.tokens(static_cast<int32_t>(prompts_.size())) : batch_size_);
    decode();
    const int64_t step_us = now_us() - begun_us;
    if (prefilled_ > 0 && decodes) prefill_slice_.record(prefilled_, step_us);
    if (prefilled_ == 0) prefill_slice_.record_decode(step_us);
    desk_.record_step(prefilled_, static_cast<int32_t>(desk_.tokens_decoded() - decoded_before), step_us,
                      spare_sequences_);
    tokens_prefilled_.fetch_add(static_cast<uint64_t>(prefilled_), std::memory_order_relaxed);
    cache_bytes_.store(decoder_->cache_bytes(), std::memory_order_relaxed);
    cache_bytes_moved_.store(decoder_->bytes_moved(), std::memory_order_relaxed);
    return true;
}

void TextEngine::order_prompts() {
    claims_.clear();
    for (size_t i = 0; i < slots_.size(); ++i) {
        const RunningGeneration * generation = slots_[i].get();
        if (generation == nullptr || !generation->runnable() || generation->decodes()) continue;
        claims_.push_back({i, generation->scheduling.tier, generation->scheduling.user, generation->times.submitted_us,
                           generation->tokens_cached});
    }
    prefill_turns_.order(claims_, options_.policy == queue::Policy::Priority);
    prompts_.clear();
    for (const queue::PrefillClaim & claim : claims_) {
        const RunningGeneration & generation = *slots_[claim.index];
        prompts_.push_back({generation.slot, generation.tokens_cached, generation.tokens_left()});
    }
}

void TextEngine::prefill(int32_t budget) {
    const auto can_batch = [this](int32_t a, int32_t b, int32_t count) { return decoder_->batches(a, b, count); };
    const RunGroup group = plan_prefill(prompts_, budget, traits_.chunks, can_batch);
    if (group.slots.empty()) return;
    // What was said meanwhile must not wait for a long run.
    desk_.flush();
    if (run_group(group)) prefilled_ = group.tokens();
}

void TextEngine::decode() {
    const auto can_batch = [this](int32_t a, int32_t b, int32_t count) { return decoder_->batches(a, b, count); };
    for (const RunGroup & group : plan_decode(decoding_, can_batch)) run_group(group);
}

// False when the run failed; its generations are then over.
bool TextEngine::run_group(const RunGroup & group) {
    Generations generations;
    for (const int32_t slot : group.slots) generations.push_back(slots_[static_cast<size_t>(slot)].get());
    if (Status status = run_decoder(generations, group.count); !status) {
        fail_group(generations, std::move(status));
        return false;
    }
    decode_steps_.fetch_add(1, std::memory_order_relaxed);
    for (size_t row = 0; row < generations.size(); ++row) publish_row(*generations[row], row, group.count);
    desk_.publish(false);
    return true;
}

Status TextEngine::run_decoder(const Generations & generations, int32_t count) {
    RunControl control;
    std::vector<Decoder::Row> rows;
    {
        const std::lock_guard lock(run_mutex_);
        run_controls_.clear();
        for (const RunningGeneration * generation : generations) {
            const std::span<const int32_t> tokens(generation->tokens);
            rows.push_back({generation->slot, tokens.subspan(static_cast<size_t>(generation->tokens_cached),
                                                             static_cast<size_t>(count))});
            run_controls_.push_back(generation->control);
        }
        // Who cancels from here on sees the run.
        run_control_ = &control;
        if (is_run_unwanted()) control.terminate();
    }
    Status status;
    {
        const ComputeAccount::Lease lease = ComputeAccount::get().begin_run();
        status = decoder_->run(rows, control.options());
    }
    const std::lock_guard lock(run_mutex_);
    run_control_ = nullptr;
    run_controls_.clear();
    return status;
}

void TextEngine::publish_row(RunningGeneration & generation, size_t row, int32_t count) {
    const bool prefilled = !generation.decodes();
    generation.tokens_cached += count;
    if (prefilled) {
        prefill_turns_.charge(generation.scheduling.tier, count);
        desk_.serve(generation, count, 0);
    }
    if (generation.tokens_left() > 0) return;
    const std::span<float> logits = decoder_->logits(row);
    const Result<llama_token> token = generation.sampler->sample(logits, candidates_);
    if (!token) {
        finish_slot(generation, StopReason::Error, token.status());
        return;
    }
    const std::optional<StopReason> reason = desk_.take_token(generation, token.value(), logits);
    if (reason) finish_slot(generation, *reason);
}

void TextEngine::fail_group(const Generations & generations, Status error) {
    const bool is_stopped = error.code() == ErrorCode::Cancelled;
    for (RunningGeneration * generation : generations) {
        if (is_stopped || generation->cancelled()) {
            finish_slot(*generation, StopReason::Cancelled);
        } else {
            finish_slot(*generation, StopReason::Error,
                        {ErrorCode::DecodeFailed, "ONNX Runtime failed to decode: " + error.message()});
        }
    }
    desk_.publish(true);
}

void TextEngine::finish_slot(RunningGeneration & generation, StopReason reason, Status error) {
    const int32_t slot = generation.slot;
    decoder_->clear(slot);
    desk_.finish(std::move(slots_[static_cast<size_t>(slot)]), reason, std::move(error));
}

void TextEngine::refresh_machine() {
    const int64_t now = now_us();
    if (now - machine_checked_us_ < kMachineCheckIntervalUs) return;
    machine_checked_us_ = now;
    desk_.refresh_memory();
    const uint64_t sequence_bytes = graph_.token_bytes() * static_cast<uint64_t>(context_size_);
    const uint64_t free_bytes = available_memory_bytes();
    spare_sequences_ = free_bytes == 0 || sequence_bytes == 0
                           ? parallel_
                           : static_cast<int32_t>(std::min<uint64_t>(free_bytes / sequence_bytes, kMaxParallel));
}

}  // namespace inferno::onnx
