#include "native/onnx/run_recorder.h"

#include "native/profile/resident_memory.h"

namespace inferno::onnx {
namespace {

// Reading it takes some microseconds, as long as a small run.
constexpr int64_t kMemoryIntervalUs = 2'000'000;

profile::Outcome outcome_of(const Status & status) {
    if (status) return profile::Outcome::Stop;
    return status.code() == ErrorCode::Cancelled ? profile::Outcome::Cancelled : profile::Outcome::Error;
}

}  // namespace

void RunRecorder::ended(int32_t id, queue::Tier tier, const RunTimes & times, int32_t tokens, const Status & status) {
    if (resident_bytes_ == 0 || times.ended_us - memory_read_us_ > kMemoryIntervalUs) {
        resident_bytes_ = profile::resident_memory_bytes();
        memory_read_us_ = times.ended_us;
    }
    const bool has_run = times.started_us != 0;
    const int64_t queue_us = (has_run ? times.started_us : times.ended_us) - times.submitted_us;
    profile::GenerationProfile record;
    record.submitted_us = times.submitted_us;
    record.first_token_us = has_run && status ? times.ended_us : 0;
    record.ended_us = times.ended_us;
    record.queue_us = queue_us;
    record.prefill_us = has_run ? times.ended_us - times.started_us : 0;
    record.resident_bytes = resident_bytes_;
    record.device_bytes = device_bytes_;
    record.generation = id;
    record.prompt_tokens = tokens;
    record.tier = static_cast<uint8_t>(queue::index_of(tier));
    record.outcome = outcome_of(status);
    ring_->push(record);
    statistics_->record_us(profile::Phase::Queue, tier, queue_us, times.ended_us);
    if (!has_run || !status) return;
    statistics_->record_us(profile::Phase::Run, tier, record.prefill_us, times.ended_us);
    statistics_->record_us(profile::Phase::Total, tier, times.ended_us - times.submitted_us, times.ended_us);
}

}  // namespace inferno::onnx
