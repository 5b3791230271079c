// Whose turn it is among the tiers: deficit round robin with a sliding round.
//
// Every tier has a meter that counts the tokens it was served, scaled by its weight, so that equal meters mean fair
// shares. A tier with work may be one quantum ahead of the one that is furthest behind; among those within the quantum
// the best tier is served. So better tiers go first as long as they keep to their share, and the shares hold whenever
// all have work. A tier that comes back from idling joins at the present round: idling earns no credit, and what it
// used while nobody else wanted it costs nothing later. A tier idles when nothing of it waits, even while something of
// it runs: otherwise one long request would save up a round in which its tier alone is served.
//
// Thread safety: none.
#pragma once

#include <algorithm>
#include <array>
#include <cstdint>
#include <optional>

#include "native/queue/tier.h"

namespace inferno::queue {

class TierShares {
  public:
    // How far a tier may be ahead, in tokens of vip; the others' are smaller by their weights.
    static constexpr int64_t kQuantum = 1024;

    // Meter units per token: the inverse of the weight.
    static constexpr int64_t scale(Tier tier) { return kTierWeights[0] / kTierWeights[index_of(tier)]; }

    // A tier got its first waiting request.
    void activate(Tier tier) {
        // The present round: where the tier that is furthest behind stands; when none waits, all start level.
        int64_t round = INT64_MAX;
        for (size_t i = 0; i < kTierCount; ++i) {
            if (waiting_[i]) round = std::min(round, meters_[i]);
        }
        if (round == INT64_MAX) round = *std::max_element(meters_.begin(), meters_.end());
        waiting_[index_of(tier)] = true;
        meters_[index_of(tier)] = std::max(meters_[index_of(tier)], round);
    }
    void deactivate(Tier tier) { waiting_[index_of(tier)] = false; }

    // Negative to give back what was charged too much.
    void charge(Tier tier, int64_t tokens) { meters_[index_of(tier)] += tokens * scale(tier); }

    // The tier to serve; nothing when none waits.
    std::optional<Tier> on_turn() const {
        int64_t behind = INT64_MAX;
        for (size_t i = 0; i < kTierCount; ++i) {
            if (waiting_[i]) behind = std::min(behind, meters_[i]);
        }
        for (size_t i = 0; i < kTierCount; ++i) {
            if (waiting_[i] && meters_[i] <= behind + kQuantum) return static_cast<Tier>(i);
        }
        return std::nullopt;
    }

    int64_t meter(Tier tier) const { return meters_[index_of(tier)]; }
    bool waiting(Tier tier) const { return waiting_[index_of(tier)]; }

  private:
    std::array<int64_t, kTierCount> meters_{};
    std::array<bool, kTierCount> waiting_{};
};

}  // namespace inferno::queue
