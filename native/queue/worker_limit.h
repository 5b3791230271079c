// How many sequences of a model may run at once ("workers"): as many as the memory holds and the target latency allows.
//
// Latency: while the mean time between two tokens of a sequence is above the target, one less may start; once it is
// clearly below and something waits, one more. After each change the next one has to wait, so that its effect is seen
// first. Running sequences are never stopped for it. Memory: llama.cpp touches a sequence's KV pages as they are used,
// so a sequence that has never run needs memory that must still be free.
//
// Thread safety: none. The clock is passed in.
#pragma once

#include <cstdint>

namespace inferno::queue {

struct WorkerLimits {
    int32_t min = 1;
    int32_t max = 1;                // sequences that exist, 1 to 64
    int64_t target_latency_us = 0;  // 0: latency limits nothing
};

class WorkerLimit {
  public:
    static constexpr int64_t kCoolDownUs = 1'000'000;
    // One more only when the latency is below this share of the target.
    static constexpr double kRaiseBelow = 0.8;

    explicit WorkerLimit(const WorkerLimits & limits);

    int32_t value() const { return value_ < usable_ ? value_ : usable_; }
    // So many sequences work at the moment; 0 while none does. All of them at first.
    void set_usable(int32_t sequences) { usable_ = sequences; }
    // Smoothed time between two tokens of one sequence; 0: nothing measured.
    double latency_us() const { return latency_us_; }

    // A step took that long; every decoding sequence got its token from it.
    void record_step(int64_t step_us);
    // `busy` sequences run, `waiting` would like to, and memory for `spare` sequences that never ran is free.
    void update(int32_t busy, int64_t waiting, int32_t spare, int64_t now_us);

  private:
    const WorkerLimits limits_;
    int32_t by_latency_;
    int32_t value_;
    int32_t usable_;
    int32_t most_busy_ = 0;  // their memory is in use already
    double latency_us_ = 0.0;
    int64_t changed_us_ = INT64_MIN / 2;
};

}  // namespace inferno::queue
