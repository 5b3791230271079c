// KV states of token sequences that no slot holds any more: in host memory within a budget, beyond it compressed on
// disk.
//
// Eviction is by worth: tokens that only this state spares, times how often it was used, halved for every ten minutes
// since, per byte. What leaves the memory goes to disk when there is a folder for it, and is forgotten otherwise.
// Files are this process's own and are deleted when they are evicted or the store ends; a state that came back from
// disk keeps its file, so that it can leave again for nothing.
//
// Thread safety: for the engine thread alone, but for `fetched`, which is called on the store's own disk thread.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <span>
#include <string>
#include <unordered_map>
#include <vector>

#include "native/llama/kv_state.h"
#include "native/llama/prefix_tree.h"
#include "native/llama/state_files.h"

namespace inferno::llama {

struct PrefixStoreOptions {
    uint64_t memory_bytes = 0;
    std::string directory;  // empty: no disk
    uint64_t disk_bytes = 0;
};

struct PrefixStoreStats {
    uint64_t memory_bytes = 0;
    uint64_t disk_bytes = 0;
    uint64_t entries = 0;
    uint64_t evicted = 0;
    uint64_t spilled = 0;
};

class PrefixStore {
  public:
    using Callback = std::function<void()>;

    // `can_cut`: the model's state can be cut to a shorter one.
    PrefixStore(PrefixStoreOptions options, bool can_cut);
    ~PrefixStore();

    // Makes the folder on disk, if there is to be one. `fetched` tells that poll() has something to do. Fails with
    // InvalidArgument when the folder cannot be made.
    Status open_disk(Callback fetched);

    bool enabled() const { return options_.memory_bytes > 0; }

    // The state that spares the most of `tokens`.
    PrefixMatch find(std::span<const llama_token> tokens) const;
    // Null when it is on disk only (fetch it first) or unknown. Counts as a use.
    KvStatePtr state(PrefixId id, int64_t now_us);
    // Reads it from disk in the background. False when there is nothing to read.
    bool fetch(PrefixId id);
    bool is_fetching(PrefixId id) const;
    // Takes in what the disk thread has done.
    void poll(int64_t now_us);

    // Keeps the state of these tokens. What is longer and begins with an older one replaces it.
    void put(std::span<const llama_token> tokens, KvStatePtr state, int64_t now_us);

    PrefixStoreStats stats() const;

  private:
    struct Entry {
        std::vector<llama_token> tokens;
        KvStatePtr state;  // null: on disk only
        uint64_t bytes = 0;
        uint64_t file_bytes = 0;  // 0: not on disk
        uint32_t uses = 0;
        int64_t used_us = 0;
        bool spilling = false;
        bool fetching = false;
        int64_t keep_until_us = 0;  // it came from disk for somebody, who has not used it yet
    };

    double worth(const Entry & entry, int64_t now_us) const;
    void make_room(uint64_t bytes, int64_t now_us);
    void make_disk_room(int64_t now_us);
    PrefixId least_worthy(bool in_memory, int64_t now_us) const;
    void leave_memory(PrefixId id);
    void forget(PrefixId id);

    const PrefixStoreOptions options_;
    const bool can_cut_;
    PrefixTree tree_;
    std::unordered_map<PrefixId, Entry> entries_;
    PrefixId next_id_ = 1;
    uint64_t memory_bytes_ = 0;
    uint64_t disk_bytes_ = 0;
    uint64_t evicted_ = 0;
    uint64_t spilled_ = 0;
    std::unique_ptr<StateFiles> files_;  // null: no disk
};

}  // namespace inferno::llama
