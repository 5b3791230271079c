#include "native/llama/thread_budget.h"

#include <functional>
#include <random>

#include "test/native/check.h"

using inferno::llama::ThreadBudget;

namespace {

// A machine whose step time is a function of the thread count, with some noise.
struct Machine {
    std::function<double(int threads)> step_us;
    std::mt19937 random{1};

    // Runs steps and returns the mean time of the last `counted` ones.
    double run(ThreadBudget & budget, int tokens, int steps, int counted) {
        double sum = 0.0;
        std::uniform_real_distribution<double> noise(0.98, 1.02);
        for (int i = 0; i < steps; ++i) {
            const double us = step_us(budget.choose(tokens)) * noise(random);
            budget.record(tokens, static_cast<int64_t>(us));
            if (i >= steps - counted) sum += us;
        }
        return sum / counted;
    }
};

constexpr auto kScales = [](int threads) { return 8000.0 / threads + 200.0; };
constexpr auto kOverheadBound = [](int threads) { return 100.0 + 60.0 * (threads - 1); };

}  // namespace

INFERNO_TEST(thread_budget_a_fixed_count_is_never_changed) {
    ThreadBudget budget(3, 8);
    Machine machine{kOverheadBound};
    machine.run(budget, 1, 500, 1);
    CHECK_EQ(budget.choose(1), 3);
    CHECK_EQ(budget.choose(64), 3);
}

INFERNO_TEST(thread_budget_uses_all_cores_when_they_pay) {
    ThreadBudget budget(0, 2);
    Machine machine{kScales};
    const double mean = machine.run(budget, 1, 4000, 3000);
    CHECK(mean < 1.03 * kScales(2));
}

INFERNO_TEST(thread_budget_drops_to_one_thread_for_tiny_steps) {
    ThreadBudget budget(0, 2);
    Machine machine{kOverheadBound};
    const double mean = machine.run(budget, 1, 4000, 3000);
    CHECK(mean < 1.03 * kOverheadBound(1));
}

INFERNO_TEST(thread_budget_climbs_down_from_many_cores) {
    ThreadBudget budget(0, 32);
    Machine machine{[](int threads) { return 4000.0 / threads + 80.0 * threads; }};  // best near 7
    const double best = 4000.0 / 7 + 80.0 * 7;
    const double mean = machine.run(budget, 1, 8000, 4000);
    CHECK(mean < 1.1 * best);
}

INFERNO_TEST(thread_budget_follows_a_core_that_another_process_takes_and_gives_back) {
    ThreadBudget budget(0, 2);
    bool disturbed = false;
    Machine machine{[&](int threads) { return disturbed && threads == 2 ? 10000.0 : kScales(threads); }};
    machine.run(budget, 1, 1000, 1);
    CHECK_EQ(budget.choose(1), 2);
    disturbed = true;
    const double mean = machine.run(budget, 1, 600, 400);
    CHECK(mean < 1.1 * kScales(1));
    disturbed = false;
    machine.run(budget, 1, 6000, 1);
    const double recovered = machine.run(budget, 1, 1000, 1000);
    CHECK(recovered < 1.05 * kScales(2));
}

INFERNO_TEST(thread_budget_keeps_step_classes_apart) {
    ThreadBudget budget(0, 2);
    Machine decode{kOverheadBound};
    Machine prefill{kScales};
    for (int i = 0; i < 200; ++i) {
        decode.run(budget, 1, 10, 1);
        prefill.run(budget, 512, 2, 1);
    }
    CHECK(decode.run(budget, 1, 500, 500) < 1.05 * kOverheadBound(1));
    CHECK(prefill.run(budget, 512, 500, 500) < 1.05 * kScales(2));
}

INFERNO_TEST(thread_budget_never_exceeds_a_lowered_maximum) {
    ThreadBudget budget(0, 8);
    Machine machine{kScales};
    machine.run(budget, 1, 300, 1);
    budget.set_max_threads(2);
    for (int i = 0; i < 500; ++i) {
        CHECK(budget.choose(1) <= 2);
        budget.record(1, static_cast<int64_t>(kScales(budget.choose(1))));
    }
}
