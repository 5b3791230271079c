#include "native/llama/generation_times.h"

#include "test/native/check.h"

using inferno::llama::GenerationTimes;
using inferno::llama::PhaseTimes;

namespace {

int64_t sum(const PhaseTimes & times) {
    return times.tokenize_us + times.queue_us + times.prefill_us + times.decode_us + times.detokenize_us;
}

GenerationTimes submitted(int64_t at, int64_t tokenize) {
    GenerationTimes times;
    times.submitted_us = at;
    times.tokenize_us = tokenize;
    return times;
}

}  // namespace

INFERNO_TEST(generation_times_add_up_to_the_whole) {
    GenerationTimes times = submitted(1'000, 50);
    times.start(1'200);
    CHECK_EQ(times.take_token(1'700), -1);
    CHECK_EQ(times.take_token(1'900), 200);
    CHECK_EQ(times.take_token(2'000), 100);
    times.detokenize_ns = 30'999;
    const PhaseTimes phases = times.phases(2'100);
    CHECK_EQ(phases.tokenize_us, 50);
    CHECK_EQ(phases.queue_us, 150);
    CHECK_EQ(phases.prefill_us, 500);
    CHECK_EQ(phases.detokenize_us, 30);
    CHECK_EQ(phases.decode_us, 370);
    CHECK_EQ(times.longest_gap_us, 200);
    CHECK_EQ(sum(phases), 1'100);
}

INFERNO_TEST(generation_times_count_being_parked_as_waiting) {
    GenerationTimes times = submitted(0, 10);
    times.start(100);
    times.park(150);
    times.start(250);
    times.take_token(400);
    times.park(500);
    times.start(900);
    times.take_token(950);
    const PhaseTimes phases = times.phases(1'000);
    CHECK_EQ(phases.queue_us, 90 + 100 + 400);
    CHECK_EQ(phases.prefill_us, 200);
    CHECK_EQ(phases.decode_us, 200);
    CHECK_EQ(sum(phases), 1'000);
}

INFERNO_TEST(generation_times_of_one_that_ends_while_parked_or_never_starts) {
    GenerationTimes parked = submitted(0, 0);
    parked.start(100);
    parked.park(300);
    const PhaseTimes ended = parked.phases(700);
    CHECK_EQ(ended.queue_us, 500);
    CHECK_EQ(ended.prefill_us, 200);
    CHECK_EQ(sum(ended), 700);

    GenerationTimes refused = submitted(500, 40);
    CHECK_EQ(refused.phases(600).queue_us, 60);
    CHECK_EQ(sum(refused.phases(600)), 100);
}
