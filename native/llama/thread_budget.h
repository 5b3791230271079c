// How many compute threads a step gets. Hill-climbs on measured step times, so that it follows what the machine can
// give now: idle cores, a core taken by another process, a container's quota.
//
// Steps fall into classes (one token, few, many, prefill) because their best counts differ. In each class the current
// count runs; now and then a neighbouring count is tried for a few steps and kept if it was clearly faster. Trials get
// rarer while nothing changes and come at once when steps suddenly slow down.
//
// Thread safety: none; owned by the engine thread. The clock and the core count are passed in, so tests are exact.
#pragma once

#include <array>
#include <cstdint>
#include <vector>

namespace inferno::llama {

class ThreadBudget {
  public:
    // `fixed_threads` > 0 turns adaption off. `max_threads` >= 1 bounds it.
    ThreadBudget(int fixed_threads, int max_threads);

    // Threads for a step of `tokens` tokens.
    int choose(int tokens);
    // What the step chosen last took.
    void record(int tokens, int64_t step_us);

    // The machine changed (affinity or quota). >= 1.
    void set_max_threads(int max_threads);
    int max_threads() const { return max_threads_; }

  private:
    static constexpr int kClassCount = 4;
    static constexpr int kTrialSteps = 5;

    struct StepClass {
        int threads = 0;           // current choice; 0 before the first step
        double expected_us = 0.0;  // moving average of a step at the current choice, per unit of work
        int steps_until_trial = 0;
        int trial_interval = 0;
        int slow_steps = 0;            // in a row
        int64_t slow_us = 0;           // what they took
        bool tries_more_next = false;  // direction of the next trial
        int trial_threads = 0;         // > 0 while a trial runs
        std::vector<double> trial_us;
    };

    static int class_of(int tokens);
    int neighbour(StepClass & step_class) const;
    void record_steady(StepClass & step_class, double unit_us, int64_t step_us);
    void record_trial(StepClass & step_class, double unit_us);

    const int fixed_threads_;
    int max_threads_;
    std::array<StepClass, kClassCount> classes_;
};

}  // namespace inferno::llama
