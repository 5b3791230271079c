// Measures what runs go through: a ring of the last ones, and histograms of their phases by tier, in the same shape as
// generations have them (native/profile): `queue` is the wait, `run` the run, prompt_tokens the tokens of a sequence.
//
// Thread safety: recording by one thread at a time (the caller's lock), reading from any thread.
#pragma once

#include <cstdint>
#include <memory>
#include <vector>

#include "native/core/status.h"
#include "native/profile/generation_profile.h"
#include "native/profile/statistics.h"
#include "native/queue/tier.h"

namespace inferno::onnx {

struct RunTimes {
    int64_t submitted_us = 0;
    int64_t started_us = 0;  // 0: never
    int64_t ended_us = 0;
};

class RunRecorder {
  public:
    explicit RunRecorder(uint64_t device_bytes) : device_bytes_(device_bytes) {}

    void ended(int32_t id, queue::Tier tier, const RunTimes & times, int32_t tokens, const Status & status);

    std::vector<profile::GenerationProfile> recent(size_t limit) const { return ring_->recent(limit); }
    const std::shared_ptr<profile::Statistics> & statistics() const { return statistics_; }

  private:
    const std::shared_ptr<profile::Statistics> statistics_ = std::make_shared<profile::Statistics>();
    const std::unique_ptr<profile::GenerationRing> ring_ = std::make_unique<profile::GenerationRing>();
    const uint64_t device_bytes_;
    uint64_t resident_bytes_ = 0;
    int64_t memory_read_us_ = 0;
};

}  // namespace inferno::onnx
