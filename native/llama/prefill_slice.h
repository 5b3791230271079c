// How many prompt tokens may join a step in which other sequences decode, so that no stream waits long for its next
// token. Learns from the steps themselves, because a token's cost depends on the model, the machine, the depth of the
// contexts and the sequences beside it. Thread safety: none; owned by the engine thread.
#pragma once

#include <cstdint>

namespace inferno::llama {

class PrefillSlice {
  public:
    // The time a step with decoding sequences should not exceed, unless they alone take most of it.
    static constexpr int64_t kTargetUs = 130'000;
    // Where many long sequences make every step slow, prompts get this share of a step beside them: starving them would
    // hardly make the streams smoother, and their first tokens wait for it.
    static constexpr double kLeastShare = 0.5;
    // With several prompts waiting a step may take half the target more for each, up to this many targets: short slices
    // compute a prompt's token for two to three times the price, which a queue of prompts would add up.
    static constexpr double kMostPatience = 4.0;
    static constexpr int32_t kMinTokens = 8;
    static constexpr int32_t kFirstTokens = 24;

    // `max_tokens`: of one decode call.
    explicit PrefillSlice(int32_t max_tokens) : max_tokens_(max_tokens) {}

    // For a step beside decoding sequences, when that many prompts wait for their turn or have it.
    int32_t tokens(int32_t prompts);
    // After such a step with `prefill_tokens` prompt tokens.
    void record(int32_t prefill_tokens, int64_t step_us);
    // After a step of decoding sequences only.
    void record_decode(int64_t step_us);

  private:
    double target_us() const;

    int32_t max_tokens_;
    double decode_us_ = 0.0;
    double patience_ = 1.0;  // steps may be this much longer, because so many prompts wait
    int32_t tokens_ = kFirstTokens;
};

}  // namespace inferno::llama
