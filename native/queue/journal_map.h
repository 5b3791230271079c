// The map a journal keeps: entries by key, in the order of their keys. Entries are immutable and shared, so that a
// snapshot copies pointers and not bytes.
//
// Thread safety: an entry may be read by any thread; a map by the one that owns it.
#pragma once

#include <cstddef>
#include <memory>
#include <set>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace inferno::queue {

struct JournalEntry {
    std::string key;
    std::vector<std::byte> value;
};
using JournalEntryPtr = std::shared_ptr<const JournalEntry>;

class JournalMap {
  public:
    void put(JournalEntryPtr entry) {
        remove(entry->key);
        entries_.insert(std::move(entry));
    }
    void remove(std::string_view key) {
        const auto found = entries_.find(key);
        if (found != entries_.end()) entries_.erase(found);
    }
    size_t size() const { return entries_.size(); }
    std::vector<JournalEntryPtr> snapshot() const { return {entries_.begin(), entries_.end()}; }

  private:
    struct ByKey {
        using is_transparent = void;
        static std::string_view key(std::string_view key) { return key; }
        static std::string_view key(const JournalEntryPtr & entry) { return entry->key; }
        bool operator()(const auto & a, const auto & b) const { return key(a) < key(b); }
    };
    std::set<JournalEntryPtr, ByKey> entries_;
};

}  // namespace inferno::queue
