#include "native/llama/prefix_store.h"

#include <cmath>
#include <limits>

namespace inferno::llama {
namespace {

constexpr double kHalfLifeUs = 600e6;
// Whoever had a state fetched takes it in the next turn, unless it was cancelled.
constexpr int64_t kKeepFetchedUs = 5'000'000;

}  // namespace

PrefixStore::PrefixStore(PrefixStoreOptions options, bool can_cut) : options_(std::move(options)), can_cut_(can_cut) {}

PrefixStore::~PrefixStore() = default;

Status PrefixStore::open_disk(Callback fetched) {
    if (options_.directory.empty() || options_.disk_bytes == 0 || !enabled()) return Status::ok();
    auto files = StateFiles::open(options_.directory, std::move(fetched));
    if (!files) return files.status();
    files_ = std::move(files).value();
    return Status::ok();
}

PrefixMatch PrefixStore::find(std::span<const llama_token> tokens) const {
    return can_cut_ ? tree_.longest_shared(tokens) : tree_.longest_contained(tokens);
}

KvStatePtr PrefixStore::state(PrefixId id, int64_t now_us) {
    const auto found = entries_.find(id);
    if (found == entries_.end()) return nullptr;
    ++found->second.uses;
    found->second.used_us = now_us;
    if (found->second.state) found->second.keep_until_us = 0;
    return found->second.state;
}

bool PrefixStore::fetch(PrefixId id) {
    const auto found = entries_.find(id);
    if (found == entries_.end() || found->second.file_bytes == 0) return false;
    Entry & entry = found->second;
    if (!entry.fetching) files_->read(id, entry.bytes);
    entry.fetching = true;
    return true;
}

bool PrefixStore::is_fetching(PrefixId id) const {
    const auto found = entries_.find(id);
    return found != entries_.end() && found->second.fetching;
}

void PrefixStore::poll(int64_t now_us) {
    if (!files_) return;
    for (StateFiles::Done & done : files_->take_results()) {
        const auto found = entries_.find(done.id);
        if (found == entries_.end()) continue;
        Entry & entry = found->second;
        if (done.was_read) {
            entry.fetching = false;
            if (!done.state) {
                forget(done.id);
                continue;
            }
            if (entry.state) continue;
            entry.used_us = now_us;
            entry.keep_until_us = now_us + kKeepFetchedUs;
            entry.state = std::move(done.state);
            memory_bytes_ += entry.bytes;
            make_room(0, now_us);
            continue;
        }
        entry.spilling = false;
        if (done.bytes == 0) {
            forget(done.id);
            continue;
        }
        entry.file_bytes = done.bytes;
        disk_bytes_ += done.bytes;
        ++spilled_;
        leave_memory(done.id);
        make_disk_room(now_us);
    }
}

void PrefixStore::put(std::span<const llama_token> tokens, KvStatePtr state, int64_t now_us) {
    if (!enabled() || !state || tokens.empty() || state->bytes.size() > options_.memory_bytes) return;
    make_room(state->bytes.size(), now_us);
    const PrefixId id = next_id_++;
    Entry entry;
    entry.tokens.assign(tokens.begin(), tokens.end());
    entry.bytes = state->bytes.size();
    entry.state = std::move(state);
    entry.used_us = now_us;
    memory_bytes_ += entry.bytes;
    const PrefixId before = tree_.insert(tokens, id);
    entries_.emplace(id, std::move(entry));
    // The tree has the new one under these tokens already.
    if (before != kNoPrefix) {
        Entry & old = entries_.at(before);
        if (old.state) memory_bytes_ -= old.bytes;
        if (old.file_bytes > 0) {
            disk_bytes_ -= old.file_bytes;
            files_->remove(before);
        }
        entries_.erase(before);
    }
}

double PrefixStore::worth(const Entry & entry, int64_t now_us) const {
    // At least one token, so that age and use still order what others cover.
    const double spared = 1.0 + static_cast<double>(tree_.unique_tokens(entry.tokens));
    const double recency = std::exp2(-static_cast<double>(now_us - entry.used_us) / kHalfLifeUs);
    return spared * (1.0 + entry.uses) * recency / static_cast<double>(entry.bytes);
}

PrefixId PrefixStore::least_worthy(bool in_memory, int64_t now_us) const {
    PrefixId least = kNoPrefix;
    double least_worth = std::numeric_limits<double>::max();
    for (const auto & [id, entry] : entries_) {
        const bool counts = in_memory ? entry.state != nullptr && !entry.spilling && entry.keep_until_us <= now_us
                                      : entry.file_bytes > 0 && !entry.state && !entry.fetching;
        if (!counts) continue;
        const double value = worth(entry, now_us);
        if (value >= least_worth) continue;
        least = id;
        least_worth = value;
    }
    return least;
}

// What is on its way to disk still takes memory, but has been asked to leave: it is counted as gone, so that one new
// state does not drive out several old ones.
void PrefixStore::make_room(uint64_t bytes, int64_t now_us) {
    uint64_t leaving = 0;
    for (const auto & [id, entry] : entries_) {
        if (entry.spilling) leaving += entry.bytes;
    }
    while (memory_bytes_ - leaving + bytes > options_.memory_bytes) {
        const PrefixId id = least_worthy(true, now_us);
        if (id == kNoPrefix) return;
        Entry & entry = entries_.at(id);
        ++evicted_;
        if (entry.file_bytes > 0) {
            leave_memory(id);
        } else if (files_) {
            entry.spilling = true;
            leaving += entry.bytes;
            files_->write(id, entry.state);
        } else {
            forget(id);
        }
    }
}

void PrefixStore::make_disk_room(int64_t now_us) {
    while (disk_bytes_ > options_.disk_bytes) {
        const PrefixId id = least_worthy(false, now_us);
        if (id == kNoPrefix) return;
        ++evicted_;
        forget(id);
    }
}

void PrefixStore::leave_memory(PrefixId id) {
    Entry & entry = entries_.at(id);
    if (!entry.state) return;
    entry.state.reset();
    memory_bytes_ -= entry.bytes;
}

void PrefixStore::forget(PrefixId id) {
    const auto found = entries_.find(id);
    if (found == entries_.end()) return;
    leave_memory(id);
    if (found->second.file_bytes > 0) {
        disk_bytes_ -= found->second.file_bytes;
        files_->remove(id);
    }
    tree_.erase(found->second.tokens);
    entries_.erase(found);
}

PrefixStoreStats PrefixStore::stats() const {
    return {memory_bytes_, disk_bytes_, entries_.size(), evicted_, spilled_};
}

}  // namespace inferno::llama
