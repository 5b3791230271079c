// Doubly linked lists through the nodes of a vector, by index: a node leaves any of its lists in O(1), and nothing is
// allocated. Thread safety: none.
#pragma once

#include <cstdint>
#include <vector>

namespace inferno::queue {

inline constexpr uint32_t kNoNode = UINT32_MAX;

struct Link {
    uint32_t previous = kNoNode;
    uint32_t next = kNoNode;
};

// The list through the member `link` of Node. A node is in at most one list per member.
template <typename Node, Link Node::* link>
struct LinkedList {
    uint32_t head = kNoNode;
    uint32_t tail = kNoNode;

    bool empty() const { return head == kNoNode; }

    void push_back(std::vector<Node> & nodes, uint32_t at) {
        nodes[at].*link = {tail, kNoNode};
        (tail == kNoNode ? head : (nodes[tail].*link).next) = at;
        tail = at;
    }

    // REQUIRES: the node is in this list.
    void remove(std::vector<Node> & nodes, uint32_t at) {
        const Link around = nodes[at].*link;
        (around.previous == kNoNode ? head : (nodes[around.previous].*link).next) = around.next;
        (around.next == kNoNode ? tail : (nodes[around.next].*link).previous) = around.previous;
        nodes[at].*link = {};
    }
};

}  // namespace inferno::queue
