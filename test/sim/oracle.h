// The independent witness of the simulation: keeps its own books of every request from the documented rules, with plain
// sets and maps, and throws a Violation when the scheduler does anything else. It is told of every call before or after
// it is made and looks at the scheduler only to compare.
//
// What it checks, and when:
//   every call    a request ends exactly once and is never heard of again; only what waits starts, only what runs is
//   parked every start   critical ones by deadline; else exactly the tier whose turn it is, but what was preempted goes
//   before
//                 all but vip; urgent ones by deadline; the oldest of its user; nothing past its deadline; no more than
//                 there are workers
//   every step    expiry at the deadline's step, ageing and lifts by the clock, the meters of the tiers to the token,
//                 waiting requests and tokens by tier, running and queued, the shares over 10 s
//   every so often the whole status, tier by tier
//   every start of a request that asked for low and aged to high: the bound on its wait (wait_bound.h)
// Thread safety: none.
#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <set>
#include <tuple>
#include <unordered_map>
#include <vector>

#include "native/queue/scheduler.h"
#include "test/sim/flow_books.h"
#include "test/sim/meters.h"
#include "test/sim/outcome_counts.h"
#include "test/sim/scenario.h"
#include "test/sim/share_windows.h"
#include "test/sim/wait_bound.h"

namespace inferno::sim {

class Oracle {
  public:
    // Both must outlive it.
    Oracle(const Scenario & scenario, const queue::Scheduler & scheduler);

    // Before the scheduler is told.
    void announced(const queue::Submission & submission, int64_t now_us);
    // After it was told, or has answered.
    void submitted(const queue::Submission & submission, queue::Admission admission, int64_t now_us);
    void expired(const std::vector<queue::RequestKey> & ended, int64_t now_us);
    void started(const queue::Dispatch & dispatch, int64_t now_us);
    void chose_victim(std::optional<queue::RequestKey> victim, int64_t now_us);
    void parked(queue::RequestKey key, int64_t now_us);
    void served(queue::RequestKey key, int64_t prefill_tokens, int64_t decode_tokens, int64_t now_us);
    void spared(queue::RequestKey key, int64_t cached_tokens);
    void finished(queue::RequestKey key, queue::Outcome outcome, const std::vector<queue::RequestKey> & ended,
                  int64_t now_us);
    void refused(queue::Tier tier) { ++counts_.refused[queue::index_of(tier)]; }
    void usable_workers(int32_t sequences) { usable_ = sequences; }

    // Every so often: the status against the books, and one request's standing.
    void check_step(int64_t now_us);
    void check_status(int64_t now_us) const;
    // When nothing is left to do.
    void check_end(int64_t now_us) const;

    const OutcomeCounts & counts() const { return counts_; }
    const ShareWindows & windows() const { return windows_; }
    const WaitBound & wait_bound() const { return wait_bound_; }
    // Of every event: what, which, when.
    uint64_t history() const { return history_; }

  private:
    enum class State : uint8_t { Preparing, Held, Waiting, Running, Parked };
    enum class Lift : uint8_t { None, Urgent, Critical, PutBack };
    enum class Event : uint8_t { Announced, Waits, Held, Refused, Aged, Started, Resumed, Parked, Expired, Ended };

    struct Item {
        State state = State::Preparing;
        queue::Submission submission;
        queue::Tier tier = queue::Tier::Normal;  // where it waits
        Lift lift = Lift::None;
        int64_t ready_us = 0;    // it could start but for others
        int64_t entered_us = 0;  // its present tier
        int64_t timer_us = 0;
        uint64_t arrival = 0;
        uint64_t entry = 0;  // counts entries into flows
        int64_t expected = 0;
        int64_t served = 0;
        int64_t answered = 0;
        int64_t started_us = 0;
        uint32_t preemptions = 0;
        bool has_started = false;
        bool is_charged = false;
        bool pays_tier = false;
        queue::Tier payer = queue::Tier::Normal;
        size_t missing = 0;
        std::vector<queue::RequestKey> dependents;
    };
    using Items = std::unordered_map<queue::RequestKey, Item>;
    using ByDeadline = std::set<std::tuple<int64_t, uint64_t, queue::RequestKey>>;

