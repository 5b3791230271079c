// KV caches of graphs that return the past with the new tokens behind it, as Optimum exports them: past and present of
// a batch are [rows, heads, length, head size], one length for all rows. Shorter sequences have zeros in front that the
// attention mask hides.
//
// Sequences that run together lie in one block. Its memory is two arenas: a run reads one and writes the other, and
// they change places, so nothing is copied beside what the graph itself copies. Rows join behind the others and the
// last row moves into the place of one that leaves; all rows are laid out anew only when a longer sequence joins or
// much of the memory is zeros.
#pragma once

#include <optional>

#include "native/onnx/kv_cache.h"

namespace inferno::onnx {

class GrowingCache final : public KvCache {
  public:
    // `pads`: sequences of different lengths may share a run.
    GrowingCache(const DecoderGraph & graph, int32_t slots, bool pads);

    bool batches(int32_t length, int32_t other_length, int32_t count) const override;
    Status prepare(std::span<const int32_t> slots, int32_t count, KvBinding & binding) override;
    void commit() override;
    int32_t length(int32_t slot) const override { return lengths_[static_cast<size_t>(slot)]; }
    void clear(int32_t slot) override;
    std::vector<uint8_t> save(int32_t slot) const override;
    Status restore(int32_t slot, std::span<const uint8_t> state) override;
    size_t memory_bytes() const override;

  private:
    // Sequences that run together. The tokens of each end at `length`.
    struct Block {
        std::vector<int32_t> slots;  // of each row
        size_t length = 0;
        KvArena arena;
    };
    // A sequence's tokens in a block.
    struct Place {
        Block * block = nullptr;  // null: it holds nothing
        size_t row = 0;
    };

    size_t tokens_of(int32_t slot) const { return static_cast<size_t>(lengths_[static_cast<size_t>(slot)]); }
    Place & place_of(int32_t slot) { return places_[static_cast<size_t>(slot)]; }
    Block & add_block();
    void drop_if_empty(Block * block);
    Block & choose_base(std::span<const int32_t> slots);
    void part_from(Block & base, std::span<const int32_t> slots);
    void rebuild(Block & base, std::span<const int32_t> slots, size_t length);
    void append(Block & block, int32_t slot);
    void leave(int32_t slot);
    void copy_row(int32_t slot, const KvArena & target, size_t row, size_t length);
    KvArena take_arena(size_t tokens);
    void give_arena(KvArena arena);

    const KvShape shape_;
    const bool pads_;
    std::vector<int32_t> lengths_;  // by slot
    std::vector<Place> places_;     // by slot
    std::vector<std::unique_ptr<Block>> blocks_;
    std::vector<KvArena> spare_;  // arenas to be used again
    // Of the run under way.
    Block * running_ = nullptr;
    KvArena next_;
    size_t count_ = 0;
};

}  // namespace inferno::onnx
