// The waiting requests of one model: four tiers, in each a flow per user, in each flow first come first served.
//
// Who is next is decided in this order:
//   1. critical: less than 10 s to the deadline, earliest deadline first, and outside of the shares: its user pays, its
//      tier does not, or a storm of deadlines would starve whoever else waits in that tier for minutes;
//   2. the tier whose turn it is (deficit round robin over tokens, weights 8/4/2/1; better tiers first in a round);
//   3. unless that is vip, what was put back, better tiers first and of a tier the first one: it has paid and only lent
//      its worker, so it gets the next one, and what is charged is computed soon after (a vip goes before 2);
//   4. in the tier of high, urgent requests: less than 30 s to the deadline, earliest first;
//   5. the user whose turn it is (deficit round robin again), and of his requests the oldest.
//
// Ageing lifts a request one tier per 10 s of waiting, at most to high: vip is granted, not waited for. All requests
// age at one rate, so the one that is lifted is always the one that entered its tier first, and in its new tier it is
// the youngest: ageing is moving the head of a list to the tail of another, and the order within a flow is the order by
// `submitted - 10 s per tier` without a comparison. Only deadlines need heaps.
//
// Source of the sharing: M. Shreedhar, G. Varghese, "Efficient Fair Queuing Using Deficit Round-Robin", 1996.
//
// Costs: push, cancel and ageing are O(1), O(log n) with a deadline. pop() too, amortized: it passes over a flow once
// per 256 tokens that the flow was served ahead of its turn. Only a user without requests who sends one costs an
// allocation. Thread safety: none; the scheduler that owns it locks. The clock is passed in, so a simulation is exact.
#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <vector>

#include "native/queue/arrival_list.h"
#include "native/queue/flow_table.h"
#include "native/queue/indexed_heap.h"
#include "native/queue/queue_node.h"
#include "native/queue/tier.h"
#include "native/queue/tier_shares.h"

namespace inferno::queue {

// Names a request from push to release(). Never reused.
using Ticket = uint64_t;

enum class Policy : uint8_t { Priority, Fifo };

struct Request {
    uint64_t key = 0;  // the caller's own name for it
    Tier tier = Tier::Normal;
    uint64_t user = 0;  // hash of the user's name; 0: everybody who gave none
    int64_t submitted_us = 0;
    int64_t deadline_us = 0;  // 0: none
    int64_t tokens = 1;       // expected: prompt and answer; >= 1
};

// One that left the queue to run; what it was charged is corrected by settle().
struct Popped {
    Ticket ticket;
    uint64_t key;
    Tier tier;       // asked for
    Tier served_as;  // the tier it waited in, whose share pays unless it is critical
    bool critical;
    int64_t waited_us;
    int64_t tokens;  // expected
};

struct QueueTotals {
    std::array<int64_t, kTierCount> requests{};
    std::array<int64_t, kTierCount> tokens{};
};

class RequestQueue {
  public:
    static constexpr int64_t kAgeingUs = 10'000'000;
    static constexpr int64_t kUrgentUs = 30'000'000;
    static constexpr int64_t kCriticalUs = 10'000'000;

    explicit RequestQueue(Policy policy);
    RequestQueue(const RequestQueue &) = delete;
    RequestQueue & operator=(const RequestQueue &) = delete;

    Ticket push(const Request & request, int64_t now_us);
    // The next one to run, charged with its expected tokens. Call advance() first: nothing is popped while one whose
    // deadline has passed is in front.
    std::optional<Popped> pop(int64_t now_us);
    // That one, if it still waits and its deadline has not passed; charged like any other.
    std::optional<Popped> pop(Ticket ticket, int64_t now_us);
    // What pop() would return.
    std::optional<Popped> peek(int64_t now_us);
    // A popped request lost its worker and waits again, without a deadline, for it had begun in time. What it was
    // charged stays, and it is popped again for nothing: so a preemption leaves the shares as they are, and the one
    // that it was made for is still the next.
    void put_back(Ticket ticket, int64_t remaining_tokens);
    // Takes a waiting request out. False when it is not waiting.
    bool remove(Ticket ticket);
    // Corrects the charge of a request that was popped: positive when it used more than expected.
    void settle(Ticket ticket, int64_t tokens);
    // The popped or removed request is over; its ticket means nothing any more.
    void release(Ticket ticket);

