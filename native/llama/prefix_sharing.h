// What the slots' KV caches hold, and how a new generation gets as much of its prompt from there as possible.
//
// A slot keeps its cells when its generation ends. A new generation takes the longest beginning of its prompt from, in
// this order of cost: the slot it is put into, another slot (running or not) by copying its cells, or the prefix store.
// When another slot is just computing a prefix that it will need, it waits for that instead of computing it again.
// llama.cpp holds each sequence in cells of its own here (see Engine::create_context), so sharing costs a copy: about a
// hundredth of the time of computing the same tokens.
//
// Thread safety: none; engine thread only, but for the callback of the store.
#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "native/llama/prefix_store.h"
#include "native/llama/running_generation.h"

namespace inferno::llama {

struct PrefixSharingStats {
    uint64_t hits = 0;
    uint64_t misses = 0;
    uint64_t tokens_reused = 0;
};

class PrefixSharing {
  public:
    using Slots = std::span<RunningGeneration * const>;

    // `context` must outlive it. `can_cut`: the sequences' states can be cut to a shorter one.
    PrefixSharing(llama_context * context, size_t slot_count, bool can_cut, PrefixStoreOptions store);
    // See PrefixStore::open_disk.
    Status open_disk(PrefixStore::Callback fetched) { return store_.open_disk(std::move(fetched)); }

    // The free slot that suits the generation best, without leaving a gap that would split the batch. -1: none is free.
    int32_t choose_slot(Slots slots, const RunningGeneration & generation) const;
    // Gives a generation that was just put into its slot what is cached of its tokens, or has it wait; a waiting one is
    // to be attached again in every turn until it runs.
    void attach(Slots slots, RunningGeneration & generation, int64_t now_us);
    // Its cells stay as a cache of what it computed. REQUIRES: they hold tokens_cached tokens.
    void retire(const RunningGeneration & generation);
    // The slot's cells are to be forgotten, because they may be wrong.
    void clear(int32_t slot);
    // Takes in what was read from disk.
    void poll(int64_t now_us) { store_.poll(now_us); }

    // Tokens cached in empty slots, for bridging.
    std::span<const int32_t> resident_lengths() const { return resident_lengths_; }
    PrefixSharingStats stats() const { return stats_; }
    PrefixStoreStats store_stats() const { return store_.stats(); }

  private:
    // Where the longest cached beginning is.
    struct Source {
        size_t length = 0;
        int32_t slot = -1;            // in that slot
        PrefixId stored = kNoPrefix;  // or in the store
    };

    size_t usable(size_t shared, size_t held) const { return can_cut_ || shared == held ? shared : 0; }
    size_t resident_match(size_t slot, std::span<const llama_token> wanted) const;
    Source best_source(Slots slots, const RunningGeneration & generation, std::span<const llama_token> wanted) const;
    bool await_donor(Slots slots, RunningGeneration & generation, std::span<const llama_token> wanted, size_t best);
    size_t take_over(Slots slots, RunningGeneration & generation, const Source & source, int64_t now_us);
    size_t copy_from(RunningGeneration & generation, const Source & source, const RunningGeneration * holder,
                     int64_t now_us);
    void preserve(Slots slots, size_t slot, int64_t now_us);
    void set_resident(size_t slot, std::vector<llama_token> tokens);

    llama_context * const context_;
    const bool can_cut_;
    std::vector<std::vector<llama_token>> residents_;  // by slot; what an empty slot still holds
    std::vector<int32_t> resident_lengths_;
    PrefixStore store_;
    PrefixSharingStats stats_;
};

}  // namespace inferno::llama
