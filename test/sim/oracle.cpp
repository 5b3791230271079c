// Oracle, first part: what it is told, and what follows from it.
#include "test/sim/oracle.h"

#include <algorithm>

#include "test/sim/violation.h"

namespace inferno::sim {

using queue::index_of;
using queue::kTierCount;
using queue::Outcome;
using queue::RequestKey;
using queue::Tier;

Oracle::Oracle(const Scenario & scenario, const queue::Scheduler & scheduler)
    : scenario_(scenario),
      scheduler_(scheduler),
      windows_(scenario),
      wait_bound_(scenario.users),
      usable_(scenario.machine.sequences) {}

Oracle::Item & Oracle::find(RequestKey key, int64_t now_us) {
    const auto found = items_.find(key);
    require(found != items_.end(), now_us, "what has ended is never heard of again", key);
    return found->second;
}

void Oracle::note(Event event, RequestKey key, int64_t now_us) {
    for (const uint64_t value : {static_cast<uint64_t>(event), key, static_cast<uint64_t>(now_us)}) {
        history_ = (history_ ^ value) * 0x9E3779B97F4A7C15u;
        history_ ^= history_ >> 29;
    }
}

int64_t Oracle::remaining(const Item & item) const { return std::max<int64_t>(1, item.expected - item.served); }

void Oracle::announced(const queue::Submission & submission, int64_t now_us) {
    require(!items_.contains(submission.key) && !ended_well_.contains(submission.key), now_us, "keys are unique");
    items_[submission.key].submission = submission;
    ++counts_.submitted[index_of(submission.tier)];
    note(Event::Announced, submission.key, now_us);
}

void Oracle::submitted(const queue::Submission & submission, queue::Admission admission, int64_t now_us) {
    const RequestKey key = submission.key;
    Item & item = find(key, now_us);
    bool has_failed = false;
    for (const RequestKey needed : submission.dependencies) {
        const auto ended = ended_well_.find(needed);
        has_failed = has_failed || (ended != ended_well_.end() && !ended->second);
        if (items_.contains(needed)) ++item.missing;
    }
    require(has_failed == (admission == queue::Admission::DependencyFailed), now_us,
            "a request whose dependency failed does not enter", key);
    if (has_failed) return;
    require((item.missing > 0) == (admission == queue::Admission::Held), now_us,
            "a request is held while a dependency has not ended", key);
    if (item.missing == 0) {
        enqueue(key, item, now_us);
        return;
    }
    item.state = State::Held;
    item.arrival = ++entries_;
    ++held_;
    for (const RequestKey needed : submission.dependencies) {
        const auto found = items_.find(needed);
        if (found != items_.end()) found->second.dependents.push_back(key);
    }
    if (submission.deadline_us > 0) held_deadlines_.emplace(submission.deadline_us, item.arrival, key);
    note(Event::Held, key, now_us);
}

void Oracle::enqueue(RequestKey key, Item & item, int64_t now_us) {
    const queue::Submission & submission = item.submission;
    int64_t answer = submission.expected_tokens > 0 ? submission.expected_tokens : rates_.expected_answer();
    if (submission.max_tokens >= 0) answer = std::min(answer, submission.max_tokens);
    item.expected = submission.prompt_tokens + answer;
    item.state = State::Waiting;
    item.ready_us = now_us;
    item.tier = is_fifo() ? Tier::Normal : submission.tier;
    item.arrival = ++arrivals_;
    wait_bound_.note_request(item.expected);
    enter(key, item, now_us);
    note(Event::Waits, key, now_us);
}

void Oracle::expired(const std::vector<RequestKey> & ended, int64_t now_us) {
    age(now_us);
    std::set<RequestKey> late;
    while (!timers_.empty() && std::get<0>(*timers_.begin()) <= now_us) {
        const RequestKey key = std::get<2>(*timers_.begin());
        Item & item = items_.at(key);
        if (item.submission.deadline_us <= now_us) {
            late.insert(key);
            leave(key, item);
            item.state = State::Preparing;  // in no book any more
            count_queued(item, -1);
        } else {
            timers_.erase(timers_.begin());
            lift(key, item, now_us);
        }
    }
    for (const auto & [deadline_us, arrival, key] : held_deadlines_) {
        if (deadline_us > now_us) break;
        late.insert(key);
    }
    std::set<RequestKey> all = late;
    for (const RequestKey key : late) {
        const auto found = items_.find(key);
        if (found == items_.end()) continue;
        ++counts_.expired[index_of(found->second.submission.tier)];
        note(Event::Expired, key, now_us);
        fail_dependents(remove(found, false, now_us), all, now_us);
    }
    require_same(ended, all, now_us, "exactly those expire whose deadline has passed, at its step");
}

void Oracle::parked(RequestKey key, int64_t now_us) {
    Item & item = find(key, now_us);
    require(item.state == State::Running, now_us, "only what runs is parked", key);
    stop_running(key, item);
    replaces_victim_ = victim_ == key;
    victim_.reset();
    item.state = State::Parked;
    item.submission.deadline_us = 0;
    ++item.preemptions;
    ++counts_.preempted[index_of(item.submission.tier)];
    ++parked_by_tier_[index_of(item.submission.tier)];
    count_queued(item, 1);
    item.lift = Lift::PutBack;
    item.entry = ++entries_;
    put_back_.emplace(item.submission.tier, item.entry, key);
    ++waiting_[index_of(item.tier)];
    waiting_tokens_[index_of(item.tier)] += remaining(item);
    note(Event::Parked, key, now_us);
}

void Oracle::served(RequestKey key, int64_t prefill_tokens, int64_t decode_tokens, int64_t now_us) {
    Item & item = find(key, now_us);
    require(item.state == State::Running, now_us, "only what runs is computed", key);
    const int64_t tokens = prefill_tokens + decode_tokens;
    const int64_t covered = std::clamp<int64_t>(item.expected - item.served, 0, tokens);
    item.served += tokens;
    item.answered += decode_tokens;
    served_by_tier_[index_of(item.submission.tier)] += tokens;
    if (item.pays_tier) {
        windows_.compute(item.payer, tokens);
    } else {
        windows_.compute_critical(tokens);
    }
    if (tokens > covered) charge(item, Charge::Beyond, tokens - covered);
}

void Oracle::spared(RequestKey key, int64_t cached_tokens) {
    Item & item = items_.at(key);
    const int64_t spared = std::clamp<int64_t>(cached_tokens, 0, remaining(item) - 1);
    item.expected -= spared;
    charge(item, Charge::Refund, spared);
}

void Oracle::finished(RequestKey key, Outcome outcome, const std::vector<RequestKey> & ended, int64_t now_us) {
    find(key, now_us);
    const auto found = items_.find(key);
    const int64_t answered = found->second.answered;
    require(outcome != Outcome::Completed || found->second.state == State::Running, now_us, "only what runs completes",
            key);
    if (found->second.state == State::Running) {
        free_interval_us_ += 0.1 * (std::min(static_cast<double>(now_us - freed_us_), 200'000.0) - free_interval_us_);
        freed_us_ = now_us;
    }
    const size_t tier = index_of(found->second.submission.tier);
    ++(outcome == Outcome::Completed   ? counts_.completed
       : outcome == Outcome::Cancelled ? counts_.cancelled
                                       : counts_.failed)[tier];
    const std::vector<RequestKey> dependents = remove(found, outcome == Outcome::Completed, now_us);
    note(Event::Ended, key, now_us);
    std::set<RequestKey> all;
    if (outcome != Outcome::Completed) {
        fail_dependents(dependents, all, now_us);
    } else {
        rates_.record_answer(answered);
        for (const RequestKey dependent : dependents) {
            const auto waiting = items_.find(dependent);
            if (waiting == items_.end() || --waiting->second.missing > 0) continue;
            --held_;
            held_deadlines_.erase({waiting->second.submission.deadline_us, waiting->second.arrival, dependent});
            enqueue(dependent, waiting->second, now_us);
        }
    }
    require_same(ended, all, now_us, "exactly those end that depended on one that failed");
}

void Oracle::stop_running(RequestKey key, const Item & item) {
    std::erase(running_, key);
    --running_by_tier_[index_of(item.submission.tier)];
}

std::vector<RequestKey> Oracle::remove(Items::iterator found, bool ended_well, int64_t now_us) {
    const RequestKey key = found->first;
    Item & item = found->second;
    const size_t tier = index_of(item.submission.tier);
    const int64_t overcharge = item.expected - item.served;
    if (item.is_charged && overcharge > 0) charge(item, Charge::Refund, overcharge);
    if (item.state == State::Running) stop_running(key, item);
    if (item.state == State::Parked) --parked_by_tier_[tier];
    if (item.state == State::Waiting || item.state == State::Parked) {
        leave(key, item);
        count_queued(item, -1);
    }
    if (item.state == State::Held) {
        --held_;
        held_deadlines_.erase({item.submission.deadline_us, item.arrival, key});
    }
    if (item.is_charged) flows_.release(user_of(item), item.payer);
    wait_bound_.forget(key);
    std::vector<RequestKey> dependents = std::move(item.dependents);
    items_.erase(found);
    require(ended_well_.emplace(key, ended_well).second, now_us, "a request ends once", key);
    return dependents;
}

void Oracle::fail_dependents(std::vector<RequestKey> dependents, std::set<RequestKey> & ended, int64_t now_us) {
    while (!dependents.empty()) {
        const RequestKey key = dependents.back();
        dependents.pop_back();
        const auto found = items_.find(key);
        if (found == items_.end()) continue;
        require(found->second.state == State::Held, now_us, "what depends on another one waits for its end", key);
        ++counts_.failed[index_of(found->second.submission.tier)];
        // One that was late itself is counted as such.
        if (!ended.insert(key).second) {
            --counts_.failed[index_of(found->second.submission.tier)];
            ++counts_.expired[index_of(found->second.submission.tier)];
        }
        note(Event::Ended, key, now_us);
        for (const RequestKey next : remove(found, false, now_us)) dependents.push_back(next);
    }
}

void Oracle::require_same(const std::vector<RequestKey> & told, const std::set<RequestKey> & ended, int64_t now_us,
                          const char * invariant) {
    require(told.size() == ended.size(), now_us, invariant);
    for (const RequestKey key : told) require(ended.contains(key), now_us, invariant, key);
}

}  // namespace inferno::sim
