// What the simulated world looks like: the machine, the load over time, and what goes wrong. Thread safety: values.
#pragma once

#include <array>
#include <cstdint>
#include <string>
#include <vector>

#include "native/queue/request_queue.h"
#include "native/queue/tier.h"

namespace inferno::sim {

constexpr int64_t kSecondUs = 1'000'000;

// A step costs `step_us` and more for each token in it.
struct Machine {
    int32_t sequences = 64;
    int64_t step_us = 4000;
    int64_t decode_token_us = 45;
    int64_t prefill_token_us = 12;
    int64_t prefill_budget = 512;  // prompt tokens in one step
    int64_t target_latency_us = 0;
};

struct Range {
    int64_t low;
    int64_t high;
};

struct Phase {
    int64_t duration_us;
    int64_t load_percent;  // of what the machine can do
};

struct Scenario {
    std::string name;
    int64_t share_percent = 0;  // of all simulated requests
    queue::Policy policy = queue::Policy::Priority;
    Machine machine;
    Range prompt{16, 2048};
    Range answer{8, 256};
    std::vector<Phase> phases;  // again and again
    std::array<int64_t, queue::kTierCount> tier_percent{8, 22, 45, 25};
    int64_t users = 40;
    int64_t capacity = 4000;  // waiting requests; more are refused
    int64_t cancel_per_mille = 0;
    int64_t fail_per_mille = 0;  // of those that run
    int64_t deadline_per_mille = 0;
    int64_t chain_per_mille = 0;  // depend on the one before in their chain
    int64_t storm_every_us = 0;   // so often many requests with one deadline come at once
    int64_t storm_size = 0;
    int64_t loss_every_us = 0;  // so often half of the sequences are lost
    int64_t loss_lasts_us = 0;
    // Largest deviation of a tier's share of tokens in any 10 s in which all tiers had work waiting: in percent of all
    // tokens, started and computed, and of the share itself for started ones. Computed ones follow later by a request's
    // duration, and the lowest tier has but four of 64 sequences.
    int64_t share_points = 5;
    int64_t share_relative_percent = 0;  // 0: not checked
};

std::vector<Scenario> all_scenarios();

}  // namespace inferno::sim
