#include "native/queue/scheduler.h"

#include <algorithm>

#include "native/queue/waiting_estimate.h"

namespace inferno::queue {
namespace {

// Failed requests that are remembered for later ones that depend on them.
constexpr size_t kRememberedFailures = 10'000;

}  // namespace

Scheduler::Scheduler(const SchedulerOptions & options)
    : options_(options), queue_(options.policy), workers_(options.workers) {}

int64_t Scheduler::expected_tokens(const Submission & submission) const {
    int64_t answer = submission.expected_tokens > 0 ? submission.expected_tokens : rates_.expected_answer();
    if (submission.max_tokens >= 0) answer = std::min(answer, submission.max_tokens);
    return std::max<int64_t>(1, submission.prompt_tokens + answer);
}

int64_t Scheduler::remaining_tokens(const Entry & entry) const {
    return std::max<int64_t>(1, entry.expected - entry.served);
}

void Scheduler::announce(RequestKey key) { entries_[key].state = RequestState::Preparing; }

Admission Scheduler::submit(const Submission & submission, int64_t now_us) {
    size_t missing = 0;
    for (const RequestKey dependency : submission.dependencies) {
        if (failures_.contains(dependency)) {
            announce(submission.key);
            return Admission::DependencyFailed;
        }
        if (dependency != submission.key && entries_.contains(dependency)) ++missing;
    }
    Entry & entry = entries_[submission.key];
    entry.tier = submission.tier;
    entry.submission = submission;
    entry.missing = missing;
    if (missing == 0) {
        enqueue(entry, now_us);
        return Admission::Waits;
    }
    entry.state = RequestState::Held;
    ++held_;
    if (submission.deadline_us > 0) held_deadlines_.emplace(submission.deadline_us, submission.key);
    for (const RequestKey dependency : submission.dependencies) {
        const auto found = entries_.find(dependency);
        if (dependency == submission.key || found == entries_.end()) continue;
        found->second.dependents.push_back(submission.key);
    }
    return Admission::Held;
}

void Scheduler::enqueue(Entry & entry, int64_t now_us) {
    const Submission & submission = entry.submission;
    entry.expected = expected_tokens(submission);
    entry.state = RequestState::Waiting;
    entry.ticket = queue_.push({submission.key, submission.tier, submission.user, submission.submitted_us,
                                submission.deadline_us, entry.expected},
                               now_us);
    ++queued_by_tier_[index_of(entry.tier)];
    queued_tokens_by_tier_[index_of(entry.tier)] += entry.expected;
}

std::vector<RequestKey> Scheduler::expire(int64_t now_us) {
    expired_.clear();
    queue_.advance(now_us, expired_);
    std::vector<RequestKey> late;
    for (const Popped & expired : expired_) late.push_back(expired.key);
    for (const auto & [deadline_us, key] : held_deadlines_) {
        if (deadline_us > now_us) break;
        late.push_back(key);
    }
    std::vector<RequestKey> ended;
    for (const RequestKey key : late) {
        const auto found = entries_.find(key);
        if (found == entries_.end()) continue;  // it depended on one that was late too
        ++expired_count_;
        ended.push_back(key);
        end_dependents(remove(found), ended);
        remember_failure(key);
    }
    return ended;
}

int64_t Scheduler::next_event_us() const {
    const int64_t next = queue_.next_event_us();
    return held_deadlines_.empty() ? next : std::min(next, held_deadlines_.begin()->first);
}

std::optional<Popped> Scheduler::pop(int64_t now_us) {
    if (starts_next_) {
        const auto vip = entries_.find(*starts_next_);
        starts_next_.reset();
        if (vip != entries_.end()) {
            if (auto popped = queue_.pop(vip->second.ticket, now_us)) return popped;
        }
    }
    if (running_ >= workers_.value()) return std::nullopt;
    return queue_.pop(now_us);
}

std::optional<Dispatch> Scheduler::next(int64_t now_us) {
    const std::optional<Popped> popped = pop(now_us);
    if (!popped) return std::nullopt;
    Entry & entry = entries_.at(popped->key);
    const size_t tier = index_of(entry.tier);
    --queued_by_tier_[tier];
    queued_tokens_by_tier_[tier] -= popped->tokens;
    const bool resumed = entry.state == RequestState::Parked;
    if (resumed) {
        --parked_;
        --parked_by_tier_[tier];
    }
    if (!entry.has_started) {
        entry.has_started = true;
        ++started_;
        ++started_by_tier_[tier];
        waits_[tier].record(popped->waited_us);
    }
    entry.state = RequestState::Running;
    entry.started_us = now_us;
    entry.running_at = running_keys_.size();
    running_keys_.push_back(popped->key);
    ++running_;
    ++running_by_tier_[tier];
    return Dispatch{popped->key, resumed};
}

std::optional<RequestKey> Scheduler::preemption(int64_t now_us) {
    if (options_.policy == Policy::Fifo || running_ < workers_.value() || queue_.size() == 0) return std::nullopt;
    if (frees_worker_soon(now_us)) return std::nullopt;
    const std::optional<Popped> best = queue_.peek(now_us);
    if (!best || best->tier != Tier::Vip) return std::nullopt;
    // The lowest tier; among equals the one that was parked least, then the one that started last.
    const Entry * victim = nullptr;
    for (const RequestKey key : running_keys_) {
        const Entry & entry = entries_.at(key);
        if (entry.tier == Tier::Vip) continue;
        const bool is_better_victim =
            victim == nullptr || entry.tier > victim->tier ||
            (entry.tier == victim->tier &&
             (entry.preemptions < victim->preemptions ||
              (entry.preemptions == victim->preemptions && entry.started_us > victim->started_us)));
        if (is_better_victim) victim = &entry;
    }
    if (victim == nullptr) return std::nullopt;
    replacement_ = Replacement{victim->submission.key, best->key};
    return replacement_->victim;
}

bool Scheduler::frees_worker_soon(int64_t now_us) const {
    return free_interval_us_ < static_cast<double>(kPatienceUs) && now_us - freed_us_ < kPatienceUs;
}

void Scheduler::record_freed_worker(int64_t now_us) {
    const auto interval = static_cast<double>(now_us - freed_us_);
    free_interval_us_ += 0.1 * (std::min(interval, 10.0 * static_cast<double>(kPatienceUs)) - free_interval_us_);
    freed_us_ = now_us;
}

void Scheduler::stop_running(Entry & entry) {
    const RequestKey last = running_keys_.back();
    running_keys_[entry.running_at] = last;
    entries_.at(last).running_at = entry.running_at;
    running_keys_.pop_back();
    --running_;
    --running_by_tier_[index_of(entry.tier)];
}

void Scheduler::park(RequestKey key, int64_t /*now_us*/) {
    Entry & entry = entries_.at(key);
    stop_running(entry);
    const int64_t remaining = remaining_tokens(entry);
    queue_.put_back(entry.ticket, remaining);
    if (replacement_ && replacement_->victim == key) starts_next_ = replacement_->vip;
    replacement_.reset();
    entry.state = RequestState::Parked;
    ++entry.preemptions;
    ++preempted_;
    ++parked_;
    ++parked_by_tier_[index_of(entry.tier)];
    ++queued_by_tier_[index_of(entry.tier)];
    queued_tokens_by_tier_[index_of(entry.tier)] += remaining;
}

void Scheduler::stop_holding(RequestKey key, const Entry & entry) {
    --held_;
    if (entry.submission.deadline_us > 0) held_deadlines_.erase({entry.submission.deadline_us, key});
}

std::vector<RequestKey> Scheduler::remove(std::unordered_map<RequestKey, Entry>::iterator found) {
    Entry & entry = found->second;
    const size_t tier = index_of(entry.tier);
    switch (entry.state) {
        case RequestState::Preparing:
            break;
        case RequestState::Held:
            stop_holding(found->first, entry);
            break;
        case RequestState::Running:
            stop_running(entry);
            break;
        case RequestState::Parked:
            --parked_;
            --parked_by_tier_[tier];
            [[fallthrough]];
        case RequestState::Waiting:
            --queued_by_tier_[tier];
            queued_tokens_by_tier_[tier] -= remaining_tokens(entry);
            break;
    }
    if (entry.ticket != 0) {
        // What it was charged too much goes back; what it used beyond that was charged by serve().
        queue_.settle(entry.ticket, std::min<int64_t>(0, entry.served - entry.expected));
        queue_.release(entry.ticket);
    }
    std::vector<RequestKey> dependents = std::move(entry.dependents);
    entries_.erase(found);
    return dependents;
}

std::vector<RequestKey> Scheduler::finish(RequestKey key, Outcome outcome, int64_t now_us) {
    std::vector<RequestKey> ended;
    const auto found = entries_.find(key);
    if (found == entries_.end()) return ended;
    const int64_t answered = found->second.answered;
    if (found->second.state == RequestState::Running) record_freed_worker(now_us);
    const std::vector<RequestKey> dependents = remove(found);
    if (outcome == Outcome::Completed) {
        ++finished_;
        rates_.record_answer(answered);
        release_dependents(dependents, now_us);
        return ended;
    }
    if (outcome == Outcome::Cancelled) ++cancelled_;
    remember_failure(key);
    end_dependents(dependents, ended);
    return ended;
}

void Scheduler::release_dependents(const std::vector<RequestKey> & dependents, int64_t now_us) {
    for (const RequestKey key : dependents) {
        const auto found = entries_.find(key);
        if (found == entries_.end() || found->second.state != RequestState::Held) continue;
        if (--found->second.missing > 0) continue;
        stop_holding(key, found->second);
        enqueue(found->second, now_us);
    }
}

// A list of work in place of a call per link: chains may be as long as the queue.
void Scheduler::end_dependents(std::vector<RequestKey> dependents, std::vector<RequestKey> & ended) {
    while (!dependents.empty()) {
        const RequestKey key = dependents.back();
        dependents.pop_back();
        const auto found = entries_.find(key);
        if (found == entries_.end()) continue;
        ended.push_back(key);
        remember_failure(key);
        const std::vector<RequestKey> more = remove(found);
        dependents.insert(dependents.end(), more.begin(), more.end());
    }
}

void Scheduler::remember_failure(RequestKey key) {
    if (failure_ring_.size() < kRememberedFailures) {
        failure_ring_.push_back(key);
    } else {
        failures_.erase(failure_ring_[next_failure_]);
        failure_ring_[next_failure_] = key;
        next_failure_ = (next_failure_ + 1) % kRememberedFailures;
    }
    failures_.emplace(key, 0);
}

void Scheduler::serve(RequestKey key, int64_t prefill_tokens, int64_t decode_tokens) {
    Entry & entry = entries_.at(key);
    const int64_t tokens = prefill_tokens + decode_tokens;
    served_by_tier_[index_of(entry.tier)] += tokens;
    entry.answered += decode_tokens;
    const int64_t before = std::max<int64_t>(0, entry.served - entry.expected);
    entry.served += tokens;
    const int64_t beyond = std::max<int64_t>(0, entry.served - entry.expected) - before;
    if (beyond > 0) queue_.settle(entry.ticket, beyond);
}

void Scheduler::spare(RequestKey key, int64_t cached_tokens) {
    Entry & entry = entries_.at(key);
    const int64_t spared = std::clamp<int64_t>(cached_tokens, 0, remaining_tokens(entry) - 1);
    entry.expected -= spared;
    queue_.settle(entry.ticket, -spared);
}

void Scheduler::record_step(int32_t prefill_tokens, int32_t decode_tokens, int64_t step_us) {
    rates_.record_step(prefill_tokens, decode_tokens, step_us);
    if (decode_tokens > 0) workers_.record_step(step_us);
}

void Scheduler::update_workers(int32_t spare_sequences, int64_t now_us) {
    workers_.update(running_, static_cast<int64_t>(queue_.size()), spare_sequences, now_us);
}

SchedulerStatus Scheduler::status(int64_t now_us) const {
    SchedulerStatus status;
    int64_t queued_tokens = 0;
    for (size_t i = 0; i < kTierCount; ++i) {
        TierStatus & tier = status.tiers[i];
        tier.queued = queued_by_tier_[i];
        tier.running = running_by_tier_[i];
        tier.parked = parked_by_tier_[i];
        tier.queued_tokens = queued_tokens_by_tier_[i];
        const int64_t oldest = queue_.oldest_submitted_us(static_cast<Tier>(i));
        tier.oldest_us = oldest == INT64_MAX ? 0 : now_us - oldest;
        tier.wait = waits_[i].summarize();
        tier.started = started_by_tier_[i];
        tier.tokens_served = served_by_tier_[i];
        queued_tokens += tier.queued_tokens;
    }
    status.queued = static_cast<int64_t>(queue_.size());
    status.held = held_;
    status.running = running_;
    status.parked = parked_;
    status.worker_limit = workers_.value();
    status.prefill_rate = rates_.prefill_rate();
    status.decode_rate = rates_.decode_rate();
    status.token_latency_us = workers_.latency_us();
    if (rates_.rate() > 0)
        status.drain_us = static_cast<int64_t>(static_cast<double>(queued_tokens) / rates_.rate() * 1e6);
    status.started = started_;
    status.finished = finished_;
    status.cancelled = cancelled_;
    status.expired = expired_count_;
    status.preempted = preempted_;
    return status;
}

std::optional<Standing> Scheduler::standing(RequestKey key) const {
    const auto found = entries_.find(key);
    if (found == entries_.end()) return std::nullopt;
    Standing standing{found->second.state};
    standing.answered = found->second.answered;
    standing.computed = found->second.served;
    if (found->second.ticket == 0) return standing;
    const auto ahead = queue_.ahead_of(found->second.ticket);
    if (!ahead) return standing;
    standing.position = ahead->requests;
    const int64_t tokens =
        ahead->lifted ? ahead->tokens : tokens_until_served(queue_.waiting().tokens, ahead->tier, ahead->tokens);
    if (rates_.rate() > 0) standing.eta_us = static_cast<int64_t>(static_cast<double>(tokens) / rates_.rate() * 1e6);
    return standing;
}

}  // namespace inferno::queue
