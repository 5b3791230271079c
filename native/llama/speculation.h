// Speculative decoding: guesses the next tokens of a sequence from what it has said before (prompt lookup) and has the
// next step verify them, which for few sequences costs hardly more than one token. The sampler sees the same logits as
// without, so what is said does not depend on it.
//
// How many tokens are drafted follows what pays now: the depth with the most expected tokens per time, from measured
// step times at each depth (they depend on the model, the machine and the sequences beside) and from how often this
// sequence's drafts were right. Source of prompt lookup: A. Saxena, "Prompt Lookup Decoding", 2023; the search itself
// is llama.cpp's common_ngram_simple_draft.
//
// Thread safety: none; engine thread only.
#pragma once

#include <array>
#include <cstdint>
#include <span>

#include "native/llama/running_generation.h"

namespace inferno::llama {

class DraftModel;

class Speculation {
  public:
    static constexpr int32_t kMaxDepth = 16;

    // `max_depth` 0 turns it off. `draft_model` may be null and must outlive it.
    Speculation(int32_t max_depth, DraftModel * draft_model);

    bool enabled() const { return max_depth_ > 0; }
    // Sets the draft of every generation that decodes. `room`: tokens a batch can take beyond one for each.
    void draft(std::span<RunningGeneration * const> slots, int32_t room, int32_t context_size);
    // After the step: how many of a generation's drafted tokens were right, and whether the step left the token after
    // them open because the choice was too close for it.
    void record_outcome(RunningGeneration & generation, int32_t drafted, int32_t right, bool was_close);
    // A step without prompt tokens took that long.
    void record_step(int32_t sequences, int32_t deepest, int64_t step_us);

  private:
    static constexpr size_t kClasses = 6;  // of the number of sequences that decode together

    static size_t class_of(int32_t sequences);
    int32_t best_depth(size_t step_class, int32_t sequences, std::span<RunningGeneration * const> drafted) const;
    double cost(size_t step_class, int32_t depth) const;

    const int32_t max_depth_;
    DraftModel * const draft_model_;
    // Microseconds of a step by class and depth; 0: not measured.
    std::array<std::array<double, kMaxDepth + 1>, kClasses> cost_us_{};
    // How likely a choice in a step with guesses is not too close; of the model, so that new generations know it.
    double certainty_ = 1.0;
    std::array<uint32_t, kClasses> steps_{};
    std::array<int32_t, kClasses> model_depth_{};  // tokens to ask the draft model for
};

}  // namespace inferno::llama
