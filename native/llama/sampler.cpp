#include "native/llama/sampler.h"

#include <algorithm>
#include <cmath>
#include <exception>
#include <limits>
#include <random>

namespace inferno::llama {
namespace {

// Logits of one position differ by less than this between batch shapes (docs/performance.md, "Alone and among others").
constexpr float kCloseCall = 0.3f;

uint32_t resolve_seed(int64_t seed) {
    if (seed >= 0) return static_cast<uint32_t>(seed);
    // LLAMA_DEFAULT_SEED would make llama.cpp draw its own; any other value is as good.
    return std::random_device{}() & 0x7FFFFFFFu;
}

std::vector<llama_logit_bias> collect_biases(const llama_vocab * vocab, const SamplingParams & params) {
    std::vector<llama_logit_bias> biases = params.logit_bias;
    int32_t suppressed_count = 0;
    const llama_token * suppressed = llama_vocab_get_suppress_tokens(vocab, &suppressed_count);
    for (int32_t i = 0; i < suppressed_count; ++i) biases.push_back({suppressed[i], -INFINITY});
    if (!params.ignore_eos) return biases;
    for (llama_token token = 0; token < llama_vocab_n_tokens(vocab); ++token) {
        if (llama_vocab_is_eog(vocab, token)) biases.push_back({token, -INFINITY});
    }
    return biases;
}

size_t argmax(std::span<const float> logits) {
    return static_cast<size_t>(std::max_element(logits.begin(), logits.end()) - logits.begin());
}

// Sixteen independent maxima, which the compiler turns into vector instructions; std::max_element stays scalar. Equal
// logits resolve to the lowest token id, as in llama.cpp's greedy sampler.
llama_token greedy_token(std::span<const float> logits) {
    constexpr size_t kLanes = 16;
    if (logits.size() < 4 * kLanes) return static_cast<llama_token>(argmax(logits));
    float best[kLanes];
    std::copy_n(logits.begin(), kLanes, best);
    const size_t whole = logits.size() / kLanes * kLanes;
    for (size_t i = kLanes; i < whole; i += kLanes) {
        for (size_t lane = 0; lane < kLanes; ++lane) best[lane] = std::max(best[lane], logits[i + lane]);
    }
    float maximum = *std::max_element(best, best + kLanes);
    for (size_t i = whole; i < logits.size(); ++i) maximum = std::max(maximum, logits[i]);
    const auto found = std::find(logits.begin(), logits.end(), maximum);
    return found == logits.end() ? 0 : static_cast<llama_token>(found - logits.begin());
}

// Adds the biases in place and takes them back, which spares the copy of a whole vocabulary that a sampler chain needs.
class BiasScope {
  public:
    BiasScope(std::span<float> logits, std::span<const llama_logit_bias> biases) : logits_(logits), biases_(biases) {
        saved_.reserve(biases.size());
        for (const llama_logit_bias & bias : biases) {
            float & logit = logits[static_cast<size_t>(bias.token)];
            saved_.push_back(logit);
            logit += bias.bias;
        }
    }
    // Backwards, so that a token with two biases gets its first value back.
    ~BiasScope() {
        for (size_t i = biases_.size(); i-- > 0;) logits_[static_cast<size_t>(biases_[i].token)] = saved_[i];
    }
    BiasScope(const BiasScope &) = delete;
    BiasScope & operator=(const BiasScope &) = delete;

