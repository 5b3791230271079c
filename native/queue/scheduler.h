// Which request runs, which waits, which is parked for a better one: the policy of one model, without the model. The
// engine drives it with real steps and a simulation with virtual ones; it does not know which.
//
// Thread safety: none. The engine guards it with one mutex, because other threads ask for positions and status.
#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <set>
#include <unordered_map>
#include <utility>
#include <vector>

#include "native/queue/request_queue.h"
#include "native/queue/token_rates.h"
#include "native/queue/wait_statistics.h"
#include "native/queue/worker_limit.h"

namespace inferno::queue {

using RequestKey = uint64_t;  // the caller's name for a request; unique

struct SchedulerOptions {
    Policy policy = Policy::Priority;
    WorkerLimits workers;
};

struct Submission {
    RequestKey key = 0;
    Tier tier = Tier::Normal;
    uint64_t user = 0;
    int64_t submitted_us = 0;
    int64_t deadline_us = 0;  // 0: none
    int64_t prompt_tokens = 1;
    int64_t max_tokens = -1;      // -1: not limited
    int64_t expected_tokens = 0;  // of the answer; 0: from max_tokens and earlier answers
    std::vector<RequestKey> dependencies;
};

enum class Admission : uint8_t { Waits, Held, DependencyFailed };
enum class Outcome : uint8_t { Completed, Failed, Cancelled };
enum class RequestState : uint8_t { Preparing, Held, Waiting, Running, Parked };

struct Dispatch {
    RequestKey key;
    bool resumed;  // it was parked
};

struct TierStatus {
    int64_t queued = 0;
    int64_t running = 0;
    int64_t parked = 0;
    int64_t queued_tokens = 0;
    int64_t oldest_us = 0;
    WaitSummary wait;
    int64_t started = 0;
    int64_t tokens_served = 0;
};

struct SchedulerStatus {
    std::array<TierStatus, kTierCount> tiers;  // by the tier asked for
    int64_t queued = 0;
    int64_t held = 0;
    int32_t running = 0;
    int64_t parked = 0;
    int32_t worker_limit = 0;
    double prefill_rate = 0.0;
    double decode_rate = 0.0;
    double token_latency_us = 0.0;
    int64_t drain_us = 0;
    int64_t started = 0;
    int64_t finished = 0;
    int64_t cancelled = 0;
    int64_t expired = 0;
    int64_t preempted = 0;
};

struct Standing {
    RequestState state;
    int64_t position = 0;
    int64_t eta_us = 0;
    int64_t answered = 0;  // tokens of its answer
    int64_t computed = 0;  // tokens, those of its prompt, too
};

class Scheduler {
  public:
    // While workers become free that often, a vip waits for the next one: it would gain less than parking costs.
    static constexpr int64_t kPatienceUs = 20'000;

    explicit Scheduler(const SchedulerOptions & options);

    // It will be submitted, or finished without: until then others that depend on it are held.
    void announce(RequestKey key);
    // DependencyFailed: it did not enter; finish() it as failed.
    Admission submit(const Submission & submission, int64_t now_us);
    // Requests whose deadline passed while they waited or were held, and held ones that depended on them; they are
    // over. Also ages and lifts: call it before next().
    std::vector<RequestKey> expire(int64_t now_us);
    // The next one that may start now, if a worker is free for it.
    std::optional<Dispatch> next(int64_t now_us);
    // The running one that must be parked so that next() can start a vip; nothing when none waits, none is lower, or a
    // worker will be free in an instant anyway. When it is parked, next() starts that vip before anything else, also
    // while more run than the worker limit says.
    std::optional<RequestKey> preemption(int64_t now_us);
    // It gave up its worker and waits for the next one that no vip claims. REQUIRES: it runs.
    void park(RequestKey key, int64_t now_us);
    // A running, waiting or held one is over. Held ones that depended on it, however far down a chain, and cannot start
    // any more are returned; they are over too.
    std::vector<RequestKey> finish(RequestKey key, Outcome outcome, int64_t now_us);

