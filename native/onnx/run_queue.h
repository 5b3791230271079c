// What stands in front of a session: runs wait by tier, user and deadline (native/queue), one thread runs them one
// after the other, and each can be cancelled at any time. A run that takes microseconds and finds nobody before it need
// not go through here: runs_inline() and run_now().
//
// A second thread exists from the first deadline on: it ends what waits past it, also while a long run is under way,
// and that run itself when its own deadline passes.
//
// Thread safety: all functions from any thread; `wake` is called on the threads of the queue and of its callers,
// without a lock. Owns its threads. The session lives as long as the queue.
#pragma once

#include <atomic>
#include <condition_variable>
#include <cstdint>
#include <functional>
#include <memory>
#include <mutex>
#include <optional>
#include <thread>
#include <unordered_map>
#include <vector>

#include "native/core/status.h"
#include "native/onnx/run_recorder.h"
#include "native/onnx/run_request.h"
#include "native/onnx/session.h"
#include "native/queue/request_queue.h"

namespace inferno::onnx {

using RunId = int32_t;

struct RunScheduling {
    queue::Tier tier = queue::Tier::Normal;
    uint64_t user = 0;        // hash of the user's name; 0: everybody who gave none
    int64_t deadline_us = 0;  // on the clock of native/core/clock.h; 0: none
};

struct FinishedRun {
    RunId id = 0;
    Status status;
    RunRequest request;  // its outputs, when ok
};

struct RunQueueStatus {
    size_t queued = 0;
    bool is_running = false;
    uint64_t finished = 0;
    uint64_t cancelled = 0;
    uint64_t expired = 0;
    uint64_t ran_inline = 0;
};

class RunQueue {
  public:
    // `wake` says that take_finished() has something; it must not call back into the queue.
    RunQueue(std::shared_ptr<const Session> session, size_t capacity, std::function<void()> wake);
    ~RunQueue();
    RunQueue(const RunQueue &) = delete;
    RunQueue & operator=(const RunQueue &) = delete;

    // QueueFull, ModelUnloaded. Ends with exactly one FinishedRun, whatever happens.
    Result<RunId> submit(RunRequest request, const RunScheduling & scheduling);
    // One that waits is over at once, one that runs after its present node. Unknown ones are ignored.
    void cancel(RunId id);
    // Oldest first.
    std::vector<FinishedRun> take_finished();

    // Whether a run of that many bytes of input is known to be over in microseconds and nothing waits or runs.
    bool runs_inline(size_t input_bytes) const {
        // Relaxed: both are guesses; a wrong one costs some microseconds.
        return busy_.load(std::memory_order_relaxed) == 0 && input_bytes <= tiny_bytes_.load(std::memory_order_relaxed);
    }
    // On the calling thread, past everything that waits.
    Status run_now(RunRequest & request, queue::Tier tier);

    RunQueueStatus status() const;
    const RunRecorder & recorder() const { return recorder_; }
    const std::shared_ptr<const Session> & session() const { return session_; }

    // Ends everything as cancelled, the present run too, and joins the threads. What finished can still be taken.
    // Idempotent.
    void shut_down();

  private:
    struct Entry {
        RunRequest request;
        RunScheduling scheduling;
        RunTimes times;
        queue::Ticket ticket = 0;
    };
    // What runs; its request is with the thread that runs it.
    struct Running {
        RunId id;
        int64_t deadline_us;
        bool is_cancelled = false;
        bool is_late = false;
    };

    void work();
    void watch();
    void start_watch();
    // With the lock held from here on.
    void expire(int64_t now);
    std::optional<queue::Popped> next(int64_t now);
    void run_one(std::unique_lock<std::mutex> & lock, const queue::Popped & popped);
    void end(RunId id, Entry & entry, Status status);
    void measure(size_t input_bytes, int64_t run_us);
    int64_t next_event_us() const;
    // Calls wake() without the lock when something finished that nobody was told of.
    void announce(std::unique_lock<std::mutex> & lock);

    const std::shared_ptr<const Session> session_;
    const size_t capacity_;
    const std::function<void()> wake_;
    RunControl control_;

    mutable std::mutex mutex_;
    std::condition_variable has_work_;
    std::condition_variable watch_wakeup_;
    // Guarded by mutex_ from here on.
    queue::RequestQueue queue_{queue::Policy::Priority};
    std::unordered_map<uint64_t, Entry> entries_;
    std::vector<queue::Popped> expired_scratch_;
    std::optional<Running> running_;
    std::vector<FinishedRun> finished_;
    bool is_announced_ = false;
    bool is_stopping_ = false;
    RunId last_id_ = 0;
    RunQueueStatus counts_;
    RunRecorder recorder_;
    double run_us_ = 0.0;  // moving average of a run here
    int slow_runs_ = 0;    // in a row, of those thought to be tiny
    std::thread watcher_;

    // Relaxed, see runs_inline(); written with the lock held.
    std::atomic<size_t> busy_{0};
    std::atomic<size_t> tiny_bytes_{0};

    std::thread worker_;
};

}  // namespace inferno::onnx
