#include <algorithm>
#include <array>
#include <atomic>
#include <cstdlib>
#include <map>
#include <thread>

#include "native/core/clock.h"
#include "native/core/compute_account.h"
#include "native/onnx/run_queue.h"
#include "native/onnx/runtime.h"
#include "test/native/check.h"
#include "test/native/onnx_model_builder.h"

using namespace inferno;
using namespace inferno::onnx;
using namespace inferno::test;

namespace {

constexpr int64_t kSize = 128;

std::shared_ptr<const Session> open(const std::string & model) {
    if (const char * directory = std::getenv("INFERNO_LIBRARY_DIR")) set_library_directory(directory);
    ModelSource source;
    source.bytes = as_bytes(model);
    auto session = Session::open(source, {});
    CHECK(session.is_ok());
    return session ? session.value() : nullptr;
}

// A queue over the slow model whose ends are gathered.
struct Runs {
    std::vector<float> x = std::vector<float>(kSize * kSize, 0.0F);
    RunQueue queue;
    std::map<RunId, std::string> codes;
    std::vector<RunId> order;

    explicit Runs(int rounds, size_t capacity = 1000) : queue(open(slow_model(kSize, rounds)), capacity, [] {}) {}

    RunRequest request() {
        const std::array<int64_t, 2> dims = {kSize, kSize};
        RunRequest request;
        request.add_input(0, make_view({ElementType::Float32, dims, x.data(), x.size() * sizeof(float)}).value());
        request.add_output(0);
        request.count_input_bytes(x.size() * sizeof(float));
        return request;
    }
    RunId submit(queue::Tier tier = queue::Tier::Normal, int64_t deadline_us = 0) {
        return queue.submit(request(), {tier, 0, deadline_us}).value();
    }
    void wait(size_t count) {
        while (codes.size() < count) {
            for (const FinishedRun & run : queue.take_finished()) {
                CHECK(!codes.contains(run.id));
                codes[run.id] = error_code_name(run.status.code());
                order.push_back(run.id);
            }
            std::this_thread::yield();
        }
    }
    void wait_until_running() const {
        while (true) {
            const RunQueueStatus status = queue.status();
            if (status.is_running || status.finished + status.cancelled + status.expired > 0) return;
            std::this_thread::yield();
        }
    }
};

}  // namespace

INFERNO_TEST(onnx_queue_runs_better_tiers_first) {
    Runs runs(600);
    runs.submit();
    const RunId low = runs.submit(queue::Tier::Low);
    const RunId vip = runs.submit(queue::Tier::Vip);
    runs.wait(3);
    const auto at = [&](RunId id) { return std::find(runs.order.begin(), runs.order.end(), id); };
    CHECK(at(vip) < at(low));
}

INFERNO_TEST(onnx_queue_cancels_what_waits_and_what_runs) {
    Runs runs(2000);
    const RunId running = runs.submit();
    runs.wait_until_running();
    const RunId waiting = runs.submit();
    runs.queue.cancel(waiting);
    runs.queue.cancel(running);
    runs.queue.cancel(running + 100);
    runs.wait(2);
    CHECK_EQ(runs.codes[running], "cancelled");
    CHECK_EQ(runs.codes[waiting], "cancelled");
    // The next one is not cancelled by what was meant for another.
    Runs next(2);
    const RunId id = next.submit();
    next.wait(1);
    CHECK_EQ(next.codes[id], "ok");
}

INFERNO_TEST(onnx_queue_ends_what_is_past_its_deadline_while_waiting_and_while_running) {
    Runs runs(4000);
    const RunId running = runs.submit(queue::Tier::Normal, now_us() + 50'000);
    runs.wait_until_running();
    const RunId waiting = runs.submit(queue::Tier::Normal, now_us() + 1);
    runs.wait(2);
    CHECK_EQ(runs.codes[running], "deadline_exceeded");
    CHECK_EQ(runs.codes[waiting], "deadline_exceeded");
}

INFERNO_TEST(onnx_queue_that_is_full_refuses) {
    Runs runs(2000, 1);
    runs.submit();
    CHECK_EQ(std::string(error_code_name(runs.queue.submit(runs.request(), {}).status().code())), "queue_full");
}

INFERNO_TEST(onnx_queue_ends_everything_once_when_it_shuts_down_under_load) {
    Runs runs(50);
    std::atomic<int> taken{0};
    std::thread submitter([&] {
        for (int i = 0; i < 50; ++i) {
            const auto id = runs.queue.submit(runs.request(), {});
            if (!id) return;
            taken.fetch_add(1);
            if (i % 5 == 0) runs.queue.cancel(id.value());
        }
    });
    std::this_thread::yield();
    runs.queue.shut_down();
    submitter.join();
    runs.wait(static_cast<size_t>(taken.load()));
    CHECK_EQ(runs.codes.size(), static_cast<size_t>(taken.load()));
    CHECK_EQ(std::string(error_code_name(runs.queue.submit(runs.request(), {}).status().code())), "model_unloaded");
}

INFERNO_TEST(onnx_queue_records_waiting_and_running_of_every_run) {
    Runs runs(10);
    runs.submit();
    runs.submit();
    runs.wait(2);
    const auto records = runs.queue.recorder().recent(10);
    CHECK_EQ(records.size(), 2U);
    for (const profile::GenerationProfile & record : records) {
        CHECK_EQ(record.queue_us + record.prefill_us, record.ended_us - record.submitted_us);
    }
}

INFERNO_TEST(compute_account_divides_the_cores_among_those_that_compute) {
    ComputeAccount account(4);
    CHECK_EQ(account.share(4), 4);
    const auto step = account.begin_step();
    CHECK_EQ(account.share(4), 4);
    {
        const auto run = account.begin_run();
        CHECK_EQ(account.share(4), 2);
        const auto second = account.begin_run();
        CHECK_EQ(account.share(4), 1);
        CHECK_EQ(account.share(1), 1);
    }
    CHECK_EQ(account.share(4), 4);
}

INFERNO_TEST(compute_account_lets_as_many_run_as_there_are_cores) {
    ComputeAccount account(2);
    std::atomic<int> running{0};
    std::atomic<int> most{0};
    std::vector<std::thread> threads;
    for (int i = 0; i < 6; ++i) {
        threads.emplace_back([&] {
            for (int n = 0; n < 200; ++n) {
                const auto lease = account.begin_run();
                const int now = running.fetch_add(1) + 1;
                int seen = most.load();
                while (seen < now && !most.compare_exchange_weak(seen, now)) {
                }
                running.fetch_sub(1);
            }
        });
    }
    for (std::thread & thread : threads) thread.join();
    CHECK(most.load() <= 2);
    CHECK_EQ(account.computing(), 0);
}
