#include "native/llama/prefill_slice.h"

#include <algorithm>

namespace inferno::llama {
namespace {

// Growth is careful, because the next step may be dearer; a slice that was too long shrinks at once.
constexpr double kMaxGrowth = 1.25;

}  // namespace

void PrefillSlice::record(int32_t prefill_tokens, int64_t step_us) {
    const double room = static_cast<double>(kTargetUs) / static_cast<double>(std::max<int64_t>(step_us, 1));
    double wanted = tokens_;
    if (room < 1.0) {
        wanted = std::min(wanted, prefill_tokens * room);
    } else if (prefill_tokens >= tokens_) {
        wanted = tokens_ * std::min(room, kMaxGrowth);
    }
    tokens_ = std::clamp(static_cast<int32_t>(wanted), std::min(kMinTokens, max_tokens_), max_tokens_);
}

}  // namespace inferno::llama
