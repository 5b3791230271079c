#include "native/queue/prefill_turns.h"

#include <algorithm>
#include <tuple>

namespace inferno::queue {

void PrefillTurns::order(std::vector<PrefillClaim> & claims, bool fair) {
    if (!fair) {
        std::sort(claims.begin(), claims.end(),
                  [](const PrefillClaim & a, const PrefillClaim & b) { return a.submitted_us < b.submitted_us; });
        return;
    }
    std::array<bool, kTierCount> claimed{};
    for (const PrefillClaim & claim : claims) claimed[index_of(claim.tier)] = true;
    for (size_t i = 0; i < kTierCount; ++i) {
        const auto tier = static_cast<Tier>(i);
        if (claimed[i] && !shares_.waiting(tier)) shares_.activate(tier);
        if (!claimed[i] && shares_.waiting(tier)) shares_.deactivate(tier);
    }
    if (claims.size() < 2) return;
    const auto first = shares_.on_turn();
    const auto tier_rank = [&](Tier tier) { return tier == first ? INT64_MIN : shares_.meter(tier); };
    const auto user_served = [&](const PrefillClaim & claim) {
        int64_t served = 0;
        for (const PrefillClaim & other : claims) {
            if (other.user == claim.user && other.tier == claim.tier) served += other.served;
        }
        return served;
    };
    std::vector<std::tuple<int64_t, int64_t, int64_t, size_t>> ranks;
    for (size_t i = 0; i < claims.size(); ++i) {
        ranks.emplace_back(tier_rank(claims[i].tier), user_served(claims[i]), claims[i].submitted_us, i);
    }
    std::sort(ranks.begin(), ranks.end());
    std::vector<PrefillClaim> sorted;
    for (const auto & rank : ranks) sorted.push_back(claims[std::get<3>(rank)]);
    claims = std::move(sorted);
}

}  // namespace inferno::queue