    Item & find(queue::RequestKey key, int64_t now_us);
    bool is_fifo() const { return scenario_.policy == queue::Policy::Fifo; }
    uint64_t user_of(const Item & item) const { return is_fifo() ? 0 : item.submission.user; }
    int64_t remaining(const Item & item) const;
    void note(Event event, queue::RequestKey key, int64_t now_us);

    // Where it waits.
    void enter(queue::RequestKey key, Item & item, int64_t now_us);
    void join(queue::RequestKey key, Item & item);
    // Counts it among those that wait, by the tier asked for.
    void count_queued(const Item & item, int64_t requests);
    void leave(queue::RequestKey key, Item & item);
    void leave_place(queue::RequestKey key, Item & item);
    void update_meter(queue::Tier tier);
    void age(int64_t now_us);
    // Urgent or critical, if it is time, and when it will be time again.
    void lift(queue::RequestKey key, Item & item, int64_t now_us);
    int64_t next_event_us() const;

    // Who may start.
    void check_choice(queue::RequestKey key, const Item & item, int64_t now_us) const;
    void charge(const Item & item, Charge reason, int64_t tokens);
    void pay(queue::RequestKey key, Item & item, int64_t now_us);
    bool all_tiers_wait() const;

    // How it ends.
    // Out of every book; returns those that depend on it.
    std::vector<queue::RequestKey> remove(Items::iterator found, bool ended_well, int64_t now_us);
    void stop_running(queue::RequestKey key, const Item & item);
    void enqueue(queue::RequestKey key, Item & item, int64_t now_us);
    std::optional<queue::RequestKey> expected_victim(int64_t now_us) const;
    // Ends all that depend on it and adds them.
    void fail_dependents(std::vector<queue::RequestKey> dependents, std::set<queue::RequestKey> & ended,
                         int64_t now_us);
    static void require_same(const std::vector<queue::RequestKey> & told, const std::set<queue::RequestKey> & ended,
                             int64_t now_us, const char * invariant);

    const Scenario & scenario_;
    const queue::Scheduler & scheduler_;
    Items items_;
    std::unordered_map<queue::RequestKey, bool> ended_well_;
    queue::TokenRates rates_;  // for the expected length of answers alone
    FlowBooks flows_;
    Meters meters_;
    ShareWindows windows_;
    WaitBound wait_bound_;
    OutcomeCounts counts_;
    // Crossing time, low after normal, order of entry.
    std::set<std::tuple<int64_t, bool, uint64_t, queue::RequestKey>> ages_;
    ByDeadline timers_;  // of those that wait: when they become urgent, critical or late
    ByDeadline held_deadlines_;
    ByDeadline urgent_;
    ByDeadline critical_;
    std::set<std::tuple<queue::Tier, uint64_t, queue::RequestKey>> put_back_;
    // When workers became free, for how often they do.
    int64_t freed_us_ = 0;
    double free_interval_us_ = 200'000.0;
    std::array<int64_t, queue::kTierCount> in_flows_{};
    std::array<int64_t, queue::kTierCount> waiting_{};
    TierTokens waiting_tokens_{};
    std::vector<queue::RequestKey> running_;
    std::array<int64_t, queue::kTierCount> queued_by_tier_{};  // from here on by the tier asked for
    TierTokens queued_tokens_by_tier_{};
    std::array<int64_t, queue::kTierCount> running_by_tier_{};
    std::array<int64_t, queue::kTierCount> parked_by_tier_{};
    TierTokens served_by_tier_{};
    int64_t held_ = 0;
    int32_t usable_;
    std::optional<queue::RequestKey> victim_;
    bool replaces_victim_ = false;  // the next one to start takes the place of one that was parked for it
    uint64_t arrivals_ = 0;
    uint64_t entries_ = 0;
    uint64_t history_ = 0;
};

}  // namespace inferno::sim
