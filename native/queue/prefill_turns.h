// Which prompt is computed next: the tiers share prefill tokens by deficit round robin, in a tier the user who was
// served least goes first, and of his prompts the oldest. One prompt gets all it can use before the next one gets any,
// because a step over many short pieces costs a pass over the weights for each length.
//
// Thread safety: none.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <vector>

#include "native/queue/tier.h"
#include "native/queue/tier_shares.h"

namespace inferno::queue {

struct PrefillClaim {
    size_t index;  // the caller's own
    Tier tier;
    uint64_t user;
    int64_t submitted_us;
    int64_t served;  // prompt tokens computed for it so far
};

class PrefillTurns {
  public:
    // Sorts by turn, first come first. `fair` false: by time of submission alone.
    void order(std::vector<PrefillClaim> & claims, bool fair);
    void charge(Tier tier, int64_t tokens) { shares_.charge(tier, tokens); }

  private:
    TierShares shares_;
};

}  // namespace inferno::queue
