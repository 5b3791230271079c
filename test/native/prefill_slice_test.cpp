#include "native/llama/prefill_slice.h"

#include "test/native/check.h"

using inferno::llama::PrefillSlice;

namespace {

// Steps on a machine where a step costs `base_us` and `token_us` for each prompt token.
int64_t longest_step(PrefillSlice & slice, int steps, int64_t base_us, int64_t token_us, int32_t prompts = 1) {
    int64_t longest = 0;
    for (int i = 0; i < steps; ++i) {
        const int32_t tokens = slice.tokens(prompts);
        const int64_t step_us = base_us + token_us * tokens;
        slice.record(tokens, step_us);
        longest = std::max(longest, step_us);
    }
    return longest;
}

}  // namespace

INFERNO_TEST(prefill_slice_grows_to_the_target_and_not_beyond) {
    PrefillSlice slice(512);
    CHECK(longest_step(slice, 50, 10'000, 1'000) <= PrefillSlice::kTargetUs);
    CHECK(slice.tokens(1) >= 100 && slice.tokens(1) <= 120);
}

INFERNO_TEST(prefill_slice_shrinks_at_once_when_steps_become_dear) {
    PrefillSlice slice(512);
    longest_step(slice, 50, 10'000, 1'000);
    slice.record(slice.tokens(1), 4 * PrefillSlice::kTargetUs);
    CHECK(slice.tokens(1) <= 30);
}

INFERNO_TEST(prefill_slice_stays_between_its_bounds) {
    PrefillSlice slow(512);
    longest_step(slow, 20, 500'000, 1'000);
    CHECK_EQ(slow.tokens(1), PrefillSlice::kMinTokens);
    PrefillSlice fast(512);
    longest_step(fast, 50, 0, 1);
    CHECK_EQ(fast.tokens(1), 512);
    PrefillSlice tiny(4);
    longest_step(tiny, 5, 500'000, 1'000);
    CHECK_EQ(tiny.tokens(1), 4);
}

INFERNO_TEST(prefill_slice_is_not_taught_by_the_end_of_a_prompt) {
    PrefillSlice slice(512);
    slice.record(1, 1'000);
    CHECK_EQ(slice.tokens(1), PrefillSlice::kFirstTokens);
}

INFERNO_TEST(prefill_slice_gives_prompts_half_of_a_step_that_is_slow_without_them) {
    PrefillSlice slice(512);
    for (int i = 0; i < 20; ++i) slice.record_decode(250'000);
    longest_step(slice, 50, 250'000, 5'000);
    CHECK(slice.tokens(1) >= 40 && slice.tokens(1) <= 50);
}

INFERNO_TEST(prefill_slice_is_longer_while_many_prompts_wait) {
    PrefillSlice slice(512);
    CHECK(longest_step(slice, 60, 10'000, 1'000, 7) > 3 * PrefillSlice::kTargetUs);
    CHECK(slice.tokens(7) >= 400);
    // As soon as one is left, the streams beside it count again.
    CHECK(slice.tokens(1) <= 130);
}
