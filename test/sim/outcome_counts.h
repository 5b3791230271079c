// How the requests of a scenario ended, by the tier they asked for, and how long those waited that started. Thread
// safety: values.
#pragma once

#include <array>
#include <cstdint>
#include <vector>

#include "native/queue/tier.h"

namespace inferno::sim {

struct OutcomeCounts {
    using ByTier = std::array<int64_t, queue::kTierCount>;
    ByTier submitted{};  // without those that were refused
    ByTier completed{};
    ByTier cancelled{};
    ByTier expired{};
    ByTier failed{};  // while they ran, with a lost worker, or because one that they needed did
    ByTier refused{};
    ByTier preempted{};  // times, not requests
    int64_t started = 0;
    std::array<std::vector<int64_t>, queue::kTierCount> waits_us;  // since nothing it depended on was left
};

}  // namespace inferno::sim
