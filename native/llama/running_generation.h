// One generation inside the engine: built by the preparation thread, then owned by the engine thread alone.
#pragma once

#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "native/llama/generation.h"

namespace inferno::llama {

struct RunningGeneration {
    std::shared_ptr<GenerationControl> control;
    Status failure;  // set when preparation failed; nothing below is then used

    std::vector<llama_token> prompt;
    std::optional<Sampler> sampler;
    TextStream text{{}};
    int32_t max_tokens = -1;
    int32_t logprobs = -1;
    bool escape_json = false;

    int32_t slot = -1;           // llama_seq_id while running
    int32_t tokens_cached = 0;   // tokens of this sequence in the KV cache
    llama_token next_token = 0;  // decode: the token to feed next
    bool decoding = false;       // false while the prompt is being prefilled
    int32_t completion_tokens = 0;

    // Not yet delivered: tokens whose text is held back, and their logprobs as JSON.
    int32_t pending_tokens = 0;
    std::string pending_logprobs;

    int64_t submitted_us = 0;
    int64_t started_us = 0;
    int64_t first_token_us = 0;

    bool cancelled() const { return control->cancelled.load(std::memory_order_relaxed); }
    bool paused() const { return control->paused.load(std::memory_order_relaxed); }
    int32_t prompt_left() const { return static_cast<int32_t>(prompt.size()) - tokens_cached; }
};

}  // namespace inferno::llama
