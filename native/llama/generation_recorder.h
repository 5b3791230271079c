// Measures what generations go through: a ring of the last ones in full, and histograms of their phases by tier.
//
// Thread safety: the engine thread records, any thread reads; nobody waits for anybody (native/profile).
#pragma once

#include <memory>

#include "native/llama/generation.h"
#include "native/profile/generation_profile.h"
#include "native/profile/statistics.h"
#include "native/profile/tick_clock.h"

namespace inferno::llama {

class GenerationRecorder {
  public:
    explicit GenerationRecorder(uint64_t device_bytes);

    // A token came `gap_us` after the one before; negative: it is the first.
    void token(queue::Tier tier, int64_t gap_us, int64_t now_us) {
        if (gap_us >= 0) statistics_->record_us(profile::Phase::InterToken, tier, gap_us, now_us);
    }
    void ended(GenerationId id, queue::Tier tier, const GenerationEnd & end, int64_t longest_gap_us);
    // Reads how much memory the process has; some microseconds, so now and then.
    void refresh_memory();
    int64_t interval_ns(int64_t from_ticks, int64_t to_ticks) { return clock_.interval_ns(from_ticks, to_ticks); }

    // Any thread. Newest first.
    std::vector<profile::GenerationProfile> recent(size_t limit) const { return ring_->recent(limit); }
    // Lives as long as somebody holds it.
    const std::shared_ptr<profile::Statistics> & statistics() const { return statistics_; }

  private:
    const std::shared_ptr<profile::Statistics> statistics_ = std::make_shared<profile::Statistics>();
    const std::unique_ptr<profile::GenerationRing> ring_ = std::make_unique<profile::GenerationRing>();
    const uint64_t device_bytes_;
    uint64_t resident_bytes_ = 0;
    profile::TickClock clock_;
};

}  // namespace inferno::llama
