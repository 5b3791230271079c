// A small model that guesses what a large one will say next. It follows each sequence in a KV cache of its own.
//
// Thread safety: none; engine thread only.
#pragma once

#include <cstdint>
#include <memory>
#include <vector>

#include "native/llama/decode_batch.h"
#include "native/llama/handles.h"
#include "native/llama/model.h"
#include "native/llama/running_generation.h"

namespace inferno::llama {

class DraftModel {
  public:
    // Fails with UnsupportedModel when the vocabularies differ: its guesses would mean nothing.
    static Result<std::unique_ptr<DraftModel>> create(std::shared_ptr<const Model> draft, const Model & target,
                                                      int32_t context_size, int32_t parallel, int32_t batch_size);

    // Sets generation.draft to at most `depth` tokens; fewer when it is not sure, none when it failed.
    void draft(RunningGeneration & generation, int32_t depth);
    void set_threads(int threads);
    uint64_t memory_bytes() const;

  private:
    DraftModel() = default;
    bool catch_up(RunningGeneration & generation);
    bool decode(int32_t slot, size_t from);

    std::shared_ptr<const Model> model_;
    ContextHandle context_;  // must go before the model
    int32_t batch_size_ = 0;
    std::vector<std::vector<llama_token>> computed_;  // by slot
    std::vector<PlannedToken> planned_;
    DecodeBatch batch_;
};

}  // namespace inferno::llama
