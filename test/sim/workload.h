// The requests of a scenario in order of arrival, from a seed. Thread safety: none.
#pragma once

#include <cstdint>
#include <vector>

#include "native/queue/scheduler.h"
#include "test/sim/random.h"
#include "test/sim/scenario.h"

namespace inferno::sim {

struct Arrival {
    queue::Submission submission;  // submitted_us is the time of arrival
    int64_t prepared_us = 0;       // when it can be submitted
    int64_t answer_tokens = 1;     // what the model will say
    int64_t cached_tokens = 0;     // of its prompt
    int64_t cancelled_us = 0;      // 0: never
    bool fails = false;            // while it runs
    bool chained = false;
};

class Workload {
  public:
    // `scenario` must outlive it.
    Workload(const Scenario & scenario, uint64_t seed);

    Arrival next();
    // The chain goes on from the one before.
    void refused(const Arrival & arrival);

  private:
    void advance_clock();
    void chain(Arrival & arrival);
    queue::Tier pick_tier();
    int64_t mean_distance_us() const;

    const Scenario & scenario_;
    Random random_;
    int64_t request_us_;  // machine time of a mean request
    int64_t now_us_ = 0;
    size_t phase_ = 0;
    int64_t phase_ends_us_;
    int64_t next_storm_us_;
    int64_t storm_left_ = 0;
    int64_t storm_deadline_us_ = 0;
    uint64_t key_ = 0;
    // The last members of the chain, youngest last.
    std::vector<uint64_t> chain_;
    int64_t chain_left_ = 0;
};

}  // namespace inferno::sim