    // Work done for one running request.
    void serve(RequestKey key, int64_t prefill_tokens, int64_t decode_tokens);
    // It does not have to compute that many of its prompt's tokens: they came from a cached prefix.
    void spare(RequestKey key, int64_t cached_tokens);
    // One step of all of them.
    void record_step(int32_t prefill_tokens, int32_t decode_tokens, int64_t step_us);
    // `spare_sequences`: see WorkerLimit.
    void update_workers(int32_t spare_sequences, int64_t now_us);
    // Only so many sequences work at the moment. Those that lost theirs are parked or finished by the caller.
    void set_usable_workers(int32_t sequences) { workers_.set_usable(sequences); }

    // When expire() has something to do; INT64_MAX when never.
    int64_t next_event_us() const;
    size_t queued() const { return queue_.size(); }
    int32_t running() const { return running_; }
    int32_t worker_limit() const { return workers_.value(); }
    bool knows(RequestKey key) const { return entries_.contains(key); }

    SchedulerStatus status(int64_t now_us) const;
    std::optional<Standing> standing(RequestKey key) const;
    const RequestQueue & queue() const { return queue_; }

  private:
    struct Entry {
        Ticket ticket = 0;
        RequestState state = RequestState::Waiting;
        Tier tier = Tier::Normal;
        Submission submission;
        int64_t expected = 0;  // tokens; charged when it started
        int64_t served = 0;    // tokens computed since then
        int64_t answered = 0;  // answer tokens, all in all
        int64_t started_us = 0;
        uint32_t preemptions = 0;
        bool has_started = false;
        size_t missing = 0;  // dependencies that have not ended
        std::vector<RequestKey> dependents;
        size_t running_at = 0;
    };

    int64_t expected_tokens(const Submission & submission) const;
    int64_t remaining_tokens(const Entry & entry) const;
    void enqueue(Entry & entry, int64_t now_us);
    std::optional<Popped> pop(int64_t now_us);
    bool frees_worker_soon(int64_t now_us) const;
    void record_freed_worker(int64_t now_us);
    void stop_running(Entry & entry);
    void stop_holding(RequestKey key, const Entry & entry);
    // Takes the request out of every book and returns those that depended on it.
    std::vector<RequestKey> remove(std::unordered_map<RequestKey, Entry>::iterator found);
    void release_dependents(const std::vector<RequestKey> & dependents, int64_t now_us);
    void end_dependents(std::vector<RequestKey> dependents, std::vector<RequestKey> & ended);
    void remember_failure(RequestKey key);

    const SchedulerOptions options_;
    RequestQueue queue_;
    WorkerLimit workers_;
    TokenRates rates_;
    std::unordered_map<RequestKey, Entry> entries_;
    std::vector<RequestKey> running_keys_;
    int32_t running_ = 0;
    // A vip and the running one that it may replace; once that one is parked, the vip that starts next.
    struct Replacement {
        RequestKey victim;
        RequestKey vip;
    };
    std::optional<Replacement> replacement_;
    std::optional<RequestKey> starts_next_;
    // Of workers that became free because something ended.
    int64_t freed_us_ = 0;
    double free_interval_us_ = 10.0 * static_cast<double>(kPatienceUs);
    int64_t held_ = 0;
    std::set<std::pair<int64_t, RequestKey>> held_deadlines_;
    int64_t parked_ = 0;
    std::vector<Popped> expired_;
    // Lately ended without success, for dependencies on them; the oldest are forgotten.
    std::unordered_map<RequestKey, size_t> failures_;
    std::vector<RequestKey> failure_ring_;
    size_t next_failure_ = 0;

    std::array<WaitStatistics, kTierCount> waits_;
    std::array<int64_t, kTierCount> running_by_tier_{};
    std::array<int64_t, kTierCount> parked_by_tier_{};
    std::array<int64_t, kTierCount> queued_by_tier_{};
    std::array<int64_t, kTierCount> queued_tokens_by_tier_{};
    std::array<int64_t, kTierCount> started_by_tier_{};
    std::array<int64_t, kTierCount> served_by_tier_{};
    int64_t started_ = 0;
    int64_t finished_ = 0;
    int64_t cancelled_ = 0;
    int64_t expired_count_ = 0;
    int64_t preempted_ = 0;
};

}  // namespace inferno::queue
