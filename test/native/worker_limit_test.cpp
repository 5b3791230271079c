#include "native/queue/worker_limit.h"

#include "test/native/check.h"

using inferno::queue::WorkerLimit;

namespace {

constexpr int64_t s = 1'000'000;
constexpr int32_t kPlenty = 64;

// `seconds` of steps of that length with everything busy that may be; returns the limit.
int32_t run(WorkerLimit & limit, int64_t step_us, int seconds, int64_t & now_us, int64_t waiting = 10) {
    for (int i = 0; i < seconds * 20; ++i) {
        now_us += s / 20;
        limit.record_step(step_us);
        limit.update(limit.value(), waiting, kPlenty, now_us);
    }
    return limit.value();
}

}  // namespace

INFERNO_TEST(worker_limit_without_a_target_is_what_exists) {
    WorkerLimit limit({1, 8, 0});
    int64_t now_us = 0;
    CHECK_EQ(limit.value(), 8);
    CHECK_EQ(run(limit, 10 * s, 10, now_us), 8);
}

INFERNO_TEST(worker_limit_falls_one_by_one_to_its_minimum_while_latency_is_above_the_target) {
    WorkerLimit limit({2, 8, 50'000});
    int64_t now_us = 0;
    run(limit, 80'000, 1, now_us);
    CHECK_EQ(limit.value(), 7);
    run(limit, 80'000, 2, now_us);
    CHECK_EQ(limit.value(), 5);
    CHECK_EQ(run(limit, 80'000, 60, now_us), 2);
}

INFERNO_TEST(worker_limit_rises_only_when_latency_is_clearly_below_and_something_waits) {
    WorkerLimit limit({1, 8, 50'000});
    int64_t now_us = 0;
    CHECK_EQ(run(limit, 80'000, 60, now_us), 1);
    // Between 0.8 and 1 of the target nothing moves.
    CHECK_EQ(run(limit, 45'000, 60, now_us), 1);
    CHECK_EQ(run(limit, 20'000, 60, now_us, 0), 1);
    CHECK_EQ(run(limit, 20'000, 60, now_us), 8);
}

INFERNO_TEST(worker_limit_changes_at_most_once_per_cool_down) {
    WorkerLimit limit({1, 64, 50'000});
    int64_t now_us = 0;
    int32_t last = limit.value();
    int64_t changed_us = -WorkerLimit::kCoolDownUs;
    for (int i = 0; i < 2000; ++i) {
        now_us += 10'000;
        limit.record_step(i % 400 < 200 ? 90'000 : 10'000);
        limit.update(limit.value(), 5, kPlenty, now_us);
        if (limit.value() == last) continue;
        CHECK(now_us - changed_us >= WorkerLimit::kCoolDownUs);
        changed_us = now_us;
        last = limit.value();
    }
    CHECK(changed_us > 0);
}

INFERNO_TEST(worker_limit_goes_down_from_what_runs_not_from_a_limit_nobody_reaches) {
    WorkerLimit limit({1, 64, 50'000});
    limit.record_step(80'000);
    limit.update(10, 0, kPlenty, 5 * s);
    CHECK_EQ(limit.value(), 9);
}

INFERNO_TEST(worker_limit_lets_only_those_start_whose_memory_is_free_or_was_used_before) {
    WorkerLimit limit({1, 8, 0});
    limit.update(0, 5, 2, s);
    CHECK_EQ(limit.value(), 2);
    limit.update(2, 5, 1, 2 * s);
    CHECK_EQ(limit.value(), 3);
    limit.update(3, 5, 0, 3 * s);
    CHECK_EQ(limit.value(), 3);
    // What ran once has its memory.
    limit.update(0, 5, 0, 4 * s);
    CHECK_EQ(limit.value(), 3);
    limit.update(0, 5, -4, 5 * s);
    CHECK_EQ(limit.value(), 3);
}

INFERNO_TEST(worker_limit_has_a_minimum_also_when_no_memory_is_free) {
    WorkerLimit limit({2, 8, 0});
    limit.update(0, 5, 0, s);
    CHECK_EQ(limit.value(), 2);
}

INFERNO_TEST(worker_limit_is_never_above_what_is_usable) {
    WorkerLimit limit({2, 8, 0});
    limit.set_usable(1);
    CHECK_EQ(limit.value(), 1);
    limit.set_usable(0);
    CHECK_EQ(limit.value(), 0);
    limit.set_usable(8);
    CHECK_EQ(limit.value(), 8);
}
