// Computes embeddings on a context of its own, made at first use. Thread safety: none; owned by the engine thread.
#pragma once

#include <atomic>
#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "native/llama/handles.h"
#include "native/llama/model.h"

namespace inferno::llama {

struct EmbeddingResult {
    std::vector<std::vector<float>> embeddings;  // one per input, embedding_length floats each
    int32_t tokens = 0;
};

struct EmbeddingInput {
    std::string text;                 // tokenized with the special tokens that the model wants
    std::vector<llama_token> tokens;  // taken as they are; used when not empty
};

struct EmbeddingJob {
    std::vector<EmbeddingInput> inputs;
    bool normalize = true;  // to unit L2 length
    // Called once, on the engine thread.
    std::function<void(Result<EmbeddingResult>)> done;
    // Set by any thread; looked at between two inputs, with relaxed order because it carries no data.
    std::shared_ptr<std::atomic<bool>> cancelled = std::make_shared<std::atomic<bool>>(false);

    // Progress, kept by the embedder.
    EmbeddingResult result;
};

class Embedder {
  public:
    explicit Embedder(std::shared_ptr<const Model> model);

    // Computes the next input of the job on `threads` threads. Returns true when the job is finished (done was called).
    bool step(EmbeddingJob & job, int threads);

  private:
    Status create_context();
    Result<std::vector<float>> embed(const EmbeddingInput & input, EmbeddingJob & job, int threads);
    Result<std::vector<llama_token>> tokens_of(const EmbeddingInput & input) const;
    Result<std::vector<float>> decode(std::vector<llama_token> tokens, int threads);

    const std::shared_ptr<const Model> model_;
    ContextHandle context_;
    int32_t context_size_ = 0;
};

}  // namespace inferno::llama
