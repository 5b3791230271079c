#include "native/queue/scheduler.h"

#include <atomic>
#include <mutex>
#include <string>
#include <thread>

#include "native/queue/waiting_estimate.h"
#include "test/native/check.h"

using namespace inferno::queue;

namespace {

constexpr int64_t s = 1'000'000;

// A scheduler with short ways to say things.
struct Driver {
    Scheduler scheduler;

    explicit Driver(int32_t workers, Policy policy = Policy::Priority) : scheduler({policy, {1, workers, 0}}) {}

    Submission wish(RequestKey key, Tier tier, std::vector<RequestKey> needs = {}) {
        Submission submission;
        submission.key = key;
        submission.tier = tier;
        submission.user = 1;
        submission.prompt_tokens = 100;
        submission.expected_tokens = 100;
        submission.dependencies = std::move(needs);
        return submission;
    }
    Admission submit(const Submission & submission, int64_t now_us = 0) {
        scheduler.announce(submission.key);
        return scheduler.submit(submission, now_us);
    }
    Admission submit(RequestKey key, Tier tier, std::vector<RequestKey> needs = {}) {
        return submit(wish(key, tier, std::move(needs)));
    }
    // Starts whatever may start, as the engine does; the keys in order, a resumed one with "r", a parked one with "p".
    std::string admit(int64_t now_us = 0) {
        std::string said;
        while (true) {
            while (const auto dispatch = scheduler.next(now_us)) {
                said += std::to_string(dispatch->key) + (dispatch->resumed ? "r " : " ");
            }
            const auto victim = scheduler.preemption(now_us);
            if (!victim) return said;
            scheduler.park(*victim, now_us);
            said += std::to_string(*victim) + "p ";
        }
    }
    std::vector<RequestKey> finish(RequestKey key, Outcome outcome = Outcome::Completed, int64_t now_us = 0) {
        return scheduler.finish(key, outcome, now_us);
    }
    RequestState state(RequestKey key) { return scheduler.standing(key)->state; }
    int64_t meter(Tier tier) { return scheduler.queue().shares().meter(tier); }
    void check_empty() {
        CHECK_EQ(scheduler.running(), 0);
        CHECK_EQ(scheduler.queued(), 0u);
        CHECK_EQ(scheduler.next_event_us(), INT64_MAX);
        const SchedulerStatus status = scheduler.status(0);
        CHECK_EQ(status.held, 0);
        CHECK_EQ(status.parked, 0);
        for (const TierStatus & tier : status.tiers) {
            CHECK_EQ(tier.queued + tier.running + tier.parked, 0);
            CHECK_EQ(tier.queued_tokens, 0);
        }
    }
};

}  // namespace

INFERNO_TEST(scheduler_starts_no_more_than_there_are_workers) {
    Driver driver(2);
    for (RequestKey key = 1; key <= 5; ++key) driver.submit(key, Tier::Normal);
    CHECK_EQ(driver.admit(), "1 2 ");
    driver.finish(1);
    CHECK_EQ(driver.admit(), "3 ");
    CHECK_EQ(driver.scheduler.running(), 2);
    CHECK_EQ(driver.scheduler.queued(), 2u);
}

INFERNO_TEST(scheduler_a_vip_takes_the_place_of_the_lowest_running_one) {
    Driver driver(3);
    driver.submit(1, Tier::Low);
    driver.submit(2, Tier::Normal);
    driver.submit(3, Tier::High);
    driver.admit();
    driver.submit(4, Tier::Vip);
    CHECK_EQ(driver.admit(), "1p 4 ");
    CHECK(driver.state(1) == RequestState::Parked);
    driver.submit(5, Tier::Vip);
    CHECK_EQ(driver.admit(), "2p 5 ");
    driver.finish(4);
    // Better tiers come back first.
    CHECK_EQ(driver.admit(), "2r ");
    driver.finish(5);
    CHECK_EQ(driver.admit(), "1r ");
    CHECK_EQ(driver.scheduler.status(0).preempted, 2);
    for (const RequestKey key : {1, 2, 3}) driver.finish(key);
    driver.check_empty();
}

