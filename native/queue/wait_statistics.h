// How long the last requests of a tier waited. Thread safety: none.
#pragma once

#include <algorithm>
#include <array>
#include <cstddef>
#include <cstdint>
#include <vector>

namespace inferno::queue {

struct WaitSummary {
    int64_t mean_us = 0;
    int64_t p50_us = 0;
    int64_t p95_us = 0;
    int64_t p99_us = 0;
    int64_t max_us = 0;
};

class WaitStatistics {
  public:
    static constexpr size_t kSamples = 1000;

    void record(int64_t waited_us) {
        if (samples_.size() < kSamples) {
            samples_.push_back(waited_us);
        } else {
            samples_[next_] = waited_us;
        }
        next_ = (next_ + 1) % kSamples;
    }

    // All zero when nothing was recorded.
    WaitSummary summarize() const {
        WaitSummary summary;
        if (samples_.empty()) return summary;
        std::vector<int64_t> sorted = samples_;
        std::sort(sorted.begin(), sorted.end());
        int64_t sum = 0;
        for (const int64_t sample : sorted) sum += sample;
        // Nearest rank: the smallest sample that at least that share does not exceed.
        const auto rank = [&](size_t percent) { return sorted[(sorted.size() * percent + 99) / 100 - 1]; };
        summary.mean_us = sum / static_cast<int64_t>(sorted.size());
        summary.p50_us = rank(50);
        summary.p95_us = rank(95);
        summary.p99_us = rank(99);
        summary.max_us = sorted.back();
        return summary;
    }

  private:
    std::vector<int64_t> samples_;
    size_t next_ = 0;
};

}  // namespace inferno::queue