  private:
    std::span<float> logits_;
    std::span<const llama_logit_bias> biases_;
    std::vector<float> saved_;
};

llama_token greedy_token_with_biases(std::span<float> logits, std::span<const llama_logit_bias> biases) {
    const BiasScope biased(logits, biases);
    return greedy_token(logits);
}

}  // namespace

Result<Sampler> Sampler::create(const llama_model * model, const SamplingParams & params) {
    const llama_vocab * vocab = llama_model_get_vocab(model);
    const int32_t vocabulary_size = llama_vocab_n_tokens(vocab);
    for (const llama_logit_bias & bias : params.logit_bias) {
        if (bias.token < 0 || bias.token >= vocabulary_size) {
            return Status(ErrorCode::InvalidArgument,
                          "Expected token ids from 0 to " + std::to_string(vocabulary_size - 1) +
                              " for logit_bias but received " + std::to_string(bias.token) + ".");
        }
    }
    Sampler sampler;
    const std::vector<llama_logit_bias> biases = collect_biases(vocab, params);
    sampler.greedy_ = params.temperature <= 0.0f;
    sampler.seeded_ = params.seed >= 0;
    if (!params.grammar.is_empty()) {
        auto grammar = AnswerGrammar::create(vocab, params.grammar);
        if (!grammar) return grammar.status();
        sampler.grammar_.emplace(std::move(grammar).value());
    }
    if (sampler.greedy_ && !sampler.grammar_ && !params.have_penalties() && params.rare.are_off()) {
        sampler.greedy_biases_ = biases;
        return sampler;
    }
    try {
        sampler.chain_ = build_sampler_chain(vocab, biases, params, params.rare, resolve_seed(params.seed));
    } catch (const std::exception & error) {
        return Status(ErrorCode::InvalidArgument, std::string("The sampler could not be built: ") + error.what() + ".");
    }
    sampler.history_ = history_of(params, params.rare);
    return sampler;
}

void Sampler::accept_prompt(std::span<const llama_token> prompt) {
    if (!chain_ || history_ <= 0) return;
    const size_t count = std::min(prompt.size(), static_cast<size_t>(history_));
    for (const llama_token token : prompt.last(count)) llama_sampler_accept(chain_.get(), token);
}

Result<llama_token> Sampler::sample(std::span<float> logits, CandidateBuffer & buffer) {
    if (!chain_) return greedy_token_with_biases(logits, greedy_biases_);
    try {
        llama_token token = choose(logits, buffer, false);
        if (grammar_ && grammar_->constrains() && !grammar_->fits(token)) token = choose(logits, buffer, true);
        llama_sampler_accept(chain_.get(), token);
        if (grammar_) grammar_->accept(token);
        return token;
    } catch (const GrammarTooCostly & error) {
        return Status(ErrorCode::InvalidGrammar, error.what());
    } catch (const std::exception & error) {
        return Status(ErrorCode::DecodeFailed, std::string("Sampling failed: ") + error.what() + ".");
    }
}

bool Sampler::is_close_call(std::span<float> logits) const {
    if (!greedy_) return false;
    const BiasScope biased(logits, greedy_biases_);
    float best = -INFINITY;
    float second = -INFINITY;
    for (const float logit : logits) {
        second = std::max(second, std::min(best, logit));
        best = std::max(best, logit);
    }
    return best - second < kCloseCall;
}

llama_token Sampler::choose(std::span<const float> logits, CandidateBuffer & buffer, bool grammar_first) {
    buffer.resize(logits.size());
    for (size_t i = 0; i < logits.size(); ++i) buffer[i] = {static_cast<llama_token>(i), logits[i], 0.0f};
    llama_token_data_array candidates{buffer.data(), buffer.size(), -1, false};
    if (grammar_first) grammar_->mask(candidates);
    llama_sampler_apply(chain_.get(), &candidates);
    // A chain ends in greedy or dist, both of which select; 0 guards against NaN logits of a damaged model.
    return candidates.selected >= 0 ? candidates.data[candidates.selected].id : 0;
}

std::vector<TokenLogprob> token_logprobs(std::span<const float> logits, llama_token token, size_t count) {
    const float maximum = *std::max_element(logits.begin(), logits.end());
    double sum = 0.0;
    for (const float logit : logits) sum += std::exp(static_cast<double>(logit - maximum));
    const float log_sum = maximum + static_cast<float>(std::log(sum));

    std::vector<TokenLogprob> result;
    result.push_back({token, logits[static_cast<size_t>(token)] - log_sum});
    count = std::min(count, logits.size());
    if (count == 0) return result;
    std::vector<llama_token> order(logits.size());
    for (size_t i = 0; i < order.size(); ++i) order[i] = static_cast<llama_token>(i);
    std::partial_sort(order.begin(), order.begin() + static_cast<ptrdiff_t>(count), order.end(),
                      [&](llama_token a, llama_token b) {
                          const float left = logits[static_cast<size_t>(a)];
                          const float right = logits[static_cast<size_t>(b)];
                          return left != right ? left > right : a < b;
                      });
    for (size_t i = 0; i < count; ++i) result.push_back({order[i], logits[static_cast<size_t>(order[i])] - log_sum});
    return result;
}

}  // namespace inferno::llama
