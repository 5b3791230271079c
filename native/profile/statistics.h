// Durations by phase and tier, over windows of time.
//
// Thread safety: record_*() by one thread at a time, the rest from any thread; nobody waits. Several writers have one
// Statistics each, which share no cache line, and readers pass the others along to be merged in.
//
// Owns its histograms. A combination of phase and tier that was never recorded costs nothing; see histogram_windows.h
// for the others.
#pragma once

#include <array>
#include <atomic>
#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

#include "native/profile/histogram_windows.h"
#include "native/queue/tier.h"

namespace inferno::profile {

// In the order of `phases` in lib/native-types.ts.
enum class Phase : uint8_t {
    Receive = 0,
    Tokenize = 1,
    Queue = 2,
    Prefill = 3,
    Decode = 4,
    Detokenize = 5,
    Serialize = 6,
    FirstToken = 7,  // from submission on
    InterToken = 8,
    Total = 9,
    Run = 10,  // of an ONNX graph
};
inline constexpr size_t kPhaseCount = 11;

struct SlotSummary {
    int64_t age_us = 0;  // of its middle
    uint64_t count = 0;
    double mean_us = 0;
};

// Quantiles are within HistogramBuckets::kRelativeError of the exact ones, the rest is exact.
struct PhaseSummary {
    Phase phase = Phase::Receive;
    queue::Tier tier = queue::Tier::Normal;
    uint64_t count = 0;
    double mean_us = 0;
    double stddev_us = 0;
    double min_us = 0;
    double max_us = 0;
    double p50_us = 0;
    double p95_us = 0;
    double p99_us = 0;
    double p999_us = 0;
    // Oldest first, as far as something was recorded in them; none for Window::All.
    std::vector<SlotSummary> slots;
};

// Over all time and all tiers.
struct CumulativeCounts {
    std::vector<uint64_t> counts;  // of those at most as long as each bound
    uint64_t count = 0;
    double sum_us = 0;
};

class alignas(kCacheLine) Statistics {
  public:
    Statistics() = default;
    ~Statistics();
    Statistics(const Statistics &) = delete;
    Statistics & operator=(const Statistics &) = delete;

    // Writer only. `now_us` is on the clock of native/core/clock.h.
    void record_ns(Phase phase, queue::Tier tier, int64_t duration_ns, int64_t now_us) {
        std::atomic<HistogramWindows *> & windows = windows_[index_of(phase, tier)];
        // Relaxed: this thread published it.
        HistogramWindows * known = windows.load(std::memory_order_relaxed);
        if (known == nullptr) known = &make_windows(windows);
        known->record(duration_ns, now_us);
    }
    void record_us(Phase phase, queue::Tier tier, int64_t duration_us, int64_t now_us) {
        constexpr int64_t kNsPerUs = 1000;
        record_ns(phase, tier, duration_us * kNsPerUs, now_us);
    }

    // Phases and tiers of which something lies in the window, of this and all `others` together.
    std::vector<PhaseSummary> summarize(Window window, int64_t now_us,
                                        std::span<const Statistics * const> others = {}) const;
    // REQUIRES: bounds_us ascend.
    CumulativeCounts cumulate(Phase phase, std::span<const double> bounds_us) const;

  private:
    static constexpr size_t index_of(Phase phase, queue::Tier tier) {
        return static_cast<size_t>(phase) * queue::kTierCount + queue::index_of(tier);
    }
    HistogramWindows & make_windows(std::atomic<HistogramWindows *> & windows);

    // Owned; published with release when made, never taken back.
    std::array<std::atomic<HistogramWindows *>, kPhaseCount * queue::kTierCount> windows_{};
};

}  // namespace inferno::profile
