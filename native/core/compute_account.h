// Who computes in this process at the moment, so that llama.cpp's threads and ONNX Runtime's do not fight for the
// cores.
//
// Two things that each assume all cores make 2·n threads on n cores, and threads that wait for each other at barriers
// (llama.cpp's) stand still whenever one of them lost its core. So whoever is about to compute takes a lease, and:
//   - a llama.cpp step asks for its share, the cores divided by those who compute now, and uses no more threads than
//   that.
//     A step is short, so the share follows what happens from step to step;
//   - ONNX Runtime has one pool for all sessions, as large as the cores, whose threads sleep when they find no work
//     (no spinning: native/onnx/runtime.cpp). A run cannot be told to use fewer of them, but its work is cut into small
//     pieces that whoever is free takes, so it loses little when it gets fewer cores. What would hurt is many runs at
//     once, each with a calling thread of its own beside the pool's: so at most as many run as there are cores, and
//     others wait.
// A run of some microseconds on the thread that called takes no lease: it is over before anybody could act on it.
//
// Thread safety: all functions from any thread.
#pragma once

#include <atomic>
#include <condition_variable>
#include <mutex>

namespace inferno {

class ComputeAccount {
  public:
    // The process's own.
    static ComputeAccount & get();

    explicit ComputeAccount(int cores) : cores_(cores) {}

    class Lease {
      public:
        Lease() = default;
        Lease(Lease && other) noexcept : account_(other.account_), is_run_(other.is_run_) { other.account_ = nullptr; }
        Lease & operator=(Lease &&) = delete;
        ~Lease() {
            if (account_ != nullptr) account_->end(is_run_);
        }

      private:
        friend class ComputeAccount;
        Lease(ComputeAccount * account, bool is_run) : account_(account), is_run_(is_run) {}
        ComputeAccount * account_ = nullptr;
        bool is_run_ = false;
    };

    // A step whose number of threads follows share(). Never waits.
    Lease begin_step();
    // A run on ONNX Runtime's pool. Waits while as many run as there are cores.
    Lease begin_run();

    // Threads that one computation should have: of `cores`, its part among those that compute now. At least 1. Counts
    // the caller's own lease, so take that first.
    int share(int cores) const;

    // The machine changed.
    void set_cores(int cores);
    int computing() const { return computing_.load(std::memory_order_relaxed); }

  private:
    void end(bool is_run);

    // Relaxed everywhere: a number that is a moment old gives a share that is a moment old, nothing else depends on it.
    std::atomic<int> computing_{0};
    std::mutex mutex_;
    std::condition_variable run_ended_;
    int cores_;     // guarded by mutex_
    int runs_ = 0;  // guarded by mutex_
};

}  // namespace inferno
