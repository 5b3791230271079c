#include "native/llama/sampler_chain.h"

#include <algorithm>
#include <string_view>
#include <utility>

namespace inferno::llama {
namespace {

constexpr int32_t kMirostatCandidates = 100;

constexpr SamplerStep kDefaultOrder[] = {
    SamplerStep::Penalties, SamplerStep::Dry,  SamplerStep::TopNSigma, SamplerStep::TopK,        SamplerStep::TypicalP,
    SamplerStep::TopP,      SamplerStep::MinP, SamplerStep::Xtc,       SamplerStep::Temperature,
};

constexpr std::pair<std::string_view, SamplerStep> kNames[] = {
    {"penalties", SamplerStep::Penalties},
    {"dry", SamplerStep::Dry},
    {"top_n_sigma", SamplerStep::TopNSigma},
    {"top_k", SamplerStep::TopK},
    {"typ_p", SamplerStep::TypicalP},
    {"typical_p", SamplerStep::TypicalP},
    {"top_p", SamplerStep::TopP},
    {"min_p", SamplerStep::MinP},
    {"xtc", SamplerStep::Xtc},
    {"temperature", SamplerStep::Temperature},
    {"infill", SamplerStep::Infill},
    {"adaptive_p", SamplerStep::AdaptiveP},
};

struct ChainBuilder {
    llama_sampler * chain;
    const llama_vocab * vocab;
    const CommonSamplers & common;
    const RareSamplers & rare;
    uint32_t seed;

    void add(llama_sampler * sampler) { llama_sampler_chain_add(chain, sampler); }
    size_t min_keep() const { return static_cast<size_t>(std::max(1, rare.min_keep)); }

    void add_penalties() {
        if (!common.have_penalties()) return;
        add(llama_sampler_init_penalties(llama_vocab_n_tokens(vocab), common.repeat_last_n, common.repeat_penalty,
                                         common.frequency_penalty, common.presence_penalty));
    }

    void add_dry() {
        if (rare.dry_multiplier == 0.0f || rare.dry_penalty_last_n == 0) return;
        std::vector<const char *> breakers;
        for (const std::string & breaker : rare.dry_sequence_breakers) breakers.push_back(breaker.c_str());
        add(llama_sampler_init_dry(vocab, rare.dry_multiplier, rare.dry_base, rare.dry_allowed_length,
                                   rare.dry_penalty_last_n, breakers.data(), breakers.size()));
    }

    void add_temperature() {
        if (rare.dynatemp_range > 0.0f) {
            add(llama_sampler_init_temp_ext(common.temperature, rare.dynatemp_range, rare.dynatemp_exponent));
        } else {
            add(llama_sampler_init_temp(common.temperature));
        }
    }

    void add_truncation(SamplerStep step) {
        if (step == SamplerStep::TopK && common.top_k > 0) add(llama_sampler_init_top_k(common.top_k));
        if (step == SamplerStep::TypicalP && common.typical_p < 1.0f)
            add(llama_sampler_init_typical(common.typical_p, min_keep()));
        if (step == SamplerStep::TopP && common.top_p < 1.0f) add(llama_sampler_init_top_p(common.top_p, min_keep()));
        if (step == SamplerStep::MinP && common.min_p > 0.0f) add(llama_sampler_init_min_p(common.min_p, min_keep()));
        if (step == SamplerStep::TopNSigma && rare.top_n_sigma > 0.0f)
            add(llama_sampler_init_top_n_sigma(rare.top_n_sigma));
        if (step == SamplerStep::Xtc && rare.xtc_probability > 0.0f)
            add(llama_sampler_init_xtc(rare.xtc_probability, rare.xtc_threshold, min_keep(), seed));
    }

    void add_step(SamplerStep step) {
        if (step == SamplerStep::Penalties) {
            add_penalties();
        } else if (step == SamplerStep::Dry) {
            add_dry();
        } else if (step == SamplerStep::Temperature) {
            add_temperature();
        } else if (step == SamplerStep::Infill) {
            add(llama_sampler_init_infill(vocab));
        } else {
            add_truncation(step);
        }
    }

    void add_mirostat() {
        add(llama_sampler_init_temp(common.temperature));
        if (rare.mirostat == 1) {
            add(llama_sampler_init_mirostat(llama_vocab_n_tokens(vocab), seed, rare.mirostat_tau, rare.mirostat_eta,
                                            kMirostatCandidates));
        } else {
            add(llama_sampler_init_mirostat_v2(seed, rare.mirostat_tau, rare.mirostat_eta));
        }
    }

    void add_steps() {
        const std::span<const SamplerStep> order =
            rare.order.empty() ? std::span<const SamplerStep>(kDefaultOrder) : std::span(rare.order);
        bool chooses_adaptively = rare.order.empty() && rare.adaptive_target >= 0.0f;
        for (const SamplerStep step : order) {
            add_step(step);
            chooses_adaptively = chooses_adaptively || step == SamplerStep::AdaptiveP;
        }
        if (chooses_adaptively) {
            add(llama_sampler_init_adaptive_p(rare.adaptive_target, rare.adaptive_decay, seed));
        } else {
            add(llama_sampler_init_dist(seed));
        }
    }
};

}  // namespace

SamplerHandle build_sampler_chain(const llama_vocab * vocab, std::span<const llama_logit_bias> biases,
                                  const CommonSamplers & common, const RareSamplers & rare, uint32_t seed) {
    llama_sampler_chain_params params = llama_sampler_chain_default_params();
    params.no_perf = true;
    SamplerHandle chain(llama_sampler_chain_init(params));
    ChainBuilder builder{chain.get(), vocab, common, rare, seed};
    if (!biases.empty()) {
        builder.add(llama_sampler_init_logit_bias(llama_vocab_n_tokens(vocab), static_cast<int32_t>(biases.size()),
                                                  biases.data()));
    }
    if (rare.mirostat != 0 && common.temperature > 0.0f) {
        builder.add_mirostat();
    } else if (common.temperature <= 0.0f && rare.are_off()) {
        builder.add_penalties();
        builder.add(llama_sampler_init_greedy());
    } else {
        builder.add_steps();
    }
    return chain;
}

int32_t history_of(const CommonSamplers & common, const RareSamplers & rare) {
    const int32_t penalties = common.have_penalties() ? common.repeat_last_n : 0;
    return std::max(penalties, rare.dry_multiplier == 0.0f ? 0 : rare.dry_penalty_last_n);
}

Result<std::vector<SamplerStep>> sampler_steps_from_names(std::span<const std::string> names) {
    std::vector<SamplerStep> steps;
    for (const std::string & name : names) {
        const auto * found =
            std::find_if(std::begin(kNames), std::end(kNames), [&](const auto & entry) { return entry.first == name; });
        if (found == std::end(kNames)) {
            return Status(ErrorCode::InvalidArgument, "There is no sampler \"" + name + "\".");
        }
        steps.push_back(found->second);
    }
    return steps;
}

}  // namespace inferno::llama
