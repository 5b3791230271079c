// One scenario: the real Scheduler (and the real order of prompts) on a model of a machine, under a virtual clock. It
// does in each turn what the engine does: take what came, end what is late, start and preempt, compute one step. The
// oracle is told of every call. Thread safety: none; a seed determines everything.
#pragma once

#include <cstdint>
#include <queue>
#include <unordered_map>
#include <vector>

#include "native/queue/prefill_turns.h"
#include "native/queue/scheduler.h"
#include "test/sim/oracle.h"
#include "test/sim/scenario.h"
#include "test/sim/workload.h"

namespace inferno::sim {

class Simulation {
  public:
    // `scenario` must outlive it.
    Simulation(const Scenario & scenario, uint64_t seed, int64_t requests);

    // Until everything has ended. Throws a Violation.
    void run();

    const Oracle & oracle() const { return oracle_; }
    int64_t now_us() const { return now_us_; }
    int64_t steps() const { return steps_; }
    int64_t tokens() const { return tokens_; }

  private:
    enum class Event : uint8_t { Submit, Cancel };
    struct Timed {
        int64_t at_us;
        uint64_t key;
        Event event;
        auto operator<=>(const Timed &) const = default;
    };

    // A request that was accepted, and what of it was done.
    struct Job {
        Arrival arrival;
        bool has_started = false;
        int64_t cached = 0;     // of its prompt; not computed
        int64_t prefilled = 0;  // of its prompt
        int64_t recompute = 0;  // tokens to compute once more, because its state was lost
        int64_t answered = 0;
        int64_t fails_at = -1;  // answer tokens
    };

    void take_arrivals();
    void accept(const Arrival & arrival);
    void submit(uint64_t key);
    void cancel(uint64_t key);
    void lose_or_restore_workers();
    void expire();
    void admit();
    void start(const queue::Dispatch & dispatch);
    void park(uint64_t key);
    void finish(uint64_t key, queue::Outcome outcome);
    void forget(uint64_t key);
    bool skip_idle_time();

    void plan();
    void compute();
    void prefill(uint64_t key, Job & job, int64_t tokens);
    // True when it has ended.
    bool decode(uint64_t key, Job & job);

    const Scenario & scenario_;
    Random random_;
    Workload workload_;
    queue::Scheduler scheduler_;
    queue::PrefillTurns prefill_turns_;
    Oracle oracle_;
    std::unordered_map<uint64_t, Job> jobs_;
    std::vector<uint64_t> running_;
    std::priority_queue<Timed, std::vector<Timed>, std::greater<>> timed_;
    Arrival next_arrival_;
    int64_t arrivals_left_;
    int64_t accepted_ = 0;  // and not over
    int64_t next_loss_us_;
    int64_t restored_us_ = INT64_MAX;
    int32_t usable_;
    int64_t now_us_ = 0;
    int64_t steps_ = 0;
    int64_t tokens_ = 0;
    // Of the step.
    std::vector<queue::PrefillClaim> claims_;
    std::vector<uint64_t> decoding_;
    std::vector<std::pair<uint64_t, int64_t>> prefilling_;
};

}  // namespace inferno::sim
