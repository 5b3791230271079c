// Shares of tokens by tier over every window of 10 s in which all four tiers had work waiting throughout, and the
// fairness among the users of a tier in such windows. Thread safety: none.
#pragma once

#include <array>
#include <cstdint>
#include <deque>
#include <unordered_map>
#include <vector>

#include "native/queue/tier.h"
#include "test/sim/scenario.h"

namespace inferno::sim {

using TierTokens = std::array<int64_t, queue::kTierCount>;

struct Deviation {
    double points = 0.0;            // percent of all tokens, also those of critical requests
    double relative_percent = 0.0;  // percent of the share itself; 0 when critical requests took more than a tenth
};

class ShareWindows {
  public:
    static constexpr int64_t kWindowUs = 10 * kSecondUs;
    // Longer, because a user gets a fortieth of what his tier gets, and that is a few whole requests in 10 s.
    static constexpr int64_t kFairnessWindowUs = 60 * kSecondUs;

    explicit ShareWindows(const Scenario & scenario);

    // A tier paid for that many tokens, or got some back.
    void charge(queue::Tier payer, int64_t tokens) { now_.charged[queue::index_of(payer)] += tokens; }
    // Critical ones are outside of the shares.
    void charge_critical(int64_t tokens) { now_.charged_critical += tokens; }
    void compute_critical(int64_t tokens) { now_.computed_critical += tokens; }
    // That many tokens were computed for a request that the tier paid for.
    void compute(queue::Tier payer, int64_t tokens) { now_.computed[queue::index_of(payer)] += tokens; }
    // The same for a user among the others of his tier. Deadlines are outside of fairness: a window in which one of his
    // was served out of turn does not count.
    void charge_user(queue::Tier payer, uint64_t user, int64_t tokens, bool in_turn);
    // The first request of a user began to wait in a tier, or the last one ceased to.
    void user_waits(queue::Tier tier, uint64_t user, bool waits);

    // Nothing waits in some tier.
    void break_off() { contended_since_us_ = INT64_MAX; }
    // At the end of a step. Throws a Violation.
    void check(bool all_wait, int64_t now_us);

    int64_t windows() const { return windows_; }
    const Deviation & charged() const { return charged_deviation_; }
    const Deviation & computed() const { return computed_deviation_; }
    // Of all tokens in such windows, one after the other.
    const TierTokens & charged_total() const { return charged_total_; }
    const TierTokens & computed_total() const { return computed_total_; }
    // Jain's index over the users of a tier who had work waiting throughout 60 s of that kind: mean and least.
    int64_t fairness_windows() const { return fairness_count_; }
    // REQUIRES: fairness_windows() > 0
    double mean_fairness() const { return fairness_sum_ / static_cast<double>(fairness_count_); }
    double least_fairness() const { return least_fairness_; }

  private:
    struct Snapshot {
        int64_t at_us = 0;
        TierTokens charged{};
        TierTokens computed{};
        int64_t charged_critical = 0;
        int64_t computed_critical = 0;
    };

    struct User {
        int64_t charged = 0;
        bool waits = false;
        bool waited_throughout = false;
    };

    void check_window(const Snapshot & start, int64_t now_us);
    void start_users();
    void close_disjoint_window(const Snapshot & start);
    void close_fairness_window();

    const Scenario & scenario_;
    Snapshot now_;
    std::deque<Snapshot> history_;
    int64_t contended_since_us_ = INT64_MAX;
    int64_t disjoint_since_us_ = 0;
    int64_t fairness_since_us_ = 0;
    int64_t windows_ = 0;
    Deviation charged_deviation_;
    Deviation computed_deviation_;
    TierTokens charged_total_{};
    TierTokens computed_total_{};
    std::array<std::unordered_map<uint64_t, User>, queue::kTierCount> users_;
    double fairness_sum_ = 0.0;
    int64_t fairness_count_ = 0;
    double least_fairness_ = 1.0;
};

}  // namespace inferno::sim
