// Oracle, second part: where the waiting ones stand, and who may start.
#include <algorithm>

#include "test/sim/oracle.h"
#include "test/sim/violation.h"

namespace inferno::sim {
namespace {

constexpr int64_t kAgeingUs = 10 * kSecondUs;
constexpr int64_t kUrgentUs = 30 * kSecondUs;
constexpr int64_t kCriticalUs = 10 * kSecondUs;

}  // namespace

using queue::index_of;
using queue::kTierCount;
using queue::RequestKey;
using queue::Tier;

void Oracle::enter(RequestKey key, Item & item, int64_t now_us) {
    age(now_us);
    item.entered_us = now_us;
    count_queued(item, 1);
    join(key, item);
    if (item.submission.deadline_us > 0) lift(key, item, now_us);
}

void Oracle::count_queued(const Item & item, int64_t requests) {
    queued_by_tier_[index_of(item.submission.tier)] += requests;
    queued_tokens_by_tier_[index_of(item.submission.tier)] += requests * remaining(item);
}

void Oracle::join(RequestKey key, Item & item) {
    const size_t tier = index_of(item.tier);
    item.entry = ++entries_;
    ++in_flows_[tier];
    ++waiting_[tier];
    waiting_tokens_[tier] += item.expected;
    if (flows_.join(user_of(item), item.tier, item.entry, key, item.expected)) {
        windows_.user_waits(item.tier, user_of(item), true);
    }
    if (!is_fifo() && item.tier > Tier::High) {
        ages_.emplace(item.entered_us + kAgeingUs, item.tier == Tier::Low, item.entry, key);
    }
    update_meter(item.tier);
}

void Oracle::leave_place(RequestKey key, Item & item) {
    const size_t tier = index_of(item.tier);
    --waiting_[tier];
    waiting_tokens_[tier] -= remaining(item);
    if (item.lift == Lift::PutBack) {
        put_back_.erase({item.submission.tier, item.entry, key});
    } else if (item.lift != Lift::None) {
        (item.lift == Lift::Urgent ? urgent_ : critical_).erase({item.submission.deadline_us, item.arrival, key});
    } else {
        --in_flows_[tier];
        ages_.erase({item.entered_us + kAgeingUs, item.tier == Tier::Low, item.entry, key});
        if (flows_.leave(user_of(item), item.tier, item.entry, key, item.expected)) {
            windows_.user_waits(item.tier, user_of(item), false);
        }
    }
    update_meter(item.tier);
}

void Oracle::leave(RequestKey key, Item & item) {
    leave_place(key, item);
    timers_.erase({item.timer_us, item.arrival, key});
}

void Oracle::update_meter(Tier tier) {
    const size_t at = index_of(tier);
    const bool waits = in_flows_[at] > 0 || (tier == Tier::High && !urgent_.empty());
    meters_.set_waiting(at, waits);
    if (!waits) windows_.break_off();
}

void Oracle::age(int64_t now_us) {
    while (!ages_.empty() && std::get<0>(*ages_.begin()) <= now_us) {
        const auto [crossed_us, is_low, entry, key] = *ages_.begin();
        Item & item = items_.at(key);
        leave_place(key, item);
        item.tier = is_low ? Tier::Normal : Tier::High;
        item.entered_us = crossed_us;
        join(key, item);
        note(Event::Aged, key, now_us);
        if (item.tier == Tier::High && item.submission.tier == Tier::Low) {
            wait_bound_.begin(key, *flows_.find(user_of(item), item.tier), flows_.saved(item.tier), item.expected,
                              meters_, now_us);
        }
    }
}

void Oracle::lift(RequestKey key, Item & item, int64_t now_us) {
    const int64_t left = item.submission.deadline_us - now_us;
    Lift wanted = Lift::None;
    item.timer_us = item.submission.deadline_us;
    if (!is_fifo()) {
        if (left >= kUrgentUs) {
            item.timer_us -= kUrgentUs - 1;
        } else if (left >= kCriticalUs) {
            item.timer_us -= kCriticalUs - 1;
            if (item.tier != Tier::Vip) wanted = Lift::Urgent;
        } else {
            wanted = Lift::Critical;
        }
    }
    timers_.emplace(item.timer_us, item.arrival, key);
    if (wanted == item.lift || wanted == Lift::None) return;
    leave_place(key, item);
    item.lift = wanted;
    if (wanted == Lift::Urgent) item.tier = Tier::High;
    ++waiting_[index_of(item.tier)];
    waiting_tokens_[index_of(item.tier)] += remaining(item);
    (wanted == Lift::Urgent ? urgent_ : critical_).emplace(item.submission.deadline_us, item.arrival, key);
    update_meter(item.tier);
}

void Oracle::started(const queue::Dispatch & dispatch, int64_t now_us) {
    const RequestKey key = dispatch.key;
    Item & item = find(key, now_us);
    const size_t tier = index_of(item.submission.tier);
    require(item.state == State::Waiting || item.state == State::Parked, now_us, "only what waits starts", key);
    require(dispatch.resumed == (item.state == State::Parked), now_us, "what was parked is resumed", key);
    require(item.submission.deadline_us == 0 || item.submission.deadline_us > now_us, now_us,
            "nothing past its deadline starts", key);
    const auto running = static_cast<int32_t>(running_.size());
    require(running < usable_, now_us, "no more run than there are workers", key);
    require(replaces_victim_ || running < scheduler_.worker_limit(), now_us, "no more start than the limit says", key);
    require(!replaces_victim_ || item.submission.tier == Tier::Vip, now_us, "only a vip preempts", key);
    replaces_victim_ = false;
    check_choice(key, item, now_us);
    pay(key, item, now_us);
    leave(key, item);
    count_queued(item, -1);
    if (item.state == State::Parked) --parked_by_tier_[tier];
    if (!item.has_started) {
        counts_.waits_us[tier].push_back(now_us - item.ready_us);
        ++counts_.started;
    }
    item.has_started = true;
    item.is_charged = true;
    item.started_us = now_us;
    item.state = State::Running;
    running_.push_back(key);
    ++running_by_tier_[tier];
    note(dispatch.resumed ? Event::Resumed : Event::Started, key, now_us);
}

void Oracle::check_choice(RequestKey key, const Item & item, int64_t now_us) const {
    if (!critical_.empty()) {
        require(std::get<2>(*critical_.begin()) == key, now_us, "critical ones go first, the earliest deadline of them",
                key);
        return;
    }
    const std::optional<size_t> turn = meters_.turn();
    if (!put_back_.empty() && (turn != index_of(Tier::Vip) || std::get<0>(*put_back_.begin()) == Tier::Vip)) {
        require(std::get<2>(*put_back_.begin()) == key, now_us,
                "what lent its worker gets the next one that no vip claims", key);
        return;
    }
    require(turn == index_of(item.tier), now_us, "the best tier starts that is within a quantum of its share", key);
    if (item.tier == Tier::High && !urgent_.empty()) {
        require(std::get<2>(*urgent_.begin()) == key, now_us,
                "urgent ones go first in high, the earliest deadline of them", key);
        return;
    }
    const FlowBook * flow = flows_.find(user_of(item), item.tier);
    require(flow != nullptr && !flow->waiting.empty() && std::get<1>(*flow->waiting.begin()) == key, now_us,
            "first come first served among the requests of a user in a tier", key);
}

void Oracle::pay(RequestKey key, Item & item, int64_t now_us) {
    const Charge reason = item.lift == Lift::None     ? Charge::InTurn
                          : item.lift == Lift::Urgent ? Charge::Urgent
                                                      : Charge::Critical;
    if (item.is_charged) return;
    if (reason == Charge::InTurn && item.tier == Tier::High) {
        wait_bound_.end(key, *flows_.find(user_of(item), item.tier), now_us);
    }
    wait_bound_.forget(key);
    item.payer = item.tier;
    item.pays_tier = item.lift != Lift::Critical;
    flows_.hold(user_of(item), item.payer);
    charge(item, reason, item.expected);
}

void Oracle::charge(const Item & item, Charge reason, int64_t tokens) {
    const int64_t signed_tokens = reason == Charge::Refund ? -tokens : tokens;
    flows_.charge(user_of(item), item.payer, reason, tokens);
    wait_bound_.charge(index_of(item.payer), item.pays_tier, reason, tokens);
    if (!item.pays_tier) {
        windows_.charge_critical(signed_tokens);
        windows_.charge_user(item.payer, user_of(item), signed_tokens, false);
        return;
    }
    meters_.charge(index_of(item.payer), signed_tokens);
    windows_.charge(item.payer, signed_tokens);
    windows_.charge_user(item.payer, user_of(item), signed_tokens, reason != Charge::Urgent);
}

std::optional<RequestKey> Oracle::expected_victim(int64_t now_us) const {
    const bool waits = std::any_of(waiting_.begin(), waiting_.end(), [](int64_t count) { return count > 0; });
    if (is_fifo() || !waits || static_cast<int32_t>(running_.size()) < scheduler_.worker_limit()) return std::nullopt;
    // One becomes free so soon that it is not worth it.
    if (free_interval_us_ < 20'000.0 && now_us - freed_us_ < 20'000) return std::nullopt;
    const bool has_parked_vip = !put_back_.empty() && std::get<0>(*put_back_.begin()) == Tier::Vip;
    const bool is_vip = critical_.empty() ? has_parked_vip || meters_.turn() == index_of(Tier::Vip)
                                          : items_.at(std::get<2>(*critical_.begin())).submission.tier == Tier::Vip;
    if (!is_vip) return std::nullopt;
    // The lowest tier, then the one parked least, then the one started last; of equal ones any.
    std::optional<RequestKey> victim;
    const auto rank = [&](RequestKey key) {
        const Item & item = items_.at(key);
        return std::tuple(-static_cast<int>(item.submission.tier), item.preemptions, -item.started_us);
    };
    for (const RequestKey key : running_) {
        if (items_.at(key).submission.tier == Tier::Vip) continue;
        if (!victim || rank(key) < rank(*victim)) victim = key;
    }
    return victim;
}

void Oracle::chose_victim(std::optional<RequestKey> victim, int64_t now_us) {
    const std::optional<RequestKey> expected = expected_victim(now_us);
    require(victim.has_value() == expected.has_value(), now_us, "a vip on turn that finds no worker preempts",
            victim.value_or(0));
    if (victim) {
        const Item & item = find(*victim, now_us);
        const Item & other = items_.at(*expected);
        require(item.state == State::Running && item.submission.tier == other.submission.tier &&
                    item.preemptions == other.preemptions && item.started_us == other.started_us,
                now_us, "the lowest running one is preempted", *victim);
    }
    victim_ = victim;
}

bool Oracle::all_tiers_wait() const {
    for (size_t i = 0; i < kTierCount; ++i) {
        if (in_flows_[i] == 0 && (static_cast<Tier>(i) != Tier::High || urgent_.empty())) return false;
    }
    return true;
}

int64_t Oracle::next_event_us() const {
    int64_t next = INT64_MAX;
    if (!ages_.empty()) next = std::min(next, std::get<0>(*ages_.begin()));
    if (!timers_.empty()) next = std::min(next, std::get<0>(*timers_.begin()));
    if (!held_deadlines_.empty()) next = std::min(next, std::get<0>(*held_deadlines_.begin()));
    return next;
}

void Oracle::check_step(int64_t now_us) {
    const queue::RequestQueue & queue = scheduler_.queue();
    size_t waiting = 0;
    for (size_t i = 0; i < kTierCount; ++i) {
        waiting += static_cast<size_t>(waiting_[i]);
        require(queue.waiting().requests[i] == waiting_[i], now_us, "every waiting request is in its tier");
        require(queue.waiting().tokens[i] == waiting_tokens_[i], now_us, "waiting tokens are counted by tier");
        require(queue.shares().meter(static_cast<Tier>(i)) == meters_.value(i), now_us,
                "a tier pays for what it is served");
    }
    require(scheduler_.queued() == waiting, now_us, "what waits is in the queue");
    require(scheduler_.running() == static_cast<int32_t>(running_.size()), now_us, "what runs is known");
    require(static_cast<int32_t>(running_.size()) <= usable_, now_us, "no more run than there are workers");
    require(waiting == 0 || scheduler_.running() >= scheduler_.worker_limit(), now_us,
            "no worker idles while one waits");
    require(scheduler_.next_event_us() == next_event_us(), now_us, "the next event is known");
    windows_.check(all_tiers_wait(), now_us);
}

void Oracle::check_status(int64_t now_us) const {
    const queue::SchedulerStatus status = scheduler_.status(now_us);
    int64_t completed = 0;
    for (size_t i = 0; i < kTierCount; ++i) {
        const queue::TierStatus & tier = status.tiers[i];
        completed += counts_.completed[i];
        require(tier.queued == queued_by_tier_[i] && tier.running == running_by_tier_[i] &&
                    tier.parked == parked_by_tier_[i],
                now_us, "the status counts each tier");
        require(tier.queued_tokens == queued_tokens_by_tier_[i], now_us, "the status counts the tokens that wait");
        require(tier.tokens_served == served_by_tier_[i], now_us, "no computed token is lost or counted twice");
        require(static_cast<size_t>(tier.started) == counts_.waits_us[i].size(), now_us, "each start is counted once");
    }
    require(status.held == held_, now_us, "the status counts what is held");
    require(status.finished == completed && status.started == counts_.started, now_us, "the status counts what ended");
}

void Oracle::check_end(int64_t now_us) const {
    check_status(now_us);
    require(items_.empty(), now_us, "no request is lost", items_.empty() ? 0 : items_.begin()->first);
    require(scheduler_.running() == 0 && scheduler_.queued() == 0, now_us, "nothing is left when all have ended");
    int64_t ended = 0;
    int64_t submitted = 0;
    for (size_t i = 0; i < kTierCount; ++i) {
        submitted += counts_.submitted[i];
        ended += counts_.completed[i] + counts_.cancelled[i] + counts_.expired[i] + counts_.failed[i];
    }
    require(ended == submitted, now_us, "each request ends once");
}

}  // namespace inferno::sim
