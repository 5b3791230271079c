// Tokens per second a model has lately computed while it had work, and how long its answers are. Estimated waiting
// times, Retry-After and charges in advance come from here. Thread safety: none.
#pragma once

#include <algorithm>
#include <cstdint>

namespace inferno::queue {

class TokenRates {
  public:
    // Of busy time; old steps fade with this time constant.
    static constexpr double kWindowUs = 5e6;
    static constexpr int64_t kFirstAnswerTokens = 128;

    void record_step(int32_t prefill_tokens, int32_t decode_tokens, int64_t step_us) {
        const auto step = static_cast<double>(std::max<int64_t>(step_us, 1));
        const double keep = std::max(0.0, 1.0 - step / kWindowUs);
        busy_us_ = busy_us_ * keep + step;
        prefill_tokens_ = prefill_tokens_ * keep + prefill_tokens;
        decode_tokens_ = decode_tokens_ * keep + decode_tokens;
    }

    void record_answer(int64_t tokens) { answer_tokens_ += 0.05 * (static_cast<double>(tokens) - answer_tokens_); }

    // Tokens an answer is expected to have when nobody says.
    int64_t expected_answer() const { return std::max<int64_t>(1, static_cast<int64_t>(answer_tokens_)); }

    // Per second of computing; 0: nothing measured.
    double prefill_rate() const { return busy_us_ > 0 ? prefill_tokens_ / busy_us_ * 1e6 : 0.0; }
    double decode_rate() const { return busy_us_ > 0 ? decode_tokens_ / busy_us_ * 1e6 : 0.0; }
    double rate() const { return prefill_rate() + decode_rate(); }

  private:
    double busy_us_ = 0.0;
    double prefill_tokens_ = 0.0;
    double decode_tokens_ = 0.0;
    double answer_tokens_ = static_cast<double>(kFirstAnswerTokens);
};

}  // namespace inferno::queue
