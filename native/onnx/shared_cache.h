// KV caches of graphs that write new tokens into the memory of the past (GroupQueryAttention): [rows, heads, context
// size, head size], each sequence from the front, its length told by the attention mask. A run over a part of the rows
// sees that part of the memory, so joining and leaving copy nothing, unless rows must change places to lie together.
#pragma once

#include "native/onnx/kv_cache.h"

namespace inferno::onnx {

class SharedCache final : public KvCache {
  public:
    // REQUIRES: enough memory for slots × context_size tokens, or it throws std::bad_alloc.
    SharedCache(const DecoderGraph & graph, int32_t slots, int32_t context_size);

    // Several tokens at once go to one sequence alone, or to several that are empty: the operator can do no more.
    bool batches(int32_t length, int32_t other_length, int32_t count) const override;
    Status prepare(std::span<const int32_t> slots, int32_t count, KvBinding & binding) override;
    void commit() override;
    int32_t length(int32_t slot) const override { return lengths_[static_cast<size_t>(slot)]; }
    void clear(int32_t slot) override { lengths_[static_cast<size_t>(slot)] = 0; }
    std::vector<uint8_t> save(int32_t slot) const override;
    Status restore(int32_t slot, std::span<const uint8_t> state) override;
    size_t memory_bytes() const override { return arena_.tokens() * shape_.token_bytes; }

  private:
    size_t row_of(int32_t slot) const { return rows_[static_cast<size_t>(slot)]; }
    std::byte * head(const KvShape::Tensor & tensor, size_t row, size_t head) const;
    // The first of the rows that the slots lie in, side by side.
    size_t gather(std::span<const int32_t> slots);
    void swap_rows(size_t row, size_t other);

    const KvShape shape_;
    const size_t context_size_;
    std::vector<int32_t> lengths_;  // by slot
    std::vector<size_t> rows_;      // by slot
    std::vector<int32_t> slots_;    // by row
    KvArena arena_;
    std::vector<std::byte> exchange_;  // for swapping
    // Of the run under way.
    std::vector<int32_t> running_;
    int32_t count_ = 0;
};

}  // namespace inferno::onnx
