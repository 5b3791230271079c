// What a journal should hold after each of a row of changes, to compare with what it recovers. Single-threaded.
#pragma once

#include <map>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "native/queue/journal_map.h"

namespace inferno::test {

using Contents = std::map<std::string, std::string>;

inline std::vector<std::byte> to_bytes(std::string_view text) {
    const auto bytes = std::as_bytes(std::span(text));
    return {bytes.begin(), bytes.end()};
}

inline Contents contents_of(const std::vector<queue::JournalEntryPtr> & entries) {
    Contents contents;
    for (const auto & entry : entries) {
        contents[entry->key] = {reinterpret_cast<const char *>(entry->value.data()), entry->value.size()};
    }
    return contents;
}

class History {
  public:
    static constexpr size_t kNotThere = static_cast<size_t>(-1);

    static History beginning_with(Contents contents) {
        History history;
        history.states_.front() = std::move(contents);
        return history;
    }

    void put(const std::string & key, const std::string & value) {
        states_.push_back(states_.back());
        states_.back()[key] = value;
    }
    void remove(const std::string & key) {
        states_.push_back(states_.back());
        states_.back().erase(key);
    }
    size_t changes() const { return states_.size() - 1; }
    const Contents & last() const { return states_.back(); }
    const Contents & after(size_t changes) const { return states_[changes]; }
    // After how many changes the map was like this, the largest such number; kNotThere when never.
    size_t find(const Contents & contents) const {
        for (size_t i = states_.size(); i-- > 0;) {
            if (states_[i] == contents) return i;
        }
        return kNotThere;
    }

  private:
    std::vector<Contents> states_{{}};
};

}  // namespace inferno::test
