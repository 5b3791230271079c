// One generation inside the engine: built by the preparation thread, then owned by the engine thread alone.
#pragma once

#include <algorithm>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "native/llama/answer_syntax.h"
#include "native/llama/generation.h"
#include "native/llama/generation_times.h"
#include "native/llama/kv_state.h"
#include "native/llama/prefix_tree.h"

namespace inferno::llama {

struct RunningGeneration {
    std::shared_ptr<GenerationControl> control;
    Status failure;  // set when preparation failed; nothing below is then used
    SchedulingRequest scheduling;

    // The prompt, then the answer so far. Its last token is always one that was not computed yet.
    std::vector<llama_token> tokens;
    int32_t prompt_tokens = 0;
    std::optional<Sampler> sampler;
    TextStream text{{}};
    int32_t max_tokens = -1;
    int32_t logprobs = -1;
    bool escape_json = false;
    std::shared_ptr<const AnswerSyntax> syntax;  // null: its text goes out as it is
    std::vector<llama_token> shown_controls;     // control tokens whose text the syntax needs

    int32_t slot = -1;          // llama_seq_id while running
    int32_t tokens_cached = 0;  // of `tokens`, those in the slot's KV cache
    int32_t completion_tokens = 0;
    std::vector<llama_token> draft;  // tokens that may follow, to be verified in the next step
    bool skips_draft = false;        // the next token is to be computed as it would be without speculation
    double draft_acceptance = 0.8;   // how likely a drafted token is right; hopeful at first, so that it is tried

    // While its prefix is being computed by another slot or read from disk it has a slot but does not run.
    bool awaits_prefix = false;
    int32_t donor = -1;                     // that slot
    PrefixId fetching = kNoPrefix;          // that stored state
    int32_t reused_tokens = 0;              // of the prompt, from a cached prefix
    bool was_placed = false;                // its prefix was looked for
    std::shared_ptr<const KvState> parked;  // its KV cache while it is parked; null: computed again

    int32_t drafted_tokens = 0;
    int32_t accepted_tokens = 0;
    int32_t preemptions = 0;

    // Not yet delivered: tokens whose text is held back, and their logprobs as JSON.
    int32_t pending_tokens = 0;
    std::string pending_logprobs;

    GenerationTimes times;

    bool cancelled() const { return control->cancelled.load(std::memory_order_relaxed); }
    bool paused() const { return control->paused.load(std::memory_order_relaxed); }
    // Tokens that must be computed before the next one can be sampled; 1 while it decodes.
    int32_t tokens_left() const { return static_cast<int32_t>(tokens.size()) - tokens_cached; }
    bool decodes() const { return completion_tokens > 0 && tokens_left() == 1; }
    bool shows(llama_token token) const {
        return std::find(shown_controls.begin(), shown_controls.end(), token) != shown_controls.end();
    }
    bool runnable() const { return !paused() && !cancelled() && !awaits_prefix; }
};

}  // namespace inferno::llama
