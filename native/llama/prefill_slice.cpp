#include "native/llama/prefill_slice.h"

#include <algorithm>

namespace inferno::llama {
namespace {

// Growth is careful, because the next step may be dearer; a slice that was too long shrinks at once.
constexpr double kMaxGrowth = 1.25;
constexpr double kSmoothing = 0.2;

}  // namespace

int32_t PrefillSlice::tokens(int32_t prompts) {
    const double patience = std::clamp(0.5 * (prompts + 1), 1.0, kMostPatience);
    // What was learned holds for the new target too, as far as a step's time goes with its tokens.
    tokens_ = std::max(kMinTokens, static_cast<int32_t>(tokens_ * patience / patience_));
    patience_ = patience;
    return std::min(tokens_, max_tokens_);
}

void PrefillSlice::record(int32_t prefill_tokens, int64_t step_us) {
    const double room = target_us() / static_cast<double>(std::max<int64_t>(step_us, 1));
    double wanted = tokens_;
    if (room < 1.0) {
        wanted = std::min(wanted, prefill_tokens * room);
    } else if (prefill_tokens >= tokens_) {
        wanted = tokens_ * std::min(room, kMaxGrowth);
    }
    tokens_ = std::clamp(static_cast<int32_t>(wanted), std::min(kMinTokens, max_tokens_), max_tokens_);
}

void PrefillSlice::record_decode(int64_t step_us) {
    const auto step = static_cast<double>(step_us);
    decode_us_ = decode_us_ == 0.0 ? step : decode_us_ + kSmoothing * (step - decode_us_);
}

double PrefillSlice::target_us() const {
    return std::max(patience_ * static_cast<double>(kTargetUs), decode_us_ / (1.0 - kLeastShare));
}

}  // namespace inferno::llama
