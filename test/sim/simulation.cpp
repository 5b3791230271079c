#include "test/sim/simulation.h"

#include <algorithm>

#include "test/sim/violation.h"

namespace inferno::sim {
namespace {

constexpr int64_t kStatusEverySteps = 997;
constexpr int64_t kMostArrivalsAtOnce = 1'000'000;

queue::SchedulerOptions options_of(const Scenario & scenario) {
    return {scenario.policy, {4, scenario.machine.sequences, scenario.machine.target_latency_us}};
}

}  // namespace

Simulation::Simulation(const Scenario & scenario, uint64_t seed, int64_t requests)
    : scenario_(scenario),
      random_(seed ^ 0x5D3E2B1A),
      workload_(scenario, seed),
      scheduler_(options_of(scenario)),
      oracle_(scenario, scheduler_),
      next_arrival_(workload_.next()),
      arrivals_left_(requests),
      next_loss_us_(scenario.loss_every_us > 0 ? scenario.loss_every_us : INT64_MAX),
      usable_(scenario.machine.sequences) {}

void Simulation::run() {
    while (true) {
        take_arrivals();
        lose_or_restore_workers();
        expire();
        admit();
        oracle_.check_step(now_us_);
        if (running_.empty()) {
            if (!skip_idle_time()) break;
            continue;
        }
        plan();
        compute();
        if (++steps_ % kStatusEverySteps == 0) oracle_.check_status(now_us_);
    }
    oracle_.check_end(now_us_);
}

// False when nothing will ever happen again.
bool Simulation::skip_idle_time() {
    int64_t next = scheduler_.next_event_us();
    if (arrivals_left_ > 0) next = std::min(next, next_arrival_.submission.submitted_us);
    if (!timed_.empty()) next = std::min(next, timed_.top().at_us);
    if (scheduler_.queued() > 0) next = std::min(next, restored_us_);
    if (next == INT64_MAX) return false;
    now_us_ = std::max(now_us_ + 1, next);
    return true;
}

void Simulation::take_arrivals() {
    for (int64_t i = 0; i < kMostArrivalsAtOnce; ++i) {
        const int64_t arrives_us = arrivals_left_ > 0 ? next_arrival_.submission.submitted_us : INT64_MAX;
        const int64_t timed_us = timed_.empty() ? INT64_MAX : timed_.top().at_us;
        if (std::min(arrives_us, timed_us) > now_us_) return;
        if (arrives_us <= timed_us) {
            --arrivals_left_;
            accept(next_arrival_);
            next_arrival_ = workload_.next();
            continue;
        }
        const Timed timed = timed_.top();
        timed_.pop();
        if (timed.event == Event::Submit) {
            submit(timed.key);
        } else {
            cancel(timed.key);
        }
    }
}

void Simulation::accept(const Arrival & arrival) {
    if (accepted_ - static_cast<int64_t>(running_.size()) >= scenario_.capacity) {
        workload_.refused(arrival);
        oracle_.refused(arrival.submission.tier);
        return;
    }
    const uint64_t key = arrival.submission.key;
    ++accepted_;
    Job & job = jobs_[key];
    job.arrival = arrival;
    if (arrival.fails) job.fails_at = random_.below(arrival.answer_tokens);
    oracle_.announced(arrival.submission, now_us_);
    scheduler_.announce(key);
    if (arrival.cancelled_us > 0) timed_.push({arrival.cancelled_us, key, Event::Cancel});
    if (arrival.prepared_us > now_us_) {
        timed_.push({arrival.prepared_us, key, Event::Submit});
    } else {
        submit(key);
    }
}

void Simulation::submit(uint64_t key) {
    const auto found = jobs_.find(key);
    if (found == jobs_.end()) return;
    const queue::Admission admission = scheduler_.submit(found->second.arrival.submission, now_us_);
    oracle_.submitted(found->second.arrival.submission, admission, now_us_);
    if (admission == queue::Admission::DependencyFailed) finish(key, queue::Outcome::Failed);
}

void Simulation::cancel(uint64_t key) {
    if (!jobs_.contains(key)) return;
    std::erase(running_, key);
    finish(key, queue::Outcome::Cancelled);
}

void Simulation::forget(uint64_t key) {
    jobs_.erase(key);
    --accepted_;
}

// REQUIRES: it is not in running_ any more.
void Simulation::finish(uint64_t key, queue::Outcome outcome) {
    const std::vector<queue::RequestKey> ended = scheduler_.finish(key, outcome, now_us_);
    oracle_.finished(key, outcome, ended, now_us_);
    forget(key);
    for (const queue::RequestKey dependent : ended) forget(dependent);
}

void Simulation::expire() {
    if (scheduler_.next_event_us() > now_us_) return;
    const std::vector<queue::RequestKey> ended = scheduler_.expire(now_us_);
    oracle_.expired(ended, now_us_);
    for (const queue::RequestKey key : ended) forget(key);
}

// Of those that lose their worker half are parked and half fail.
void Simulation::lose_or_restore_workers() {
    if (now_us_ >= restored_us_) {
        restored_us_ = INT64_MAX;
        usable_ = scenario_.machine.sequences;
    } else if (now_us_ >= next_loss_us_) {
        next_loss_us_ += scenario_.loss_every_us;
        restored_us_ = now_us_ + scenario_.loss_lasts_us;
        usable_ = scenario_.machine.sequences / 2;
        while (static_cast<int32_t>(running_.size()) > usable_) {
            const auto at = running_.begin() + random_.below(static_cast<int64_t>(running_.size()));
            const uint64_t key = *at;
            running_.erase(at);
            if (random_.chance(500)) {
                park(key);
            } else {
                finish(key, queue::Outcome::Failed);
            }
        }
    } else {
        return;
    }
    scheduler_.set_usable_workers(usable_);
    oracle_.usable_workers(usable_);
}

void Simulation::admit() {
    while (true) {
        while (const auto dispatch = scheduler_.next(now_us_)) start(*dispatch);
        const std::optional<queue::RequestKey> victim = scheduler_.preemption(now_us_);
        oracle_.chose_victim(victim, now_us_);
        if (!victim) return;
        std::erase(running_, *victim);
        park(*victim);
    }
}

void Simulation::start(const queue::Dispatch & dispatch) {
    oracle_.started(dispatch, now_us_);
    running_.push_back(dispatch.key);
    Job & job = jobs_.at(dispatch.key);
    require(dispatch.resumed == job.has_started, now_us_, "what had begun is resumed", dispatch.key);
    if (job.has_started) return;
    job.has_started = true;
    job.cached = job.arrival.cached_tokens;
    if (job.cached == 0) return;
    scheduler_.spare(dispatch.key, job.cached);
    oracle_.spared(dispatch.key, job.cached);
}

// Its state is kept or, one time in eight, has to be computed again.
void Simulation::park(uint64_t key) {
    scheduler_.park(key, now_us_);
    oracle_.parked(key, now_us_);
    Job & job = jobs_.at(key);
    if (!random_.chance(125)) return;
    job.recompute = job.cached + job.prefilled + std::max<int64_t>(0, job.answered - 1);
}

// Who gets what in the next step, as in the engine: one token for each that decodes, prompts in the order of their
// turns.
void Simulation::plan() {
    claims_.clear();
    decoding_.clear();
    prefilling_.clear();
    for (size_t i = 0; i < running_.size(); ++i) {
        const Job & job = jobs_.at(running_[i]);
        const queue::Submission & submission = job.arrival.submission;
        if (job.recompute > 0 || job.cached + job.prefilled < submission.prompt_tokens) {
            claims_.push_back({i, submission.tier, submission.user, submission.submitted_us, job.prefilled});
        } else {
            decoding_.push_back(running_[i]);
        }
    }
    prefill_turns_.order(claims_, scenario_.policy == queue::Policy::Priority);
    int64_t budget = scenario_.machine.prefill_budget;
    for (const queue::PrefillClaim & claim : claims_) {
        const Job & job = jobs_.at(running_[claim.index]);
        const int64_t left = job.recompute + job.arrival.submission.prompt_tokens - job.cached - job.prefilled;
        const int64_t tokens = std::min(left, budget);
        if (tokens == 0) break;
        budget -= tokens;
        prefilling_.emplace_back(running_[claim.index], tokens);
    }
}

void Simulation::compute() {
    const Machine & machine = scenario_.machine;
    const auto decoded = static_cast<int64_t>(decoding_.size());
    int64_t prefilled = 0;
    for (const auto & [key, tokens] : prefilling_) prefilled += tokens;
    const int64_t step_us = machine.step_us + decoded * machine.decode_token_us + prefilled * machine.prefill_token_us;
    now_us_ += step_us;
    tokens_ += decoded + prefilled;
    for (const auto & [key, tokens] : prefilling_) prefill(key, jobs_.at(key), tokens);
    for (const uint64_t key : decoding_) {
        if (!decode(key, jobs_.at(key))) continue;
        std::erase(running_, key);
    }
    scheduler_.record_step(static_cast<int32_t>(prefilled), static_cast<int32_t>(decoded), step_us);
    scheduler_.update_workers(machine.sequences, now_us_);
}

void Simulation::prefill(uint64_t key, Job & job, int64_t tokens) {
    const int64_t again = std::min(job.recompute, tokens);
    job.recompute -= again;
    job.prefilled += tokens - again;
    prefill_turns_.charge(job.arrival.submission.tier, tokens);
    scheduler_.serve(key, tokens, 0);
    oracle_.served(key, tokens, 0, now_us_);
    const bool is_complete = job.recompute == 0 && job.cached + job.prefilled == job.arrival.submission.prompt_tokens;
    // The last token of a prompt brings the first of the answer with it.
    if (is_complete && decode(key, job)) std::erase(running_, key);
}

bool Simulation::decode(uint64_t key, Job & job) {
    if (job.answered == job.fails_at) {
        finish(key, queue::Outcome::Failed);
        return true;
    }
    ++job.answered;
    scheduler_.serve(key, 0, 1);
    oracle_.served(key, 0, 1, now_us_);
    if (job.answered < job.arrival.answer_tokens) return false;
    const bool whole_prompt = job.cached + job.prefilled == job.arrival.submission.prompt_tokens && job.recompute == 0;
    require(whole_prompt, now_us_, "an answer follows its whole prompt, each token computed once", key);
    finish(key, queue::Outcome::Completed);
    return true;
}

}  // namespace inferno::sim
