// The KV caches of all sequences of a decoder graph, laid out so that one run reads and writes those of several
// sequences at once. Two kinds of graphs, two layouts: one whose present outputs are the past with the new tokens
// behind (GrowingCache), and one that writes the new tokens into the memory of the past (SharedCache).
//
// A slot is a sequence's place, from 0 on; what it holds may move in memory between runs. Thread safety: none; one
// engine thread.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <span>
#include <vector>

#include "native/core/status.h"
#include "native/onnx/decoder_graph.h"

namespace inferno::onnx {

// What one run is bound to.
struct KvBinding {
    std::vector<int32_t> slots;     // of each row of the batch
    std::vector<void *> past;       // of each of DecoderGraph::caches
    std::vector<void *> present;    // likewise
    int64_t past_length = 0;        // tokens that the past has memory for
    int64_t present_length = 0;     // likewise, after the run
    bool is_right_aligned = false;  // a row's tokens are the last of the past, not the first
};

class KvCache {
  public:
    virtual ~KvCache() = default;

    // Whether sequences of these lengths may be in one run that gives each `count` tokens more.
    virtual bool batches(int32_t length, int32_t other_length, int32_t count) const = 0;
    // Arranges the slots for a run that gives each of them `count` tokens more, in whatever order suits. Then run, then
    // commit() if that went well.
    virtual Status prepare(std::span<const int32_t> slots, int32_t count, KvBinding & binding) = 0;
    virtual void commit() = 0;

    virtual int32_t length(int32_t slot) const = 0;
    virtual void clear(int32_t slot) = 0;
    // A copy of what a slot holds, which any empty slot can take.
    virtual std::vector<uint8_t> save(int32_t slot) const = 0;
    virtual Status restore(int32_t slot, std::span<const uint8_t> state) = 0;

    // Memory held now.
    virtual size_t memory_bytes() const = 0;
    // Copied in all to arrange slots; what the graph itself copies is not known here.
    uint64_t bytes_moved() const { return bytes_moved_; }

  protected:
    uint64_t bytes_moved_ = 0;
};

// One allocation for all tensors of a batch, without initializing it: tensor i begins where its heads and head sizes
// times `tokens` tokens of all earlier ones end.
class KvArena {
  public:
    KvArena() = default;
    // REQUIRES: enough memory, or it throws std::bad_alloc.
    KvArena(size_t tokens, size_t token_bytes)
        : bytes_(std::make_unique_for_overwrite<std::byte[]>(tokens * token_bytes + 64)), tokens_(tokens) {}

    // `prefix`: bytes of one token in all earlier tensors.
    std::byte * tensor(size_t prefix) const { return bytes_.get() + tokens_ * prefix; }
    // Tokens of all rows together that fit.
    size_t tokens() const { return tokens_; }

  private:
    std::unique_ptr<std::byte[]> bytes_;
    size_t tokens_ = 0;
};

// Where the tensors of an arena begin and how large their parts are.
struct KvShape {
    struct Tensor {
        size_t prefix = 0;  // bytes of one token in all earlier tensors
        size_t heads = 0;
        size_t head_bytes = 0;  // of one token in one head
    };
    std::vector<Tensor> tensors;
    size_t token_bytes = 0;  // of one token in all tensors

    explicit KvShape(const DecoderGraph & graph);
};

}  // namespace inferno::onnx