// The charge of what was parked once went back at once, so that its tier came first again and the vip's place went to
// it: the engine's admit() never returned.
INFERNO_TEST(scheduler_preempting_ends_though_many_vips_wait) {
    Driver driver(4);
    for (RequestKey key = 1; key <= 8; ++key) driver.submit(key, Tier::Low);
    driver.admit();
    for (RequestKey key = 101; key <= 130; ++key) driver.submit(key, Tier::Vip);
    int parked = 0;
    for (; parked < 100; ++parked) {
        while (driver.scheduler.next(0)) {
        }
        const auto victim = driver.scheduler.preemption(0);
        if (!victim) break;
        driver.scheduler.park(*victim, 0);
    }
    CHECK(parked >= 1 && parked <= 4);
}

INFERNO_TEST(scheduler_a_vip_that_is_ahead_of_its_share_does_not_preempt) {
    Driver driver(1);
    driver.submit(1, Tier::Low);
    driver.submit(2, Tier::Low);
    driver.admit();
    Submission large = driver.wish(3, Tier::Vip);
    large.prompt_tokens = 2000;
    driver.submit(large);
    driver.submit(4, Tier::Vip);
    CHECK_EQ(driver.admit(), "1p 3 ");
    driver.scheduler.serve(3, 2000, 100);
    driver.finish(3);
    CHECK_EQ(driver.admit(), "1r ");
}

INFERNO_TEST(scheduler_never_preempts_a_vip_or_without_need) {
    Driver driver(2);
    driver.submit(1, Tier::Vip);
    driver.submit(2, Tier::Vip);
    driver.admit();
    driver.submit(3, Tier::Vip);
    CHECK_EQ(driver.admit(), "");
    Driver idle(2);
    idle.submit(1, Tier::Low);
    idle.admit();
    idle.submit(2, Tier::Vip);
    CHECK_EQ(idle.admit(), "2 ");
}

INFERNO_TEST(scheduler_of_equal_victims_the_one_parked_least_then_the_latest_is_parked) {
    Driver driver(2);
    driver.submit(1, Tier::Low);
    driver.admit(1);
    driver.submit(2, Tier::Low);
    driver.admit(2);
    driver.submit(3, Tier::Vip);
    CHECK_EQ(driver.admit(3), "2p 3 ");
    driver.finish(3);
    driver.admit(4);
    driver.submit(4, Tier::Vip);
    CHECK_EQ(driver.admit(5), "1p 4 ");
}

INFERNO_TEST(scheduler_a_vip_waits_for_workers_that_become_free_all_the_time) {
    Driver driver(2);
    int64_t now_us = 0;
    for (RequestKey key = 1; key <= 60; ++key) {
        driver.submit(key, Tier::Low);
        driver.admit(now_us += 2000);
        if (key > 1) driver.finish(key - 1, Outcome::Completed, now_us);
    }
    driver.submit(100, Tier::Low);
    driver.submit(101, Tier::Vip);
    driver.submit(102, Tier::Vip);
    CHECK_EQ(driver.admit(now_us), "101 ");
    CHECK(!driver.scheduler.preemption(now_us + Scheduler::kPatienceUs - 1));
    CHECK(driver.scheduler.preemption(now_us + Scheduler::kPatienceUs).has_value());
}

INFERNO_TEST(scheduler_a_preempting_vip_starts_also_above_the_worker_limit) {
    Driver driver(4);
    for (RequestKey key = 1; key <= 4; ++key) driver.submit(key, Tier::Low);
    driver.admit();
    driver.scheduler.set_usable_workers(2);
    driver.submit(5, Tier::Vip);
    // One for one; the running ones are not stopped for the limit.
    CHECK_EQ(driver.admit(), "1p 5 ");
    CHECK_EQ(driver.scheduler.running(), 4);
}

INFERNO_TEST(scheduler_a_cancelled_vip_leaves_its_place_to_the_next) {
    Driver driver(1);
    driver.submit(1, Tier::Low);
    driver.admit();
    driver.submit(2, Tier::Vip);
    const auto victim = driver.scheduler.preemption(0);
    CHECK_EQ(victim.value_or(0), 1u);
    driver.scheduler.park(*victim, 0);
    driver.finish(2, Outcome::Cancelled);
    CHECK_EQ(driver.admit(), "1r ");
}

INFERNO_TEST(scheduler_lost_workers_take_nothing_and_come_back) {
    Driver driver(2);
    driver.submit(1, Tier::Vip);
    driver.submit(2, Tier::Normal);
    driver.submit(3, Tier::Vip);
    driver.admit();
    driver.scheduler.set_usable_workers(0);
    driver.scheduler.park(1, 0);
    driver.scheduler.park(3, 0);
    CHECK_EQ(driver.admit(), "");
    driver.scheduler.set_usable_workers(2);
    CHECK_EQ(driver.admit(), "1r 3r ");
}

