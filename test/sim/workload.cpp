#include "test/sim/workload.h"

#include <algorithm>

namespace inferno::sim {
namespace {

constexpr int64_t kMeanPrepareUs = 3000;
constexpr int64_t kMeanPatienceUs = 6 * kSecondUs;

// Of Random::octaves(): the mean of the octaves' means.
int64_t mean_of(const Range & range) {
    const int64_t count = std::max<int64_t>(1, std::bit_width(static_cast<uint64_t>(range.high / range.low)) - 1);
    int64_t sum = 0;
    for (int64_t i = 0; i < count; ++i) sum += 3 * (range.low << i) / 2;
    return sum / count;
}

int64_t request_cost_us(const Scenario & scenario) {
    const Machine & machine = scenario.machine;
    const int64_t answer = mean_of(scenario.answer);
    return answer * machine.step_us / machine.sequences + answer * machine.decode_token_us +
           mean_of(scenario.prompt) * machine.prefill_token_us;
}

}  // namespace

Workload::Workload(const Scenario & scenario, uint64_t seed)
    : scenario_(scenario),
      random_(seed),
      request_us_(request_cost_us(scenario)),
      phase_ends_us_(scenario.phases.front().duration_us),
      next_storm_us_(scenario.storm_every_us > 0 ? scenario.storm_every_us : INT64_MAX) {}

int64_t Workload::mean_distance_us() const { return request_us_ * 100 / scenario_.phases[phase_].load_percent; }

void Workload::advance_clock() {
    if (storm_left_ > 0) {
        --storm_left_;
        return;
    }
    now_us_ += random_.exponential(mean_distance_us());
    while (now_us_ >= phase_ends_us_) {
        phase_ = (phase_ + 1) % scenario_.phases.size();
        phase_ends_us_ += scenario_.phases[phase_].duration_us;
    }
    if (now_us_ < next_storm_us_) return;
    next_storm_us_ += scenario_.storm_every_us;
    storm_left_ = scenario_.storm_size;
    storm_deadline_us_ = now_us_ + random_.between(5, 40) * kSecondUs;
}

queue::Tier Workload::pick_tier() {
    int64_t at = random_.below(100);
    for (size_t i = 0; i + 1 < queue::kTierCount; ++i) {
        at -= scenario_.tier_percent[i];
        if (at < 0) return static_cast<queue::Tier>(i);
    }
    return queue::Tier::Low;
}

// Most depend on the one before, some on the two before.
void Workload::chain(Arrival & arrival) {
    if (chain_left_ == 0) {
        chain_.clear();
        chain_left_ = random_.between(2, 40);
    }
    --chain_left_;
    arrival.chained = true;
    std::vector<queue::RequestKey> & needs = arrival.submission.dependencies;
    if (!chain_.empty()) needs.push_back(chain_.back());
    if (chain_.size() > 1 && random_.chance(300)) needs.push_back(chain_[chain_.size() - 2]);
    chain_.push_back(arrival.submission.key);
}

void Workload::refused(const Arrival & arrival) {
    if (arrival.chained && !chain_.empty() && chain_.back() == arrival.submission.key) chain_.pop_back();
}

Arrival Workload::next() {
    advance_clock();
    Arrival arrival;
    queue::Submission & submission = arrival.submission;
    submission.key = ++key_;
    submission.tier = pick_tier();
    // Every user is as greedy as his number says, the first one most: half of all comes from a few.
    submission.user = static_cast<uint64_t>(random_.below(random_.below(scenario_.users) + 1)) + 1;
    submission.submitted_us = now_us_;
    submission.prompt_tokens = random_.octaves(scenario_.prompt.low, scenario_.prompt.high);
    arrival.answer_tokens = random_.octaves(scenario_.answer.low, scenario_.answer.high);
    // Half say a limit, which one in three reaches; a few say what they expect, more or less rightly.
    if (random_.chance(500)) submission.max_tokens = arrival.answer_tokens * random_.between(1, 3);
    if (random_.chance(200))
        submission.expected_tokens = std::max<int64_t>(1, arrival.answer_tokens * random_.between(5, 15) / 10);
    arrival.prepared_us = now_us_ + (random_.chance(300) ? random_.exponential(kMeanPrepareUs) : 0);
    if (random_.chance(250)) arrival.cached_tokens = random_.below(submission.prompt_tokens);
    if (random_.chance(scenario_.cancel_per_mille))
        arrival.cancelled_us = now_us_ + random_.exponential(kMeanPatienceUs);
    arrival.fails = random_.chance(scenario_.fail_per_mille);
    if (storm_left_ > 0) {
        submission.deadline_us = storm_deadline_us_;
    } else if (random_.chance(scenario_.deadline_per_mille)) {
        // 30 s and 10 s sharp are what people ask for, and where the rules change.
        const int64_t wishes[] = {1, 5, 10, 20, 30, 30, 45, 60};
        submission.deadline_us = now_us_ + wishes[random_.below(8)] * kSecondUs;
    }
    if (random_.chance(scenario_.chain_per_mille)) chain(arrival);
    return arrival;
}

}  // namespace inferno::sim
