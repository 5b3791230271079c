// The rule by which tiers take turns, once more and plainly: tokens times 8 / weight, a quantum of 1024, and who comes
// back from idling starts where the last one of those that wait stands. Thread safety: none.
#pragma once

#include <algorithm>
#include <array>
#include <cstdint>
#include <optional>

#include "native/queue/tier.h"

namespace inferno::sim {

class Meters {
  public:
    static constexpr int64_t kQuantum = 1024;
    static constexpr std::array<int64_t, queue::kTierCount> kScale = {1, 2, 4, 8};

    void set_waiting(size_t tier, bool waits) {
        if (waits && !waiting_[tier]) meters_[tier] = std::max(meters_[tier], lowest().value_or(highest()));
        waiting_[tier] = waits;
    }
    void charge(size_t tier, int64_t tokens) { meters_[tier] += tokens * kScale[tier]; }

    std::optional<size_t> turn() const {
        for (size_t i = 0; i < meters_.size(); ++i) {
            if (waiting_[i] && meters_[i] <= *lowest() + kQuantum) return i;
        }
        return std::nullopt;
    }
    int64_t value(size_t tier) const { return meters_[tier]; }

  private:
    std::optional<int64_t> lowest() const {
        std::optional<int64_t> least;
        for (size_t i = 0; i < meters_.size(); ++i) {
            if (waiting_[i]) least = std::min(least.value_or(INT64_MAX), meters_[i]);
        }
        return least;
    }
    int64_t highest() const { return *std::max_element(meters_.begin(), meters_.end()); }

    std::array<int64_t, queue::kTierCount> meters_{};
    std::array<bool, queue::kTierCount> waiting_{};
};

}  // namespace inferno::sim
