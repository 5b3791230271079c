// A llama_context that turns several inputs into rows in one decode, each as a sequence of its own.
//
// All inputs share one stream of the KV cache and one physical batch: only then does llama.cpp pool each of them as a
// whole. Thread safety: none; owned by the engine thread. `model` must outlive it.
#pragma once

#include <cstdint>
#include <memory>
#include <span>
#include <vector>

#include "native/llama/decode_batch.h"
#include "native/llama/handles.h"
#include "native/llama/model.h"

namespace inferno::llama {

struct EncoderCapacity {
    int32_t input_tokens;  // of one input at most
    int32_t batch_tokens;  // of one decode; >= input_tokens
    int32_t sequences;     // inputs of one decode
};

// What a context for this model takes; 0 where nothing was asked for.
EncoderCapacity encoder_capacity(const Model & model, int32_t context_size, int32_t batch_size, int32_t parallel);

class EncoderContext {
  public:
    // Called during a decode, often; true ends it.
    using Abort = bool (*)(void * data);

    static Result<std::unique_ptr<EncoderContext>> create(const Model & model, const EncoderCapacity & capacity,
                                                          Abort abort, void * data);

    // REQUIRES: 1 to `sequences` inputs of valid tokens, none empty, together at most `batch_tokens`.
    // Cancelled when `abort` ended it.
    Result<std::vector<std::vector<float>>> decode(std::span<const std::vector<llama_token>> inputs, int threads);

    // Buffers of its own: KV cache, compute, output. Without the weights.
    uint64_t memory_bytes() const { return memory_bytes_; }

  private:
    explicit EncoderContext(const Model & model) : model_(model) {}
    Result<std::vector<float>> row(std::span<const std::vector<llama_token>> inputs, size_t index, int32_t first);

    const Model & model_;
    ContextHandle context_;
    uint64_t memory_bytes_ = 0;
    std::vector<PlannedToken> planned_;
    DecodeBatch batch_;
};

}  // namespace inferno::llama