    // Ages, lifts, and collects the keys and tickets of requests whose deadline has passed, which leave the queue.
    void advance(int64_t now_us, std::vector<Popped> & expired);
    // When advance() has something to do next; INT64_MAX when never.
    int64_t next_event_us() const;

    size_t size() const { return size_; }
    // By the tier they wait in now.
    const QueueTotals & waiting() const { return waiting_; }
    // INT64_MAX when none waits.
    int64_t oldest_submitted_us(Tier asked_tier) const;
    const TierShares & shares() const { return shares_; }
    // Requests and tokens that are expected to be served before it in its own tier, and that tier; nothing when it is
    // not waiting. Exact while it is not lifted, nothing else leaves but by being popped, and all are of one user.
    struct Ahead {
        Tier tier;
        bool lifted;  // or put back: the shares do not delay it
        int64_t requests;
        int64_t tokens;
    };
    std::optional<Ahead> ahead_of(Ticket ticket) const;

  private:
    // One tier: lists over its requests, and running totals from which a request's place follows in O(1).
    struct Lane {
        ArrivalList by_age;    // those that will age, in order of entry
        ArrivalList by_asked;  // those that asked for this tier, wherever they wait now, but not put back
        int64_t in_flows = 0;
        int64_t requests_in = 0;
        int64_t requests_out = 0;
        int64_t tokens_in = 0;
        int64_t tokens_out = 0;
    };

    struct TimerPosition {
        std::vector<QueueNode> * nodes;
        uint32_t & operator()(uint32_t item) const { return (*nodes)[item].timer_position; }
    };
    struct LiftPosition {
        std::vector<QueueNode> * nodes;
        uint32_t & operator()(uint32_t item) const { return (*nodes)[item].lift_position; }
    };
    using LiftHeap = IndexedHeap<LiftPosition, TimeKey>;

    static Ticket ticket_of(uint32_t index, uint32_t version) { return (uint64_t{version} << 32) | index; }
    uint32_t find(Ticket ticket) const;
    uint32_t allocate();
    Lane & lane(Tier tier) { return lanes_[index_of(tier)]; }

    void add(uint32_t index);
    void leave(uint32_t index);
    void join_flow(uint32_t index);
    void leave_place(uint32_t index);
    void age(int64_t now_us);
    void set_timer(uint32_t index, int64_t now_us);
    void lift(uint32_t index, Place place);
    bool has_candidate(Tier tier) const;
    void update_waiting(Tier tier);
    uint32_t choose(int64_t now_us);
    uint32_t first_parked() const;
    FlowList & parked(const QueueNode & node) { return parked_[index_of(node.asked)]; }
    Popped take(uint32_t index, int64_t now_us);
    void charge(const QueueNode & node, int64_t tokens);
    Popped describe(uint32_t index, int64_t now_us) const;

    const Policy policy_;
    std::vector<QueueNode> nodes_;
    std::vector<uint32_t> free_;
    FlowTable flows_;
    TierShares shares_;
    std::array<Lane, kTierCount> lanes_;
    IndexedHeap<TimerPosition, TimeKey> timers_;
    LiftHeap urgent_;
    LiftHeap critical_;
    std::array<FlowList, kTierCount> parked_;  // by the tier asked for
    QueueTotals waiting_;
    int64_t next_age_us_ = INT64_MAX;  // nothing ages before
    size_t size_ = 0;
    uint64_t arrivals_ = 0;
};

}  // namespace inferno::queue