INFERNO_TEST(scheduler_a_parked_vip_preempts_too) {
    Driver driver(2);
    driver.submit(1, Tier::Vip);
    driver.submit(2, Tier::Low);
    driver.admit();
    driver.scheduler.set_usable_workers(1);
    driver.scheduler.park(1, 0);
    CHECK_EQ(driver.admit(), "2p 1r ");
}

INFERNO_TEST(scheduler_tokens_are_charged_as_expected_and_corrected_to_what_was_computed) {
    Driver driver(4);
    // Less than expected: 200 charged, 130 computed.
    driver.submit(1, Tier::Vip);
    driver.admit();
    CHECK_EQ(driver.meter(Tier::Vip), 200);
    driver.scheduler.serve(1, 100, 0);
    for (int i = 0; i < 30; ++i) driver.scheduler.serve(1, 0, 1);
    CHECK_EQ(driver.meter(Tier::Vip), 200);
    driver.finish(1);
    CHECK_EQ(driver.meter(Tier::Vip), 130);
    // More.
    driver.submit(2, Tier::Vip);
    driver.admit();
    driver.scheduler.serve(2, 100, 0);
    driver.scheduler.serve(2, 0, 150);
    CHECK_EQ(driver.meter(Tier::Vip), 130 + 250);
    driver.finish(2);
    CHECK_EQ(driver.meter(Tier::Vip), 130 + 250);
    // A cached prefix.
    driver.submit(3, Tier::Vip);
    driver.admit();
    driver.scheduler.spare(3, 60);
    CHECK_EQ(driver.meter(Tier::Vip), 380 + 140);
    driver.scheduler.serve(3, 40, 0);
    driver.finish(3, Outcome::Cancelled);
    CHECK_EQ(driver.meter(Tier::Vip), 380 + 40);
    CHECK_EQ(driver.scheduler.status(0).tiers[0].tokens_served, 130 + 250 + 40);
}

INFERNO_TEST(scheduler_a_parked_request_is_charged_once) {
    Driver driver(1);
    driver.submit(1, Tier::Low);
    driver.admit();
    driver.scheduler.serve(1, 100, 20);
    driver.submit(2, Tier::Vip);
    driver.admit();
    CHECK_EQ(driver.meter(Tier::Low), 1600);
    CHECK_EQ(driver.scheduler.status(0).tiers[3].queued_tokens, 80);
    driver.finish(2);
    CHECK_EQ(driver.admit(), "1r ");
    driver.scheduler.serve(1, 0, 80);
    CHECK_EQ(driver.meter(Tier::Low), 1600);
    driver.scheduler.serve(1, 0, 1);
    CHECK_EQ(driver.meter(Tier::Low), 1608);
    driver.finish(1);
    driver.check_empty();
    // Cancelled while parked, one gets back what was not computed.
    driver.submit(3, Tier::Low);
    driver.admit();
    driver.scheduler.serve(3, 50, 0);
    driver.submit(4, Tier::Vip);
    driver.admit();
    const int64_t before = driver.meter(Tier::Low);
    driver.finish(3, Outcome::Cancelled);
    CHECK_EQ(driver.meter(Tier::Low), before - 150 * 8);
    driver.finish(4);
    driver.check_empty();
}

INFERNO_TEST(scheduler_cancels_in_every_state) {
    Driver driver(1);
    driver.scheduler.announce(1);
    CHECK(driver.state(1) == RequestState::Preparing);
    driver.finish(1, Outcome::Cancelled);
    driver.submit(2, Tier::Normal);
    CHECK(driver.state(2) == RequestState::Waiting);
    driver.finish(2, Outcome::Cancelled);
    driver.submit(3, Tier::Normal);
    driver.admit();
    CHECK(driver.state(3) == RequestState::Running);
    driver.submit(4, Tier::Normal, {3});
    CHECK(driver.state(4) == RequestState::Held);
    driver.finish(4, Outcome::Cancelled);
    driver.finish(3, Outcome::Cancelled);
    driver.submit(5, Tier::Low);
    driver.admit();
    driver.submit(6, Tier::Vip);
    driver.admit();
    CHECK(driver.state(5) == RequestState::Parked);
    driver.finish(5, Outcome::Cancelled);
    driver.finish(6, Outcome::Cancelled);
    driver.check_empty();
    CHECK_EQ(driver.scheduler.status(0).cancelled, 6);
    // Over is over.
    CHECK(driver.finish(6, Outcome::Cancelled).empty());
    CHECK(!driver.scheduler.standing(6));
    CHECK(!driver.scheduler.knows(6));
    CHECK_EQ(driver.scheduler.status(0).cancelled, 6);
}

