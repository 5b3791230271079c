#include "native/queue/request_queue.h"

#include <algorithm>

namespace inferno::queue {

RequestQueue::RequestQueue(Policy policy)
    : policy_(policy),
      timers_(TimerPosition{&nodes_}),
      urgent_(LiftPosition{&nodes_}),
      critical_(LiftPosition{&nodes_}) {}

uint32_t RequestQueue::find(Ticket ticket) const {
    const auto index = static_cast<uint32_t>(ticket);
    if (index >= nodes_.size()) return kNoNode;
    const QueueNode & node = nodes_[index];
    return node.place != Place::Free && node.version == ticket >> 32 ? index : kNoNode;
}

uint32_t RequestQueue::allocate() {
    if (free_.empty()) {
        nodes_.emplace_back();
        return static_cast<uint32_t>(nodes_.size() - 1);
    }
    const uint32_t index = free_.back();
    free_.pop_back();
    return index;
}

Ticket RequestQueue::push(const Request & request, int64_t now_us) {
    const uint32_t index = allocate();
    QueueNode & node = nodes_[index];
    const uint32_t version = node.version + 1;
    node = QueueNode{};
    node.version = version;
    node.key = request.key;
    node.user = request.user;
    node.arrival = ++arrivals_;
    node.submitted_us = request.submitted_us;
    node.deadline_us = request.deadline_us;
    node.tokens = std::max<int64_t>(request.tokens, 1);
    node.asked = request.tier;
    node.tier = request.tier;
    if (policy_ == Policy::Fifo) {
        node.tier = Tier::Normal;
        node.user = 0;
    }
    // What should have aged before goes first, so that the lists by age stay in order.
    age(now_us);
    node.entered_us = now_us;
    lane(node.asked).by_asked.push_back(index, version);
    ++size_;
    add(index);
    join_flow(index);
    if (node.deadline_us > 0) set_timer(index, now_us);
    return ticket_of(index, version);
}

// Into the totals of its tier, wherever it waits there.
void RequestQueue::add(uint32_t index) {
    const QueueNode & node = nodes_[index];
    Lane & target = lane(node.tier);
    ++target.requests_in;
    target.tokens_in += node.tokens;
    ++waiting_.requests[index_of(node.tier)];
    waiting_.tokens[index_of(node.tier)] += node.tokens;
}

void RequestQueue::join_flow(uint32_t index) {
    QueueNode & node = nodes_[index];
    Lane & target = lane(node.tier);
    node.place = Place::Flow;
    node.requests_mark = target.requests_in - 1;
    node.tokens_mark = target.tokens_in - node.tokens;
    node.flow = flows_.open(node.user, node.tier);
    flows_.add_waiting(node.flow);
    flows_[node.flow].requests.push_back(nodes_, index);
    if (policy_ == Policy::Priority && node.tier > Tier::High) {
        target.by_age.push_back(index, node.version);
        next_age_us_ = std::min(next_age_us_, node.entered_us + kAgeingUs);
    }
    if (target.in_flows++ == 0) update_waiting(node.tier);
}

// Out of its flow or of whatever it waits in, but not of the queue.
void RequestQueue::leave_place(uint32_t index) {
    QueueNode & node = nodes_[index];
    Lane & target = lane(node.tier);
    ++target.requests_out;
    target.tokens_out += node.tokens;
    --waiting_.requests[index_of(node.tier)];
    waiting_.tokens[index_of(node.tier)] -= node.tokens;
    const Place place = node.place;
    node.place = Place::Out;
    if (place == Place::Flow) {
        flows_[node.flow].requests.remove(nodes_, index);
        flows_.remove_waiting(node.flow);
        flows_.close_if_idle(node.flow);
        node.flow = kNoNode;
        if (policy_ == Policy::Priority && node.tier > Tier::High) {
            target.by_age.remove(index, [&](const ArrivalList::Entry & entry) {
                const QueueNode & other = nodes_[entry.index];
                return other.version == entry.version && other.place == Place::Flow && other.tier == node.tier;
            });
        }
        --target.in_flows;
    } else if (place == Place::Parked) {
        parked(node).remove(nodes_, index);
    } else {
        (place == Place::Urgent ? urgent_ : critical_).remove(index);
    }
    update_waiting(node.tier);
}

void RequestQueue::leave(uint32_t index) {
    QueueNode & node = nodes_[index];
    const bool was_parked = node.place == Place::Parked;
    leave_place(index);
    if (!was_parked) {
        lane(node.asked).by_asked.remove(index, [&](const ArrivalList::Entry & entry) {
            const QueueNode & other = nodes_[entry.index];
            return other.version == entry.version && other.place >= Place::Flow && other.place != Place::Parked;
        });
    }
    if (node.timer_position != kNotInHeap) timers_.remove(index);
    --size_;
}

bool RequestQueue::has_candidate(Tier tier) const {
    return lanes_[index_of(tier)].in_flows > 0 || (tier == Tier::High && !urgent_.empty());
}

void RequestQueue::update_waiting(Tier tier) {
    const bool waits = has_candidate(tier);
    if (waits == shares_.waiting(tier)) return;
    if (waits) {
        shares_.activate(tier);
    } else {
        shares_.deactivate(tier);
    }
}

// The next moment at which its deadline means something: urgent, critical, passed.
void RequestQueue::set_timer(uint32_t index, int64_t now_us) {
    const QueueNode & node = nodes_[index];
    int64_t next = node.deadline_us;
    if (policy_ == Policy::Priority) {
        const int64_t left = node.deadline_us - now_us;
        if (left >= kUrgentUs) {
            next -= kUrgentUs - 1;
        } else if (left >= kCriticalUs) {
            next -= kCriticalUs - 1;
        }
        if (left < kCriticalUs) {
            lift(index, Place::Critical);
        } else if (left < kUrgentUs) {
            lift(index, Place::Urgent);
        }
    }
    timers_.push({next, node.arrival}, index);
}

// A lift never lowers: a vip that becomes urgent keeps its place among the vips.
void RequestQueue::lift(uint32_t index, Place place) {
    QueueNode & node = nodes_[index];
    if (node.place == place || (place == Place::Urgent && node.tier == Tier::Vip)) return;
    leave_place(index);
    if (place == Place::Urgent) node.tier = Tier::High;
    node.place = place;
    add(index);
    (place == Place::Urgent ? urgent_ : critical_).push({node.deadline_us, node.arrival}, index);
    update_waiting(node.tier);
}

// In the order of time, whichever tier: so the tail of a list by age is always the one that entered last.
void RequestQueue::age(int64_t now_us) {
    if (now_us < next_age_us_) return;
    const auto next_of = [&](Tier tier) {
        const ArrivalList & list = lane(tier).by_age;
        return list.empty() ? INT64_MAX : nodes_[list.front()].entered_us + kAgeingUs;
    };
    while (true) {
        const Tier tier = next_of(Tier::Normal) <= next_of(Tier::Low) ? Tier::Normal : Tier::Low;
        const int64_t crossed_us = next_of(tier);
        if (crossed_us > now_us) {
            next_age_us_ = crossed_us;
            return;
        }
        const uint32_t index = lane(tier).by_age.front();
        leave_place(index);
        nodes_[index].tier = better(tier);
        nodes_[index].entered_us = crossed_us;
        add(index);
        join_flow(index);
    }
}

void RequestQueue::advance(int64_t now_us, std::vector<Popped> & expired) {
    age(now_us);
    while (!timers_.empty() && timers_.top().key.at_us <= now_us) {
        const uint32_t index = timers_.top().item;
        if (nodes_[index].deadline_us <= now_us) {
            expired.push_back(describe(index, now_us));
            leave(index);
            continue;
        }
        timers_.remove(index);
        set_timer(index, now_us);
    }
}

int64_t RequestQueue::next_event_us() const {
    int64_t next = timers_.empty() ? INT64_MAX : timers_.top().key.at_us;
    for (const Lane & lane : lanes_) {
        if (!lane.by_age.empty()) next = std::min(next, nodes_[lane.by_age.front()].entered_us + kAgeingUs);
    }
    return next;
}

uint32_t RequestQueue::first_parked() const {
    for (const FlowList & parked : parked_) {
        if (!parked.empty()) return parked.head;
    }
    return kNoNode;
}

uint32_t RequestQueue::choose(int64_t now_us) {
    if (!critical_.empty()) return critical_.top().key.at_us > now_us ? critical_.top().item : kNoNode;
    const uint32_t parked = first_parked();
    if (parked != kNoNode && nodes_[parked].asked == Tier::Vip) return parked;
    const std::optional<Tier> tier = shares_.on_turn();
    if (parked != kNoNode && tier != Tier::Vip) return parked;
    if (!tier) return kNoNode;
    if (*tier == Tier::High && !urgent_.empty()) return urgent_.top().item;
    return flows_[flows_.on_turn(*tier)].requests.head;
}

Popped RequestQueue::describe(uint32_t index, int64_t now_us) const {
    const QueueNode & node = nodes_[index];
    return {ticket_of(index, node.version), node.key,   node.asked, node.tier, node.place == Place::Critical,
            now_us - node.submitted_us,     node.tokens};
}

std::optional<Popped> RequestQueue::peek(int64_t now_us) {
    const uint32_t index = choose(now_us);
    if (index == kNoNode) return std::nullopt;
    return describe(index, now_us);
}

std::optional<Popped> RequestQueue::pop(int64_t now_us) {
    const uint32_t index = choose(now_us);
    if (index == kNoNode) return std::nullopt;
    return take(index, now_us);
}

std::optional<Popped> RequestQueue::pop(Ticket ticket, int64_t now_us) {
    const uint32_t index = find(ticket);
    if (index == kNoNode || nodes_[index].place == Place::Out) return std::nullopt;
    if (nodes_[index].deadline_us > 0 && nodes_[index].deadline_us <= now_us) return std::nullopt;
    return take(index, now_us);
}

Popped RequestQueue::take(uint32_t index, int64_t now_us) {
    const Popped popped = describe(index, now_us);
    QueueNode & node = nodes_[index];
    const bool was_charged = node.payer != kNoNode;
    if (!was_charged) {
        // Before it leaves, so that the flow and what it owes outlast the leaving of its last request.
        node.payer = node.flow != kNoNode ? node.flow : flows_.open(node.user, node.tier);
        node.charges_tier = !popped.critical;
        ++flows_[node.payer].charged;
    }
    leave(index);
    if (!was_charged) charge(node, node.tokens);
    return popped;
}

void RequestQueue::charge(const QueueNode & node, int64_t tokens) {
    Flow & payer = flows_[node.payer];
    payer.deficit -= tokens;
    if (node.charges_tier) shares_.charge(payer.tier, tokens);
}

void RequestQueue::put_back(Ticket ticket, int64_t remaining_tokens) {
    const uint32_t index = find(ticket);
    if (index == kNoNode || nodes_[index].place != Place::Out || nodes_[index].payer == kNoNode) return;
    QueueNode & node = nodes_[index];
    node.tokens = std::max<int64_t>(remaining_tokens, 1);
    node.deadline_us = 0;
    node.place = Place::Parked;
    parked(node).push_back(nodes_, index);
    ++size_;
    add(index);
}

bool RequestQueue::remove(Ticket ticket) {
    const uint32_t index = find(ticket);
    if (index == kNoNode || nodes_[index].place == Place::Out) return false;
    leave(index);
    return true;
}

void RequestQueue::settle(Ticket ticket, int64_t tokens) {
    const uint32_t index = find(ticket);
    if (index != kNoNode && nodes_[index].payer != kNoNode) charge(nodes_[index], tokens);
}

void RequestQueue::release(Ticket ticket) {
    const uint32_t index = find(ticket);
    if (index == kNoNode) return;
    QueueNode & node = nodes_[index];
    if (node.place != Place::Out) leave(index);
    if (node.payer != kNoNode) {
        --flows_[node.payer].charged;
        flows_.close_if_idle(node.payer);
    }
    node.place = Place::Free;
    free_.push_back(index);
}

int64_t RequestQueue::oldest_submitted_us(Tier asked_tier) const {
    const ArrivalList & list = lanes_[index_of(asked_tier)].by_asked;
    int64_t oldest = list.empty() ? INT64_MAX : nodes_[list.front()].submitted_us;
    for (uint32_t at = parked_[index_of(asked_tier)].head; at != kNoNode; at = nodes_[at].in_flow.next) {
        oldest = std::min(oldest, nodes_[at].submitted_us);
    }
    return oldest;
}

std::optional<RequestQueue::Ahead> RequestQueue::ahead_of(Ticket ticket) const {
    const uint32_t index = find(ticket);
    if (index == kNoNode || nodes_[index].place == Place::Out) return std::nullopt;
    const QueueNode & node = nodes_[index];
    if (node.place == Place::Parked) {
        Ahead ahead{node.tier, true, 0, 0};
        for (uint32_t at = parked_[index_of(node.asked)].head; at != index; at = nodes_[at].in_flow.next) {
            ++ahead.requests;
            ahead.tokens += nodes_[at].tokens;
        }
        return ahead;
    }
    if (node.place != Place::Flow) {
        const LiftHeap & heap = node.place == Place::Urgent ? urgent_ : critical_;
        const TimeKey own{node.deadline_us, node.arrival};
        Ahead ahead{node.tier, true, 0, 0};
        for (const auto & entry : heap.entries()) {
            if (entry.key >= own) continue;
            ++ahead.requests;
            ahead.tokens += nodes_[entry.item].tokens;
        }
        return ahead;
    }
    const Lane & own = lanes_[index_of(node.tier)];
    return Ahead{node.tier, false, std::max<int64_t>(0, node.requests_mark - own.requests_out),
                 std::max<int64_t>(0, node.tokens_mark - own.tokens_out)};
}

}  // namespace inferno::queue
