// Chooses the next token of one sequence. Thread safety: none; built on the preparation thread, then owned by one
// generation on the engine thread.
#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <vector>

#include "llama.h"
#include "native/core/status.h"
#include "native/llama/answer_grammar.h"
#include "native/llama/handles.h"
#include "native/llama/sampler_chain.h"

namespace inferno::llama {

// Ranges are checked by the callers at the border; see lib/api/types.ts.
struct SamplingParams : CommonSamplers {
    RareSamplers rare;
    int64_t seed = -1;  // -1: random
    std::vector<llama_logit_bias> logit_bias;
    GrammarParams grammar;
    bool ignore_eos = false;  // end-of-generation tokens are never chosen
};

// Memory for the candidates of one vocabulary, shared by all samplers of an engine thread.
using CandidateBuffer = std::vector<llama_token_data>;

struct TokenLogprob {
    llama_token token;
    float logprob;  // natural logarithm, of the model's distribution before any sampler
};

class Sampler {
  public:
    // `model` must outlive the sampler. Fails with InvalidGrammar or InvalidArgument.
    static Result<Sampler> create(const llama_model * model, const SamplingParams & params);

    // Lets the penalties see the end of the prompt.
    void accept_prompt(std::span<const llama_token> prompt);

    // Chooses a token from the logits of one position (`logits.size()` = vocabulary size) and remembers it. The logits
    // are the same afterwards.
    Result<llama_token> sample(std::span<float> logits, CandidateBuffer & buffer);

    // Tokens may be guessed ahead: nobody asked for a sequence of random numbers that can be repeated.
    bool may_speculate() const { return greedy_ || !seeded_; }
    // Greedy, and the best two tokens are so close that the rounding of another batch shape could swap them.
    bool is_close_call(std::span<float> logits) const;

  private:
    Sampler() = default;

    llama_token choose(std::span<const float> logits, CandidateBuffer & buffer, bool grammar_first);

    SamplerHandle chain_;                          // null when the biased argmax is all there is to do
    std::vector<llama_logit_bias> greedy_biases_;  // for that case
    std::optional<AnswerGrammar> grammar_;
    int32_t history_ = 0;  // tokens of the past that the chain looks at
    bool greedy_ = false;
    bool seeded_ = false;
};

// Logprob of `token` followed by the `count` most likely tokens, best first.
std::vector<TokenLogprob> token_logprobs(std::span<const float> logits, llama_token token, size_t count);

}  // namespace inferno::llama
