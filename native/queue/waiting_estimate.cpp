#include "native/queue/waiting_estimate.h"

#include <algorithm>
#include <limits>

namespace inferno::queue {

int64_t tokens_until_served(const std::array<int64_t, kTierCount> & waiting, Tier tier, int64_t ahead) {
    std::array<double, kTierCount> left{};
    for (size_t i = 0; i < kTierCount; ++i) left[i] = static_cast<double>(std::max<int64_t>(0, waiting[i]));
    left[index_of(tier)] = static_cast<double>(ahead);
    double served = 0.0;
    // In each phase the tiers with work share by weight until the first of them is done.
    while (left[index_of(tier)] > 0.0) {
        double weights = 0.0;
        double shortest = std::numeric_limits<double>::max();
        for (size_t i = 0; i < kTierCount; ++i) {
            if (left[i] <= 0.0) continue;
            const auto weight = static_cast<double>(kTierWeights[i]);
            weights += weight;
            shortest = std::min(shortest, left[i] / weight);
        }
        served += shortest * weights;
        for (size_t i = 0; i < kTierCount; ++i) {
            if (left[i] <= 0.0) continue;
            left[i] -= shortest * static_cast<double>(kTierWeights[i]);
            if (left[i] < 0.5) left[i] = 0.0;
        }
    }
    return static_cast<int64_t>(served);
}

}  // namespace inferno::queue
