#include "native/queue/flow_table.h"

#include <algorithm>

namespace inferno::queue {

FlowTable::FlowTable() {
    for (auto & flows : recent_) flows.fill(kNoNode);
}

uint32_t FlowTable::open(uint64_t user, Tier tier) {
    uint32_t & recent_flow = recent(user, tier);
    if (recent_flow != kNoNode && flows_[recent_flow].user == user) return recent_flow;
    if (recent_flow != kNoNode && is_idle(recent_flow)) forget(recent_flow);
    const auto [entry, is_new] = by_user_[index_of(tier)].try_emplace(user, kNoNode);
    if (is_new) {
        if (free_.empty()) {
            free_.push_back(static_cast<uint32_t>(flows_.size()));
            flows_.emplace_back();
        }
        entry->second = free_.back();
        free_.pop_back();
        Flow & flow = flows_[entry->second];
        flow = Flow{};
        flow.user = user;
        flow.tier = tier;
    }
    return recent_flow = entry->second;
}

void FlowTable::close_if_idle(uint32_t index) {
    if (!is_idle(index)) return;
    Flow & flow = flows_[index];
    flow.deficit = 0;
    if (recent(flow.user, flow.tier) != index) forget(index);
}

void FlowTable::forget(uint32_t index) {
    by_user_[index_of(flows_[index].tier)].erase(flows_[index].user);
    free_.push_back(index);
}

void FlowTable::add_waiting(uint32_t index) {
    Flow & flow = flows_[index];
    if (flow.waiting++ > 0) return;
    // What he owes stays as long as something of his runs; unused credit does not outlast his queue.
    flow.deficit = std::min<int64_t>(flow.deficit, 0);
    flow.has_quantum = false;
    rings_[index_of(flow.tier)].push_back(flows_, index);
}

void FlowTable::remove_waiting(uint32_t index) {
    Flow & flow = flows_[index];
    if (--flow.waiting == 0) rings_[index_of(flow.tier)].remove(flows_, index);
}

uint32_t FlowTable::on_turn(Tier tier) {
    Ring & ring = rings_[index_of(tier)];
    if (ring.head == ring.tail) {
        // Nobody to share with: what he uses now he will not owe to who comes later.
        flows_[ring.head].deficit = kQuantum;
        flows_[ring.head].has_quantum = true;
        return ring.head;
    }
    while (true) {
        const uint32_t front = ring.head;
        Flow & flow = flows_[front];
        if (!flow.has_quantum) flow.deficit += kQuantum;
        flow.has_quantum = flow.deficit > 0;
        if (flow.has_quantum) return front;
        ring.remove(flows_, front);
        ring.push_back(flows_, front);
    }
}

}  // namespace inferno::queue
