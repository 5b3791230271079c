// Computes embeddings on a context of its own, made at first use. Thread safety: none; owned by the engine thread.
#pragma once

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

struct EmbeddingJob {
    std::vector<std::string> inputs;
    bool normalize = true;  // to unit L2 length
    // Called once, on the engine thread.
    std::function<void(Result<EmbeddingResult>)> done;

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
    Result<std::vector<float>> embed(const std::string & input, EmbeddingJob & job, int threads);
    Result<std::vector<float>> decode(std::vector<llama_token> tokens, int threads);

    const std::shared_ptr<const Model> model_;
    ContextHandle context_;
    int32_t context_size_ = 0;
};

}  // namespace inferno::llama
