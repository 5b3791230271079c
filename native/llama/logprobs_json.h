// Log-probabilities as JSON, written on the engine thread so that JS passes them on without looking inside.
#pragma once

#include <span>
#include <string>

#include "llama.h"
#include "native/llama/sampler.h"

namespace inferno::llama {

// Appends one object, {"token", "id", "logprob", "bytes", "top": [...]}. `logprobs` is what token_logprobs() gives: the
// chosen token first, then the alternatives.
void append_logprobs_json(const llama_vocab * vocab, std::span<const TokenLogprob> logprobs, std::string & json);

}  // namespace inferno::llama
