// A decoder graph with the KV caches of its sequences: run() gives several of them their next tokens at once, and
// logits() are what may follow.
//
// What a graph can do that it does not say is tried out once, in create(): how it keeps its past, whether zeros in
// front of a sequence change its logits, whether a prompt may come in pieces.
//
// Thread safety: none; one engine thread. Runs may be stopped from others, see RunControl.
#pragma once

#include <cstdint>
#include <memory>
#include <span>
#include <vector>

#include "native/onnx/kv_cache.h"
#include "native/onnx/session.h"

namespace inferno::onnx {

enum class CacheLayout : uint8_t { Growing, Shared };

struct DecoderTraits {
    CacheLayout layout = CacheLayout::Growing;
    bool pads = true;    // sequences of different lengths may share a run
    bool chunks = true;  // a prompt may come in pieces
    int32_t vocabulary_size = 0;
};

class Decoder {
  public:
    struct Row {
        int32_t slot;
        std::span<const int32_t> tokens;  // as many as in the other rows
    };

    // UnsupportedModel for graphs that are no decoders, RunFailed for those that do not run, OutOfMemory.
    static Result<DecoderTraits> probe(const Session & session);
    static Result<std::unique_ptr<Decoder>> create(std::shared_ptr<const Session> session, const DecoderTraits & traits,
                                                   int32_t slots, int32_t context_size);

    // Whether sequences of these lengths may be in one run that gives each `count` tokens more.
    bool batches(int32_t length, int32_t other_length, int32_t count) const {
        return cache_->batches(length, other_length, count);
    }
    // REQUIRES: every two rows can be batched. After a failure the slots hold what they held before, with the growing
    // layout; with the shared one what they hold is to be cleared.
    Status run(std::span<const Row> rows, const OrtRunOptions * options);
    // Of the last token of row `index` of the last run; valid until the next one. May be written to.
    std::span<float> logits(size_t index);

    int32_t length(int32_t slot) const { return cache_->length(slot); }
    void clear(int32_t slot) { cache_->clear(slot); }
    std::vector<uint8_t> save(int32_t slot) const { return cache_->save(slot); }
    Status restore(int32_t slot, std::span<const uint8_t> state) { return cache_->restore(slot, state); }

    size_t cache_bytes() const { return cache_->memory_bytes(); }
    // Copied in all because sequences joined, left or changed places.
    uint64_t bytes_moved() const { return cache_->bytes_moved(); }
    int32_t vocabulary_size() const { return vocabulary_size_; }

  private:
    Decoder(std::shared_ptr<const Session> session, DecoderGraph graph, std::unique_ptr<KvCache> cache)
        : session_(std::move(session)), graph_(std::move(graph)), cache_(std::move(cache)) {}

    void order_rows(std::span<const Row> rows);
    void fill_inputs(std::span<const Row> rows, int64_t count);
    Status add_integers(const GraphInput & input, std::vector<int64_t> & values, std::span<const int64_t> dims);
    Status bind_inputs(int64_t count);
    Status bind_caches();
    Status take_logits(ValuePtr value, int64_t count);

    const std::shared_ptr<const Session> session_;
    const DecoderGraph graph_;
    const std::unique_ptr<KvCache> cache_;
    int32_t vocabulary_size_ = 0;

    // Of the last run. `order_[i]` is the caller's row in row i of the batch, `rows_` its inverse.
    KvBinding binding_;
    std::vector<size_t> order_;
    std::vector<size_t> rows_;
    ValuePtr logits_;
    TensorContent logits_content_;
    std::vector<float> converted_;  // of logits in half precision: one row

    // Memory of the inputs.
    std::vector<int64_t> ids_;
    std::vector<int64_t> mask_;
    std::vector<int64_t> positions_;
    int64_t mask_length_ = 0;
    bool has_past_ = false;
    std::vector<int64_t> one_;
    std::vector<std::vector<int32_t>> narrow_;  // inputs that the graph wants as 32-bit integers
    std::vector<ValuePtr> values_;
    std::vector<uint32_t> input_indices_;
    std::vector<const OrtValue *> inputs_;
    std::vector<uint32_t> output_indices_;
    std::vector<OrtValue *> outputs_;
};

}  // namespace inferno::onnx