INFERNO_TEST(scheduler_holds_a_request_until_what_it_needs_has_completed) {
    Driver driver(4);
    driver.scheduler.announce(1);
    driver.submit(2, Tier::Normal);
    CHECK(driver.submit(3, Tier::Vip, {1, 2, 2}) == Admission::Held);
    CHECK_EQ(driver.admit(), "2 ");
    driver.finish(2);
    CHECK_EQ(driver.admit(), "");
    CHECK_EQ(driver.scheduler.status(0).held, 1);
    driver.scheduler.submit(driver.wish(1, Tier::Low), 0);
    CHECK_EQ(driver.admit(), "1 ");
    driver.finish(1);
    CHECK_EQ(driver.admit(), "3 ");
    driver.finish(3);
    driver.check_empty();
}

INFERNO_TEST(scheduler_needs_nothing_of_what_completed_before_or_never_was) {
    Driver driver(4);
    driver.submit(1, Tier::Normal);
    driver.admit();
    driver.finish(1);
    CHECK(driver.submit(2, Tier::Normal, {1}) == Admission::Waits);
    CHECK(driver.submit(3, Tier::Normal, {999}) == Admission::Waits);
    CHECK(driver.submit(4, Tier::Normal, {4}) == Admission::Waits);
}

INFERNO_TEST(scheduler_a_failure_ends_the_whole_chain) {
    Driver driver(1);
    driver.submit(1, Tier::Normal);
    constexpr RequestKey kLength = 100'000;
    for (RequestKey key = 2; key <= kLength; ++key) driver.submit(key, Tier::Normal, {key - 1});
    driver.admit();
    CHECK_EQ(driver.finish(1, Outcome::Failed).size(), kLength - 1);
    driver.check_empty();
    // And what comes later and needs one of them.
    CHECK(driver.submit(kLength + 1, Tier::Normal, {kLength}) == Admission::DependencyFailed);
    CHECK(driver.finish(kLength + 1, Outcome::Failed).empty());
    driver.check_empty();
}

INFERNO_TEST(scheduler_a_failure_ends_only_what_needed_it) {
    Driver driver(4);
    driver.submit(1, Tier::Normal);
    driver.submit(2, Tier::Normal);
    driver.submit(3, Tier::Normal, {1, 2});
    driver.submit(4, Tier::Normal, {2});
    driver.submit(5, Tier::Normal, {3, 4});
    driver.admit();
    const std::vector<RequestKey> ended = driver.finish(1, Outcome::Cancelled);
    CHECK_EQ(ended.size(), 2u);
    CHECK(driver.scheduler.knows(4) && !driver.scheduler.knows(3) && !driver.scheduler.knows(5));
    driver.finish(2);
    CHECK_EQ(driver.admit(), "4 ");
}

INFERNO_TEST(scheduler_expires_what_waits_and_what_is_held_with_all_that_needs_it) {
    Driver driver(1);
    driver.submit(1, Tier::Normal);
    driver.admit();
    Submission late = driver.wish(2, Tier::Normal);
    late.deadline_us = 5 * s;
    driver.submit(late);
    driver.submit(3, Tier::Normal, {2});
    Submission held = driver.wish(4, Tier::Normal, {1});
    held.deadline_us = 5 * s;
    driver.submit(held);
    driver.submit(5, Tier::Normal, {4});
    CHECK_EQ(driver.scheduler.next_event_us(), 5 * s);
    CHECK(driver.scheduler.expire(5 * s - 1).empty());
    CHECK_EQ(driver.scheduler.expire(5 * s).size(), 4u);
    CHECK_EQ(driver.scheduler.status(0).expired, 2);
    driver.finish(1);
    driver.check_empty();
}

