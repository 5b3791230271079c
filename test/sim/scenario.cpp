#include "test/sim/scenario.h"

namespace inferno::sim {
namespace {

constexpr int64_t s = kSecondUs;

// Everything at once: quiet times and bursts, all that users do, all that breaks.
Scenario mixed() {
    Scenario scenario;
    scenario.name = "mixed";
    scenario.tier_percent = {12, 22, 41, 25};
    scenario.share_percent = 44;
    scenario.phases = {{60 * s, 40}, {90 * s, 80}, {40 * s, 200}, {25 * s, 600}, {60 * s, 90}, {200 * s, 30}};
    scenario.cancel_per_mille = 60;
    scenario.fail_per_mille = 3;
    scenario.deadline_per_mille = 150;
    scenario.chain_per_mille = 40;
    scenario.storm_every_us = 211 * s;
    scenario.storm_size = 1000;
    scenario.loss_every_us = 157 * s;
    scenario.loss_lasts_us = 20 * s;
    return scenario;
}

// All tiers want more than their share all the time, with requests that are small beside what a tier gets in 10 s: a
// scheduler of whole requests is off by one at either end of a window.
Scenario shares() {
    Scenario scenario;
    scenario.name = "shares";
    scenario.share_percent = 20;
    scenario.prompt = {64, 256};
    scenario.share_relative_percent = 5;
    scenario.answer = {8, 128};
    scenario.phases = {{120 * s, 300}, {240 * s, 5}};
    scenario.tier_percent = {25, 25, 25, 25};
    scenario.capacity = 100'000;
    return scenario;
}

// Vips alone are three times what the machine can do; the others must not starve.
Scenario vip_flood() {
    Scenario scenario;
    scenario.name = "vip-flood";
    scenario.share_percent = 12;
    scenario.phases = {{100 * s, 400}, {300 * s, 5}};
    scenario.capacity = 100'000;
    scenario.tier_percent = {76, 8, 8, 8};
    scenario.cancel_per_mille = 20;
    return scenario;
}

// Thousands of requests with one deadline, and most others have one too.
Scenario deadlines() {
    Scenario scenario;
    scenario.name = "deadlines";
    scenario.share_percent = 10;
    scenario.phases = {{100 * s, 40}, {20 * s, 250}};
    scenario.deadline_per_mille = 700;
    scenario.storm_every_us = 97 * s;
    scenario.storm_size = 3000;
    scenario.capacity = 10'000;
    return scenario;
}

// Half of the sequences are gone for half of the time.
Scenario worker_loss() {
    Scenario scenario;
    scenario.name = "worker-loss";
    scenario.share_percent = 7;
    scenario.phases = {{40 * s, 100}, {60 * s, 50}};
    scenario.loss_every_us = 20 * s;
    scenario.loss_lasts_us = 10 * s;
    scenario.chain_per_mille = 100;
    scenario.fail_per_mille = 10;
    return scenario;
}

// The worker limit moves, because the latency of a full machine is above the target.
Scenario target_latency() {
    Scenario scenario;
    scenario.name = "latency";
    scenario.share_percent = 4;
    scenario.phases = {{40 * s, 150}, {80 * s, 30}};
    scenario.machine.target_latency_us = 9000;
    scenario.cancel_per_mille = 50;
    return scenario;
}

// The policy off: order of arrival, expiry and cancel.
Scenario fifo() {
    Scenario scenario;
    scenario.name = "fifo";
    scenario.share_percent = 3;
    scenario.policy = queue::Policy::Fifo;
    scenario.phases = {{60 * s, 120}, {60 * s, 50}};
    scenario.cancel_per_mille = 50;
    scenario.deadline_per_mille = 200;
    scenario.chain_per_mille = 50;
    return scenario;
}

}  // namespace

std::vector<Scenario> all_scenarios() {
    return {mixed(), shares(), vip_flood(), deadlines(), worker_loss(), target_latency(), fifo()};
}

}  // namespace inferno::sim
