// llama.cpp's samplers in the order a request wants them. Thread safety: pure functions.
#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <vector>

#include "llama.h"
#include "native/core/status.h"
#include "native/llama/handles.h"

namespace inferno::llama {

enum class SamplerStep {
    Penalties,
    Dry,
    TopNSigma,
    TopK,
    TypicalP,
    TopP,
    MinP,
    Xtc,
    Temperature,
    Infill,
    AdaptiveP,
};

// What few requests use. Ranges are checked by the callers at the border.
struct RareSamplers {
    int32_t min_keep = 0;  // candidates that top_p, min_p, typical_p and xtc leave at least
    float dynatemp_range = 0.0f;
    float dynatemp_exponent = 1.0f;
    float top_n_sigma = -1.0f;
    float xtc_probability = 0.0f;
    float xtc_threshold = 0.1f;
    float dry_multiplier = 0.0f;
    float dry_base = 1.75f;
    int32_t dry_allowed_length = 2;
    int32_t dry_penalty_last_n = 0;
    std::vector<std::string> dry_sequence_breakers = {"\n", ":", "\"", "*"};
    int32_t mirostat = 0;  // 1, 2: this sampler instead of all that truncate
    float mirostat_tau = 5.0f;
    float mirostat_eta = 0.1f;
    float adaptive_target = -1.0f;
    float adaptive_decay = 0.9f;
    std::vector<SamplerStep> order;  // empty: llama.cpp's default

    bool are_off() const {
        return dynatemp_range == 0.0f && top_n_sigma <= 0.0f && xtc_probability <= 0.0f && dry_multiplier == 0.0f &&
               mirostat == 0 && adaptive_target < 0.0f && order.empty();
    }
};

// The samplers that nearly every request uses.
struct CommonSamplers {
    float temperature = 0.8f;  // <= 0: greedy
    int32_t top_k = 40;        // <= 0: off
    float top_p = 0.95f;
    float min_p = 0.05f;
    float typical_p = 1.0f;
    float repeat_penalty = 1.0f;
    int32_t repeat_last_n = 64;
    float presence_penalty = 0.0f;
    float frequency_penalty = 0.0f;

    bool have_penalties() const {
        return repeat_last_n != 0 && (repeat_penalty != 1.0f || presence_penalty != 0.0f || frequency_penalty != 0.0f);
    }
};

// A chain that ends with choosing a token. May throw what llama.cpp throws.
SamplerHandle build_sampler_chain(const llama_vocab * vocab, std::span<const llama_logit_bias> biases,
                                  const CommonSamplers & common, const RareSamplers & rare, uint32_t seed);

// Tokens of the past that the chain looks at.
int32_t history_of(const CommonSamplers & common, const RareSamplers & rare);

// By llama.cpp's names ("top_k", "dry", …); InvalidArgument for others.
Result<std::vector<SamplerStep>> sampler_steps_from_names(std::span<const std::string> names);

}  // namespace inferno::llama
