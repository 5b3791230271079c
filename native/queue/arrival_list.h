// Waiting requests in order of arrival, of which only the first is ever asked for. One that leaves from the middle is
// not unlinked, which would cost two cache misses for its neighbours, but passed over once it would be the first.
//
// Thread safety: none.
#pragma once

#include <cstddef>
#include <cstdint>
#include <vector>

namespace inferno::queue {

class ArrivalList {
  public:
    struct Entry {
        uint32_t index;
        uint32_t version;
    };

    bool empty() const { return first_ == entries_.size(); }
    // REQUIRES: !empty()
    uint32_t front() const { return entries_[first_].index; }

    void push_back(uint32_t index, uint32_t version) {
        entries_.push_back({index, version});
        ++live_;
    }

    // `is_live(entry)`: it belongs to the list still. REQUIRES: it says no to the one that leaves.
    template <typename IsLive>
    void remove(uint32_t index, IsLive is_live) {
        --live_;
        if (front() == index) {
            while (!empty() && !is_live(entries_[first_])) ++first_;
        }
        if (entries_.size() <= 2 * live_ + kSlack) return;
        std::erase_if(entries_, [&](const Entry & entry) { return !is_live(entry); });
        first_ = 0;
    }

  private:
    static constexpr size_t kSlack = 256;

    // From first_ on; that one is live, always.
    std::vector<Entry> entries_;
    size_t first_ = 0;
    size_t live_ = 0;
};

}  // namespace inferno::queue
