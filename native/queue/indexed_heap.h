// A binary min-heap whose items know their place, so that any of them can be removed in O(log n). The place is kept in
// the caller's own nodes: `Position` maps an item to a uint32_t&, kNotInHeap while it is outside.
//
// Thread safety: none.
#pragma once

#include <cstddef>
#include <cstdint>
#include <utility>
#include <vector>

namespace inferno::queue {

inline constexpr uint32_t kNotInHeap = UINT32_MAX;

template <typename Position, typename Key>
class IndexedHeap {
  public:
    struct Entry {
        Key key;
        uint32_t item;
    };

    explicit IndexedHeap(Position position) : position_(std::move(position)) {}

    bool empty() const { return entries_.empty(); }
    size_t size() const { return entries_.size(); }
    // REQUIRES: !empty()
    const Entry & top() const { return entries_.front(); }

    // REQUIRES: the item is not in the heap.
    void push(const Key & key, uint32_t item) {
        entries_.push_back({key, item});
        position_(item) = static_cast<uint32_t>(entries_.size() - 1);
        rise(entries_.size() - 1);
    }

    // REQUIRES: the item is in the heap.
    void remove(uint32_t item) {
        const size_t at = position_(item);
        position_(item) = kNotInHeap;
        const Entry last = entries_.back();
        entries_.pop_back();
        if (at == entries_.size()) return;
        entries_[at] = last;
        position_(last.item) = static_cast<uint32_t>(at);
        rise(at);
        sink(position_(last.item));
    }

    const std::vector<Entry> & entries() const { return entries_; }

  private:
    // Ties keep no order; callers that need one put it into the key.
    void place(size_t at, const Entry & entry) {
        entries_[at] = entry;
        position_(entry.item) = static_cast<uint32_t>(at);
    }

    void rise(size_t at) {
        const Entry entry = entries_[at];
        while (at > 0) {
            const size_t parent = (at - 1) / 2;
            if (entries_[parent].key <= entry.key) break;
            place(at, entries_[parent]);
            at = parent;
        }
        place(at, entry);
    }

    void sink(size_t at) {
        const Entry entry = entries_[at];
        while (true) {
            size_t child = 2 * at + 1;
            if (child >= entries_.size()) break;
            if (child + 1 < entries_.size() && entries_[child + 1].key < entries_[child].key) ++child;
            if (entries_[child].key >= entry.key) break;
            place(at, entries_[child]);
            at = child;
        }
        place(at, entry);
    }

    Position position_;
    std::vector<Entry> entries_;
};

}  // namespace inferno::queue
