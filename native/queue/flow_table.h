// One flow per user and tier with requests that wait or were charged to it: his queue in that tier and what he was
// served.
//
// Among the users of a tier plain deficit round robin holds: a flow that comes to the front gets a quantum of tokens,
// is served while some are left, and then goes to the back. A charge is made when a request starts, with what it is
// expected to use, and corrected when it ends, so a flow can owe several quanta.
//
// Thread safety: none.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <unordered_map>
#include <vector>

#include "native/queue/linked_list.h"
#include "native/queue/queue_node.h"
#include "native/queue/tier.h"

namespace inferno::queue {

struct Flow {
    uint64_t user = 0;
    Tier tier = Tier::Normal;
    FlowList requests;
    uint32_t waiting = 0;
    uint32_t charged = 0;      // of its requests run or were put back
    int64_t deficit = 0;       // tokens he may still be served in this turn
    bool has_quantum = false;  // it is his turn and he was granted its tokens
    Link in_ring;
};

class FlowTable {
  public:
    // Tokens a user is served before it is the next one's turn.
    static constexpr int64_t kQuantum = 256;

    FlowTable();

    Flow & operator[](uint32_t flow) { return flows_[flow]; }

    // The flow of that user, made when there is none.
    uint32_t open(uint64_t user, Tier tier);
    // Forgets what it owes or has saved when nothing of it waits and nothing is charged to it.
    void close_if_idle(uint32_t flow);

    // A request of the flow began or ceased to wait.
    void add_waiting(uint32_t flow);
    void remove_waiting(uint32_t flow);

    // The flow to serve in that tier. REQUIRES: something waits in it.
    uint32_t on_turn(Tier tier);

  private:
    using Ring = LinkedList<Flow, &Flow::in_ring>;

    // Lately found flows by the low bits of the user, which spares most lookups. Idle flows are kept as long as they
    // are in there: users come back, and to forget and make their flows each time would cost more than all the rest.
    static constexpr size_t kRecentUsers = 64;
    uint32_t & recent(uint64_t user, Tier tier) { return recent_[index_of(tier)][user % kRecentUsers]; }
    bool is_idle(uint32_t flow) const { return flows_[flow].waiting == 0 && flows_[flow].charged == 0; }
    void forget(uint32_t flow);

    std::array<std::array<uint32_t, kRecentUsers>, kTierCount> recent_;
    std::array<std::unordered_map<uint64_t, uint32_t>, kTierCount> by_user_;
    std::array<Ring, kTierCount> rings_;
    std::vector<Flow> flows_;
    std::vector<uint32_t> free_;
};

}  // namespace inferno::queue