INFERNO_TEST(scheduler_a_held_request_expires_once_though_what_it_needs_does_too) {
    Driver driver(1);
    driver.scheduler.set_usable_workers(0);
    Submission first = driver.wish(1, Tier::Normal);
    first.deadline_us = 5 * s;
    driver.submit(first);
    Submission second = driver.wish(2, Tier::Normal, {1});
    second.deadline_us = 5 * s;
    driver.submit(second);
    CHECK_EQ(driver.scheduler.expire(6 * s).size(), 2u);
    driver.check_empty();
}

INFERNO_TEST(scheduler_what_runs_does_not_expire) {
    Driver driver(1);
    Submission submission = driver.wish(1, Tier::Low);
    submission.deadline_us = 5 * s;
    driver.submit(submission);
    driver.admit();
    CHECK(driver.scheduler.expire(6 * s).empty());
    driver.submit(2, Tier::Vip);
    driver.admit(6 * s);
    CHECK(driver.scheduler.expire(7 * s).empty());
    CHECK(driver.state(1) == RequestState::Parked);
}

INFERNO_TEST(scheduler_expects_what_earlier_answers_had_and_no_more_than_the_limit) {
    Driver driver(64);
    const auto expected = [&](RequestKey key, int64_t hint, int64_t limit) {
        Submission submission = driver.wish(key, Tier::Vip);
        submission.expected_tokens = hint;
        submission.max_tokens = limit;
        const int64_t before = driver.scheduler.status(0).tiers[0].queued_tokens;
        driver.submit(submission);
        return driver.scheduler.status(0).tiers[0].queued_tokens - before - 100;
    };
    CHECK_EQ(expected(1, 0, -1), TokenRates::kFirstAnswerTokens);
    CHECK_EQ(expected(2, 0, 5), 5);
    CHECK_EQ(expected(3, 70, -1), 70);
    CHECK_EQ(expected(4, 70, 50), 50);
    CHECK_EQ(expected(5, 0, 0), 0);
    driver.admit();
    driver.finish(5);
    for (RequestKey key = 1000; key < 1200; ++key) {
        driver.submit(key, Tier::Vip);
        driver.admit();
        driver.scheduler.serve(key, 100, 40);
        driver.finish(key);
    }
    CHECK(expected(6, 0, -1) >= 39 && expected(7, 0, -1) <= 41);
}

INFERNO_TEST(scheduler_says_where_a_request_stands_and_when_it_starts) {
    Driver driver(1);
    for (RequestKey key = 1; key <= 4; ++key) driver.submit(key, Tier::Normal);
    driver.admit();
    CHECK_EQ(driver.scheduler.standing(4)->position, 2);
    CHECK_EQ(driver.scheduler.standing(4)->eta_us, 0);
    // 1000 tokens a second, and 400 of them before it.
    for (int i = 0; i < 100; ++i) driver.scheduler.record_step(900, 100, 1 * s);
    const int64_t eta_us = driver.scheduler.standing(4)->eta_us;
    CHECK(eta_us > 390'000 && eta_us < 410'000);
    CHECK(!driver.scheduler.standing(99));
    CHECK(driver.scheduler.standing(1)->state == RequestState::Running);
    driver.scheduler.serve(1, 7, 0);
    driver.scheduler.serve(1, 0, 1);
    CHECK_EQ(driver.scheduler.standing(1)->computed, 8);
    CHECK_EQ(driver.scheduler.standing(1)->answered, 1);
    const SchedulerStatus status = driver.scheduler.status(0);
    CHECK(status.drain_us > 590'000 && status.drain_us < 610'000);
    CHECK(status.prefill_rate > 899 && status.prefill_rate < 901);
}

INFERNO_TEST(scheduler_waiting_estimate_drains_the_tiers_side_by_side) {
    // Alone, nothing else is served before it.
    CHECK_EQ(tokens_until_served({0, 0, 500, 0}, Tier::Normal, 300), 300);
    // Vip has 8 of 9 parts until its 800 are done, meanwhile low gets 100; the rest is low's.
    CHECK_EQ(tokens_until_served({800, 0, 0, 1000}, Tier::Low, 400), 1200);
    CHECK_EQ(tokens_until_served({800, 0, 0, 1000}, Tier::Vip, 400), 450);
    CHECK_EQ(tokens_until_served({800, 0, 0, 1000}, Tier::High, 0), 0);
}

