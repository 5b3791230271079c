#include "test/sim/share_windows.h"

#include <algorithm>
#include <cmath>

#include "test/sim/violation.h"

namespace inferno::sim {
namespace {

using queue::kTierCount;
using queue::kTierWeights;

Deviation deviation_of(const TierTokens & from, const TierTokens & to, int64_t critical_tokens) {
    double sum = 0.0;
    double weights = 0.0;
    for (size_t i = 0; i < kTierCount; ++i) {
        sum += static_cast<double>(to[i] - from[i]);
        weights += static_cast<double>(kTierWeights[i]);
    }
    const double critical = std::max(0.0, static_cast<double>(critical_tokens));
    Deviation largest;
    for (size_t i = 0; i < kTierCount && sum > 0; ++i) {
        const double wanted = sum * static_cast<double>(kTierWeights[i]) / weights;
        const double off = std::abs(static_cast<double>(to[i] - from[i]) - wanted);
        largest.points = std::max(largest.points, 100.0 * off / (sum + critical));
        if (critical > 0.1 * sum) continue;
        largest.relative_percent = std::max(largest.relative_percent, 100.0 * off / wanted);
    }
    return largest;
}

void keep_larger(Deviation & largest, const Deviation & other) {
    largest.points = std::max(largest.points, other.points);
    largest.relative_percent = std::max(largest.relative_percent, other.relative_percent);
}

}  // namespace

ShareWindows::ShareWindows(const Scenario & scenario) : scenario_(scenario) {}

void ShareWindows::charge_user(queue::Tier payer, uint64_t user, int64_t tokens, bool in_turn) {
    User & entry = users_[queue::index_of(payer)][user];
    entry.charged += tokens;
    entry.waited_throughout = entry.waited_throughout && in_turn;
}

void ShareWindows::user_waits(queue::Tier tier, uint64_t user, bool waits) {
    User & entry = users_[queue::index_of(tier)][user];
    entry.waits = waits;
    entry.waited_throughout = false;
}

void ShareWindows::start_users() {
    for (auto & users : users_) {
        std::erase_if(users, [](const auto & user) { return !user.second.waits; });
        for (auto & [name, user] : users) user = {0, true, true};
    }
}

void ShareWindows::check(bool all_wait, int64_t now_us) {
    now_.at_us = now_us;
    if (!all_wait) {
        break_off();
    } else if (contended_since_us_ == INT64_MAX) {
        contended_since_us_ = now_us;
        disjoint_since_us_ = now_us;
        fairness_since_us_ = now_us;
        history_.clear();
        start_users();
    }
    if (contended_since_us_ == INT64_MAX) return;
    if (now_us - fairness_since_us_ >= kFairnessWindowUs) {
        close_fairness_window();
        fairness_since_us_ = now_us;
    }
    history_.push_back(now_);
    // The latest start that is a whole window ago.
    while (history_.size() > 1 && history_[1].at_us <= now_us - kWindowUs) history_.pop_front();
    const Snapshot & start = history_.front();
    if (start.at_us > now_us - kWindowUs) return;
    check_window(start, now_us);
    if (start.at_us < disjoint_since_us_) return;
    close_disjoint_window(start);
    disjoint_since_us_ = now_us;
}

void ShareWindows::check_window(const Snapshot & start, int64_t now_us) {
    ++windows_;
    const Deviation charged = deviation_of(start.charged, now_.charged, now_.charged_critical - start.charged_critical);
    const Deviation computed =
        deviation_of(start.computed, now_.computed, now_.computed_critical - start.computed_critical);
    keep_larger(charged_deviation_, charged);
    keep_larger(computed_deviation_, computed);
    const auto points = static_cast<double>(scenario_.share_points);
    require(charged.points <= points, now_us, "tokens of started work are shared by weight over any 10 s");
    require(computed.points <= points, now_us, "computed tokens are shared by weight over any 10 s");
    if (scenario_.share_relative_percent == 0) return;
    const auto relative = static_cast<double>(scenario_.share_relative_percent);
    require(charged.relative_percent <= relative, now_us, "each tier's share of started work is close to its weight");
}

void ShareWindows::close_disjoint_window(const Snapshot & start) {
    for (size_t i = 0; i < kTierCount; ++i) {
        charged_total_[i] += now_.charged[i] - start.charged[i];
        computed_total_[i] += now_.computed[i] - start.computed[i];
    }
}

void ShareWindows::close_fairness_window() {
    for (size_t i = 0; i < kTierCount; ++i) {
        double sum = 0.0;
        double squares = 0.0;
        double count = 0.0;
        for (const auto & [name, user] : users_[i]) {
            if (!user.waited_throughout) continue;
            const auto served = static_cast<double>(std::max<int64_t>(user.charged, 0));
            sum += served;
            squares += served * served;
            count += 1.0;
        }
        if (squares == 0.0 || count < 2.0) continue;
        const double index = sum * sum / (squares * count);
        fairness_sum_ += index;
        ++fairness_count_;
        least_fairness_ = std::min(least_fairness_, index);
    }
    start_users();
}

}  // namespace inferno::sim
