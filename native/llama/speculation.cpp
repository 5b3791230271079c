#include "native/llama/speculation.h"

#include <algorithm>
#include <utility>

#include "native/llama/draft_model.h"
#include "ngram-map.h"

namespace inferno::llama {
namespace {

// Tokens that must have been said before in the same order; fewer give too many wrong guesses.
constexpr uint16_t kNgramTokens = 4;
constexpr double kCostSmoothing = 0.2;
constexpr double kAcceptanceSmoothing = 0.1;
// What a deeper draft costs as long as that was not measured, as a share of a step per token.
constexpr double kAssumedCost = 0.12;
constexpr double kMostFirstCost = 2.0;  // plain steps
constexpr double kCostRecovery = 0.002;
// A draft must promise this much more, because a wrong one costs for sure.
constexpr double kMinGain = 1.03;
// A sequence that stopped drafting tries again after some tokens, since its text may have begun to repeat.
constexpr double kRecovery = 0.004;
// The model does not change; this only corrects bad luck.
constexpr double kCertaintyRecovery = 0.0005;
constexpr double kCertaintySmoothing = 0.02;

constexpr int32_t kFirstModelDepth = 3;

// Expected tokens of a step that verifies `depth` guesses, each right with probability `right` if those before it were.
// Each token comes out of it only if its choice is not too close, which is likely with probability `certain`.
double expected_tokens(double right, double certain, int32_t depth) {
    double expected = certain;
    double all_good = certain;
    for (int32_t i = 0; i < depth; ++i) {
        all_good *= right * certain;
        expected += all_good;
    }
    return expected;
}

void look_up(RunningGeneration & generation, int32_t depth) {
    // It finds nothing shorter than the pattern itself.
    const auto longest = static_cast<uint16_t>(std::max<int32_t>(depth, kNgramTokens));
    const common_ngram_simple_config config{kNgramTokens, longest};
    // The search wants the last token apart.
    const llama_token last = generation.tokens.back();
    generation.tokens.pop_back();
    generation.draft = common_ngram_simple_draft(config, generation.tokens, last);
    generation.tokens.push_back(last);
    if (generation.draft.size() > static_cast<size_t>(depth)) generation.draft.resize(static_cast<size_t>(depth));
}

}  // namespace

Speculation::Speculation(int32_t max_depth, DraftModel * draft_model)
    : max_depth_(std::clamp(max_depth, 0, kMaxDepth)), draft_model_(draft_model) {}

size_t Speculation::class_of(int32_t sequences) {
    size_t result = 0;
    for (int32_t most = 1; most < sequences && result + 1 < kClasses; most *= 2) ++result;
    return result;
}

double Speculation::cost(size_t step_class, int32_t depth) const {
    const auto & costs = cost_us_[step_class];
    if (costs[static_cast<size_t>(depth)] > 0.0) return costs[static_cast<size_t>(depth)];
    // From the nearest shallower one that is known.
    for (int32_t known = depth - 1; known >= 0; --known) {
        const double known_us = costs[static_cast<size_t>(known)];
        if (known_us > 0.0) return known_us * (1.0 + kAssumedCost * (depth - known));
    }
    return 1.0 + kAssumedCost * depth;
}

int32_t Speculation::best_depth(size_t step_class, int32_t sequences,
                                std::span<RunningGeneration * const> drafted) const {
    int32_t best = 0;
    double best_rate = kMinGain * sequences / cost(step_class, 0);
    for (int32_t depth = 1; depth <= max_depth_; ++depth) {
        double tokens = sequences - static_cast<double>(drafted.size());
        for (const RunningGeneration * generation : drafted) {
            const auto available = static_cast<int32_t>(generation->draft.size());
            tokens += expected_tokens(generation->draft_acceptance, certainty_, std::min(depth, available));
        }
        const double rate = tokens / cost(step_class, depth);
        if (rate <= best_rate) continue;
        best = depth;
        best_rate = rate;
    }
    return best;
}

void Speculation::draft(std::span<RunningGeneration * const> slots, int32_t room, int32_t context_size) {
    std::vector<RunningGeneration *> drafted;
    int32_t sequences = 0;
    for (RunningGeneration * generation : slots) {
        if (generation == nullptr) continue;
        generation->draft.clear();
        if (!generation->runnable() || !generation->decodes()) continue;
        ++sequences;
    }
    if (sequences == 0) return;
    const size_t step_class = class_of(sequences);
    // Now and then a step without, so that its cost stays known.
    constexpr uint32_t kPlainEvery = 64;
    const uint32_t step = ++steps_[step_class];
    if (step % kPlainEvery == 0) return;
    // The model's guesses cost time of their own: as many as paid lately, and none for a while when none did.
    int32_t & model_depth = model_depth_[step_class];
    const bool asks_model = draft_model_ != nullptr && (model_depth > 0 || step % kPlainEvery == 1);
    if (asks_model && model_depth == 0) model_depth = kFirstModelDepth;
    for (RunningGeneration * generation : slots) {
        if (generation == nullptr || !generation->runnable() || !generation->decodes()) continue;
        int32_t depth = std::min(max_depth_, context_size - generation->tokens_cached - 1);
        if (generation->max_tokens >= 0) {
            depth = std::min(depth, generation->max_tokens - generation->completion_tokens - 1);
        }
        const bool skips = std::exchange(generation->skips_draft, false);
        if (depth <= 0 || skips || !generation->sampler->may_speculate()) continue;
        look_up(*generation, depth);
        if (generation->draft.empty() && asks_model) draft_model_->draft(*generation, std::min(depth, model_depth));
        if (generation->draft.empty()) continue;
        generation->draft_acceptance += kRecovery * (1.0 - generation->draft_acceptance);
        drafted.push_back(generation);
    }
    if (drafted.empty()) return;
    certainty_ += kCertaintyRecovery * (1.0 - certainty_);
    const int32_t best = best_depth(step_class, sequences, drafted);
    if (asks_model) model_depth = best == 0 ? 0 : std::min(best + 1, max_depth_);
    const int32_t depth = std::min(best, room / static_cast<int32_t>(drafted.size()));
    for (RunningGeneration * generation : drafted) {
        if (generation->draft.size() > static_cast<size_t>(depth)) generation->draft.resize(static_cast<size_t>(depth));
    }
}

void Speculation::record_outcome(RunningGeneration & generation, int32_t drafted, int32_t right, bool was_close) {
    generation.drafted_tokens += drafted;
    generation.accepted_tokens += right;
    for (int32_t i = 0; i < right; ++i) {
        generation.draft_acceptance += kAcceptanceSmoothing * (1.0 - generation.draft_acceptance);
        certainty_ += kCertaintySmoothing * (1.0 - certainty_);
    }
    if (was_close) {
        certainty_ -= kCertaintySmoothing * certainty_;
    } else if (right < drafted) {
        generation.draft_acceptance -= kAcceptanceSmoothing * generation.draft_acceptance;
        certainty_ += kCertaintySmoothing * (1.0 - certainty_);
    }
}

void Speculation::record_step(int32_t sequences, int32_t deepest, int64_t step_us) {
    if (!enabled() || sequences == 0 || deepest > kMaxDepth) return;
    auto & costs = cost_us_[class_of(sequences)];
    double & known = costs[static_cast<size_t>(deepest)];
    const auto step = static_cast<double>(step_us);
    const double plain = costs[0];
    // The first step of its shape pays for more than itself.
    const double first = plain == 0.0 ? step : std::min(step, kMostFirstCost * plain);
    known = known == 0.0 ? first : known + kCostSmoothing * (std::min(step, 3 * known) - known);
    if (deepest > 0) return;
    // What was dear once is tried again after a while.
    for (size_t depth = 1; depth < costs.size(); ++depth) {
        const double assumed = costs[0] * (1.0 + kAssumedCost * static_cast<double>(depth));
        if (costs[depth] > assumed) costs[depth] -= kCostRecovery * (costs[depth] - assumed);
    }
}

}  // namespace inferno::llama
