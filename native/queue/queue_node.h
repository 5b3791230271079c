// A request inside the queue, and the lists it can be in. Thread safety: values.
#pragma once

#include <compare>
#include <cstdint>

#include "native/queue/indexed_heap.h"
#include "native/queue/linked_list.h"
#include "native/queue/tier.h"

namespace inferno::queue {

enum class Place : uint8_t {
    Free,
    Out,       // popped or removed, not released
    Flow,      // in its user's flow
    Urgent,    // less than 30 s to its deadline
    Critical,  // less than 10 s
    Parked,    // put back after it had begun
};

// In the heaps: the earliest goes first, and of equal ones the one that came first, so that one history has one
// outcome.
struct TimeKey {
    int64_t at_us;
    uint64_t arrival;
    auto operator<=>(const TimeKey &) const = default;
};

struct QueueNode {
    uint64_t key = 0;
    uint64_t user = 0;
    uint64_t arrival = 0;  // counts pushes
    int64_t submitted_us = 0;
    int64_t entered_us = 0;  // its present tier
    int64_t deadline_us = 0;
    int64_t tokens = 0;
    uint32_t version = 0;
    uint32_t flow = kNoNode;   // in which it waits
    uint32_t payer = kNoNode;  // that was charged for it when it was popped for the first time
    Link in_flow;              // or among the parked ones
    uint32_t timer_position = kNotInHeap;
    uint32_t lift_position = kNotInHeap;
    // What its tier had taken in when it came, for its place in the queue.
    int64_t requests_mark = 0;
    int64_t tokens_mark = 0;
    Tier asked = Tier::Normal;
    Tier tier = Tier::Normal;
    Place place = Place::Free;
    bool charges_tier = false;  // so was the payer's tier; not when it was popped as critical
};

using FlowList = LinkedList<QueueNode, &QueueNode::in_flow>;

}  // namespace inferno::queue