INFERNO_TEST(scheduler_wait_statistics_are_of_the_last_thousand_by_nearest_rank) {
    WaitStatistics waits;
    CHECK_EQ(waits.summarize().max_us, 0);
    for (int64_t i = 1; i <= 1100; ++i) waits.record(i);
    const WaitSummary summary = waits.summarize();
    CHECK_EQ(summary.p50_us, 600);
    CHECK_EQ(summary.p95_us, 1050);
    CHECK_EQ(summary.p99_us, 1090);
    CHECK_EQ(summary.max_us, 1100);
}

INFERNO_TEST(scheduler_fifo_starts_in_order_of_arrival_and_never_preempts) {
    Driver driver(1, Policy::Fifo);
    driver.submit(1, Tier::Low);
    driver.submit(2, Tier::Low);
    driver.submit(3, Tier::Vip);
    CHECK_EQ(driver.admit(), "1 ");
    driver.finish(1);
    CHECK_EQ(driver.admit(), "2 ");
    driver.finish(2);
    CHECK_EQ(driver.admit(), "3 ");
}

namespace {

// The engine's way to share it: one mutex, one thread that drives, many that ask and cancel.
struct Shared {
    std::mutex mutex;
    Scheduler scheduler{{Policy::Priority, {2, 8, 0}}};
    std::vector<RequestKey> mail;
    std::vector<RequestKey> cancels;
    std::atomic<bool> stop{false};
    std::atomic<int> ended{0};

    void end(RequestKey key, Outcome outcome, int64_t now_us) {
        if (!scheduler.knows(key)) return;
        ended += 1 + static_cast<int>(scheduler.finish(key, outcome, now_us).size());
    }

    void turn(int64_t now_us, std::vector<RequestKey> & running) {
        const std::lock_guard lock(mutex);
        for (const RequestKey key : mail) {
            Submission submission;
            submission.key = key;
            submission.tier = static_cast<Tier>(key % 4);
            submission.user = key % 5;
            submission.submitted_us = now_us;
            if (key % 7 == 0) submission.deadline_us = now_us + static_cast<int64_t>(key % 40) * s + 1;
            if (key % 11 == 0 && key > 1) submission.dependencies = {key - 1};
            if (scheduler.submit(submission, now_us) == Admission::DependencyFailed) end(key, Outcome::Failed, now_us);
        }
        mail.clear();
        for (const RequestKey key : cancels) {
            std::erase(running, key);
            end(key, Outcome::Cancelled, now_us);
        }
        cancels.clear();
        ended += static_cast<int>(scheduler.expire(now_us).size());
        while (true) {
            while (const auto dispatch = scheduler.next(now_us)) running.push_back(dispatch->key);
            const auto victim = scheduler.preemption(now_us);
            if (!victim) break;
            scheduler.park(*victim, now_us);
            std::erase(running, *victim);
        }
        for (const RequestKey key : running) scheduler.serve(key, 50, 1);
        scheduler.record_step(50, static_cast<int32_t>(running.size()), 10'000);
        scheduler.update_workers(8, now_us);
        if (running.empty()) return;
        end(running.front(), Outcome::Completed, now_us);
        running.erase(running.begin());
    }
};

}  // namespace

INFERNO_TEST(scheduler_stress_many_threads_ask_and_cancel_while_one_drives) {
    constexpr int kThreads = 6;
    constexpr int kRequests = 300;
    Shared shared;
    std::atomic<RequestKey> next_key{1};
    std::vector<std::thread> threads;
    for (int t = 0; t < kThreads; ++t) {
        threads.emplace_back([&, t] {
            for (int i = 0; i < kRequests; ++i) {
                const RequestKey key = next_key++;
                {
                    const std::lock_guard lock(shared.mutex);
                    shared.scheduler.announce(key);
                    shared.mail.push_back(key);
                    if (i % 5 == t % 5) shared.cancels.push_back(key - static_cast<RequestKey>(i % 3));
                }
                const std::lock_guard lock(shared.mutex);
                if (i % 16 == 0) shared.scheduler.status(0);
                shared.scheduler.standing(key);
            }
        });
    }
    std::vector<RequestKey> running;
    int64_t now_us = 0;
    int turns = 0;
    while (shared.ended < kThreads * kRequests && turns++ < 1'000'000) shared.turn(now_us += 10'000, running);
    for (std::thread & thread : threads) thread.join();
    CHECK_EQ(shared.ended.load(), kThreads * kRequests);
    CHECK_EQ(shared.scheduler.queued(), 0u);
    CHECK_EQ(shared.scheduler.running(), 0);
}
