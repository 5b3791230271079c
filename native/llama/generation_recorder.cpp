#include "native/llama/generation_recorder.h"

#include "native/profile/resident_memory.h"

namespace inferno::llama {
namespace {

profile::Outcome outcome_of(StopReason reason) {
    switch (reason) {
        case StopReason::Stop:
            return profile::Outcome::Stop;
        case StopReason::Length:
            return profile::Outcome::Length;
        case StopReason::Cancelled:
            return profile::Outcome::Cancelled;
        case StopReason::Error:
            return profile::Outcome::Error;
    }
    return profile::Outcome::Error;
}

}  // namespace

GenerationRecorder::GenerationRecorder(uint64_t device_bytes) : device_bytes_(device_bytes) { refresh_memory(); }

void GenerationRecorder::refresh_memory() { resident_bytes_ = profile::resident_memory_bytes(); }

void GenerationRecorder::ended(GenerationId id, queue::Tier tier, const GenerationEnd & end, int64_t longest_gap_us) {
    profile::GenerationProfile record;
    record.submitted_us = end.submitted_us;
    record.first_token_us = end.first_token_us;
    record.ended_us = end.ended_us;
    record.tokenize_us = end.times.tokenize_us;
    record.queue_us = end.times.queue_us;
    record.prefill_us = end.times.prefill_us;
    record.decode_us = end.times.decode_us;
    record.detokenize_us = end.times.detokenize_us;
    record.max_inter_token_us = longest_gap_us;
    record.resident_bytes = resident_bytes_;
    record.device_bytes = device_bytes_;
    record.generation = id;
    record.prompt_tokens = end.prompt_tokens;
    record.cached_tokens = end.cached_tokens;
    record.completion_tokens = end.completion_tokens;
    record.drafted_tokens = end.drafted_tokens;
    record.accepted_tokens = end.accepted_tokens;
    record.preemptions = end.preemptions;
    record.tier = static_cast<uint8_t>(queue::index_of(tier));
    record.outcome = outcome_of(end.reason);
    ring_->push(record);

    const auto note = [&](profile::Phase phase, int64_t duration_us) {
        statistics_->record_us(phase, tier, duration_us, end.ended_us);
    };
    note(profile::Phase::Tokenize, end.times.tokenize_us);
    note(profile::Phase::Queue, end.times.queue_us);
    if (end.first_token_us == 0) return;
    note(profile::Phase::Prefill, end.times.prefill_us);
    note(profile::Phase::FirstToken, end.first_token_us - end.submitted_us);
    if (end.reason != StopReason::Stop && end.reason != StopReason::Length) return;
    note(profile::Phase::Decode, end.times.decode_us);
    note(profile::Phase::Detokenize, end.times.detokenize_us);
    note(profile::Phase::Total, end.ended_us - end.submitted_us);
}

}  // namespace inferno::llama
