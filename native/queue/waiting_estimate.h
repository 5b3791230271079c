// When a waiting request will start, from the token rate: the tiers drain side by side by their weights, as a fluid.
// Pure. Source of the model: A. Parekh, R. Gallager, "A Generalized Processor Sharing Approach to Flow Control", 1993.
#pragma once

#include <array>
#include <cstdint>

#include "native/queue/tier.h"

namespace inferno::queue {

// Tokens that all tiers together are served until `ahead` tokens of `tier` are done, when `waiting[i]` tokens wait in
// tier i. `ahead` is at most waiting[tier].
int64_t tokens_until_served(const std::array<int64_t, kTierCount> & waiting, Tier tier, int64_t ahead);

}  // namespace inferno::queue
