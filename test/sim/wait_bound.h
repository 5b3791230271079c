// The longest that a request can wait, in tokens, as it follows from the shares.
//
// A request r that asked for low has aged to high after 20 s, and there nothing better than its tier's share is needed
// any more. From then until it starts, let
//   A    tokens waiting before it of its user, and what he was charged out of turn meanwhile,
//   D    what its user owes,
//   N    <= (A + D) / q + 1        quanta q = 256 of tokens that its user is granted until r starts,
//   G    users, J the largest charge of one request,
//   U, V, C   tokens that urgent ones took, that were used beyond what was expected, that critical ones took meanwhile,
//   S    what users of high had saved up, when r came.
// Deficit round robin over users: each other user is granted at most N quanta and overshoots by at most one request, so
//   H = A + S + q + (G - 1) (N q + J) + U + V(high)
// bounds what high is charged. Deficit round robin over tiers: as long as r waits, no other tier t starts anything once
// its meter is a quantum Q = 1024 ahead of high's, so with w = 1, 4, 8 for vip, normal, low and L(t) >= 0 by how much t
// was behind high when r came, t is charged at most
//   T(t) = (L(t) + 2 H + Q) / w + J + V(t).
// The sum H + T(vip) + T(normal) + T(low) + C is the bound; for large H it tends to 15/4 H, high's share being 4/15.
// Nothing in it depends on how many wait in other tiers. Tokens are as charged: expected ones at the start, corrected
// to those computed at the end.
// Thread safety: none.
#pragma once

#include <algorithm>
#include <array>
#include <cstdint>
#include <unordered_map>

#include "test/sim/flow_books.h"
#include "test/sim/meters.h"
#include "test/sim/violation.h"

namespace inferno::sim {

class WaitBound {
  public:
    explicit WaitBound(int64_t users) : users_(users) {}

    // What is charged, all in all; negative for a refund. `pays_tier` false: critical.
    void charge(size_t tier, bool pays_tier, Charge reason, int64_t tokens) {
        const int64_t signed_tokens = reason == Charge::Refund ? -tokens : tokens;
        now_.charged += signed_tokens;
        if (reason == Charge::Refund) return;
        if (!pays_tier) {
            now_.critical += tokens;
        } else if (reason == Charge::Urgent) {
            now_.urgent += tokens;
        } else if (reason == Charge::Beyond) {
            now_.beyond[tier] += tokens;
        }
    }
    void note_request(int64_t tokens) { largest_ = std::max(largest_, tokens); }

    // It has just aged to high.
    void begin(uint64_t key, const FlowBook & flow, int64_t saved, int64_t own_tokens, const Meters & meters,
               int64_t now_us) {
        Start start{now_,  now_us, flow.waiting_tokens - own_tokens, std::max<int64_t>(flow.debt, 0), flow.out_of_turn,
                    saved, {}};
        for (size_t i = 0; i < start.behind.size(); ++i) {
            start.behind[i] = std::max<int64_t>(0, meters.value(kHigh) - meters.value(i));
        }
        starts_.insert_or_assign(key, start);
    }
    void forget(uint64_t key) { starts_.erase(key); }

    // It starts in turn, and is not charged yet.
    void end(uint64_t key, const FlowBook & flow, int64_t now_us) {
        const auto found = starts_.find(key);
        if (found == starts_.end()) return;
        const Start & start = found->second;
        const int64_t waited = now_.charged - start.then.charged;
        const int64_t bound = bound_of(start, flow);
        ++checked_;
        longest_tokens_ = std::max(longest_tokens_, waited);
        longest_us_ = std::max(longest_us_, now_us - start.at_us);
        closest_percent_ = std::max(closest_percent_, waited * 100 / std::max<int64_t>(bound, 1));
        require(waited <= bound, now_us, "the wait of a low request is bounded by the shares", key);
        starts_.erase(found);
    }

    int64_t checked() const { return checked_; }
    int64_t longest_tokens() const { return longest_tokens_; }
    // Since it was in high.
    int64_t longest_us() const { return longest_us_; }
    // The most of its bound that a request waited.
    int64_t closest_percent() const { return closest_percent_; }

  private:
    static constexpr int64_t kUserQuantum = 256;
    static constexpr size_t kHigh = 1;

    struct Counters {
        int64_t charged = 0;
        int64_t critical = 0;
        int64_t urgent = 0;
        std::array<int64_t, queue::kTierCount> beyond{};
    };
    struct Start {
        Counters then;
        int64_t at_us;
        int64_t ahead;
        int64_t debt;
        int64_t out_of_turn;
        int64_t saved;
        std::array<int64_t, queue::kTierCount> behind;
    };

    int64_t bound_of(const Start & start, const FlowBook & flow) const {
        const int64_t own = start.ahead + flow.out_of_turn - start.out_of_turn;
        const int64_t quanta = (own + start.debt) / kUserQuantum + 1;
        const int64_t high = own + start.saved + kUserQuantum + (users_ - 1) * (quanta * kUserQuantum + largest_) +
                             now_.urgent - start.then.urgent + now_.beyond[kHigh] - start.then.beyond[kHigh];
        int64_t bound = high + now_.critical - start.then.critical;
        for (const size_t tier : {size_t{0}, size_t{2}, size_t{3}}) {
            bound += (start.behind[tier] + Meters::kScale[kHigh] * high + Meters::kQuantum) / Meters::kScale[tier] +
                     largest_ + now_.beyond[tier] - start.then.beyond[tier];
        }
        return bound;
    }

    int64_t users_;
    int64_t largest_ = 1;
    Counters now_;
    std::unordered_map<uint64_t, Start> starts_;
    int64_t checked_ = 0;
    int64_t longest_tokens_ = 0;
    int64_t longest_us_ = 0;
    int64_t closest_percent_ = 0;
};

}  // namespace inferno::sim
