#include "native/profile/statistics.h"

#include <algorithm>
#include <array>
#include <atomic>
#include <cmath>
#include <memory>
#include <random>
#include <set>
#include <thread>
#include <vector>

#include "native/core/clock.h"
#include "native/profile/tick_clock.h"
#include "test/native/check.h"

using namespace inferno::profile;
using inferno::queue::Tier;

namespace {

constexpr int64_t s = 1'000'000;
constexpr int64_t kMs = 1'000'000;  // in nanoseconds

struct Sample {
    int64_t duration_ns;
    int64_t at_us;
};

std::unique_ptr<WindowSnapshot> collect(const HistogramWindows & windows, Window window, int64_t now_us) {
    auto snapshot = std::make_unique<WindowSnapshot>();
    windows.collect(window, now_us, *snapshot);
    return snapshot;
}

uint64_t count_in(const HistogramWindows & windows, Window window, int64_t now_us) {
    return collect(windows, window, now_us)->histogram().count();
}

struct WindowShape {
    Window window;
    int64_t slot_us;
    int64_t slots;
};
constexpr WindowShape kShapes[] = {
    {Window::Minute, 5 * s, 13}, {Window::FiveMinutes, 30 * s, 11}, {Window::Hour, 300 * s, 13}};

// What a window holds, from the samples themselves.
uint64_t expected_sum(const std::vector<Sample> & samples, const WindowShape & shape, int64_t now_us,
                      uint64_t & count) {
    const int64_t first = now_us / shape.slot_us - shape.slots + 1;
    uint64_t sum = 0;
    count = 0;
    for (const Sample & sample : samples) {
        if (sample.at_us / shape.slot_us < first) continue;
        sum += static_cast<uint64_t>(sample.duration_ns);
        ++count;
    }
    return sum;
}

// One sample every `every_us` of a virtual clock, so that a window's count follows from its time.
class TurningWindows {
  public:
    explicit TurningWindows(int64_t every_us) : every_us_(every_us) {}

    // Reads until the writer is done; every count must be right although slots turn meanwhile.
    void read(const WindowShape & shape) {
        const auto snapshot = std::make_unique<WindowSnapshot>();
        while (!is_done_.load()) {
            const int64_t now_us = recorded_until_us_.load();
            if (now_us < 0) continue;
            snapshot->clear();
            windows_.collect(shape.window, now_us, *snapshot);
            // The sample under way may be in already.
            const int64_t after_us = recorded_until_us_.load() + every_us_;
            const int64_t last = now_us / shape.slot_us;
            // The window's oldest slot is reused for the second after its last one.
            if (after_us / shape.slot_us >= last + 2) continue;
            const int64_t first_us = std::max<int64_t>(0, (last - shape.slots + 1) * shape.slot_us);
            const uint64_t least = samples(first_us, now_us);
            const uint64_t most = samples(first_us, std::min(after_us, (last + 1) * shape.slot_us - 1));
            const uint64_t count = snapshot->histogram().count();
            if (count < least || count > most) faults_.fetch_add(1);
            readings_.fetch_add(1);
        }
    }
    void write(int64_t samples_at_most, int readings) {
        for (int64_t i = 0; i < samples_at_most && readings_.load() < readings; ++i) {
            windows_.record(kMs, i * every_us_);
            recorded_until_us_.store(i * every_us_);
            // Of many paces one suits the readers: up to some microseconds a sample.
            const int64_t pause_ns = i / 2'000 % 10 * 1'000;
            for (const int64_t start_ns = steady_ns(); steady_ns() - start_ns < pause_ns;) {
            }
        }
        is_done_.store(true);
    }
    int faults() const { return faults_.load(); }
    int readings() const { return readings_.load(); }

  private:
    uint64_t samples(int64_t from_us, int64_t to_us) const {
        return static_cast<uint64_t>(to_us / every_us_ - (from_us + every_us_ - 1) / every_us_ + 1);
    }

    const int64_t every_us_;
    HistogramWindows windows_;
    std::atomic<int64_t> recorded_until_us_{-1};
    std::atomic<bool> is_done_{false};
    std::atomic<int> faults_{0};
    std::atomic<int> readings_{0};
};

void check_turning(int64_t every_us, const std::vector<WindowShape> & shapes) {
    constexpr int64_t kSamplesAtMost = 300'000;
    constexpr int kReadings = 20'000;
    TurningWindows turning(every_us);
    std::vector<std::thread> readers;
    for (const WindowShape & shape : shapes) readers.emplace_back([&] { turning.read(shape); });
    turning.write(kSamplesAtMost, kReadings);
    for (std::thread & reader : readers) reader.join();
    CHECK_EQ(turning.faults(), 0);
    CHECK(turning.readings() > 0);
}

const PhaseSummary * find(const std::vector<PhaseSummary> & summaries, Phase phase, Tier tier) {
    for (const PhaseSummary & summary : summaries) {
        if (summary.phase == phase && summary.tier == tier) return &summary;
    }
    return nullptr;
}

}  // namespace

INFERNO_TEST(histogram_windows_forget_a_sample_when_its_time_is_over) {
    HistogramWindows windows;
    windows.record(kMs, 2 * s);
    CHECK_EQ(count_in(windows, Window::Minute, 2 * s), uint64_t{1});
    CHECK_EQ(count_in(windows, Window::Minute, 62 * s), uint64_t{1});
    CHECK_EQ(count_in(windows, Window::Minute, 65 * s), uint64_t{0});
    CHECK_EQ(count_in(windows, Window::FiveMinutes, 302 * s), uint64_t{1});
    CHECK_EQ(count_in(windows, Window::FiveMinutes, 330 * s), uint64_t{0});
    CHECK_EQ(count_in(windows, Window::Hour, 3602 * s), uint64_t{1});
    CHECK_EQ(count_in(windows, Window::Hour, 3900 * s), uint64_t{0});
    CHECK_EQ(count_in(windows, Window::All, 1'000'000 * s), uint64_t{1});
}

INFERNO_TEST(histogram_windows_hold_what_was_recorded_in_them_also_after_pauses) {
    std::mt19937_64 random(7);
    for (int history = 0; history < 20; ++history) {
        HistogramWindows windows;
        std::vector<Sample> samples;
        int64_t now_us = static_cast<int64_t>(random() % 4000) * s;
        for (int i = 0; i < 1500; ++i) {
            // Mostly close together, sometimes minutes or hours apart.
            const int64_t kinds[] = {s / 10, s / 10, 3 * s, 40 * s, 400 * s, 5000 * s};
            const uint64_t kind = random() % 400;
            now_us += static_cast<int64_t>(random() % static_cast<uint64_t>(kinds[kind < 5 ? kind + 1 : 0] + 1));
            const Sample sample{static_cast<int64_t>(random() % (100 * kMs)), now_us};
            windows.record(sample.duration_ns, sample.at_us);
            samples.push_back(sample);
            if (i % 50 != 0) continue;
            const int64_t later_us =
                now_us + static_cast<int64_t>(random() % 2) * static_cast<int64_t>(random() % (600 * s));
            for (const WindowShape & shape : kShapes) {
                uint64_t count = 0;
                const uint64_t sum = expected_sum(samples, shape, later_us, count);
                const auto snapshot = collect(windows, shape.window, later_us);
                CHECK_EQ(snapshot->histogram().count(), count);
                CHECK_EQ(snapshot->histogram().sum_ns(), sum);
            }
            CHECK_EQ(count_in(windows, Window::All, later_us), uint64_t{samples.size()});
        }
    }
}

INFERNO_TEST(histogram_windows_tell_count_and_mean_of_their_slots_oldest_first) {
    HistogramWindows windows;
    windows.record(10 * kMs, 1 * s);
    windows.record(30 * kMs, 2 * s);
    windows.record(50 * kMs, 21 * s);
    const auto snapshot = collect(windows, Window::Minute, 22 * s);
    CHECK_EQ(snapshot->slots().size(), size_t{2});
    CHECK_EQ(snapshot->slots()[0].number, int64_t{0});
    CHECK_EQ(snapshot->slots()[0].count, uint64_t{2});
    CHECK_EQ(snapshot->slots()[0].sum_ns, static_cast<uint64_t>(40 * kMs));
    CHECK_EQ(snapshot->slots()[1].number, int64_t{4});
    // The middle of 0 to 5 s, and of 20 to 22 s.
    CHECK_EQ(slot_age_us(Window::Minute, snapshot->slots()[0], 22 * s), 19 * s + s / 2);
    CHECK_EQ(slot_age_us(Window::Minute, snapshot->slots()[1], 22 * s), s);
    CHECK(collect(windows, Window::All, 22 * s)->slots().empty());
    // The slot of 30 s that is going on is made of both.
    CHECK_EQ(collect(windows, Window::FiveMinutes, 22 * s)->slots()[0].count, uint64_t{3});
}

INFERNO_TEST(histogram_windows_take_a_time_that_went_back_as_the_last_one) {
    HistogramWindows windows;
    windows.record(kMs, 100 * s);
    windows.record(kMs, 20 * s);
    CHECK_EQ(count_in(windows, Window::Minute, 100 * s), uint64_t{2});
}

INFERNO_TEST(histogram_windows_lose_and_double_nothing_for_readers_while_slots_turn) {
    check_turning(s, {std::begin(kShapes), std::end(kShapes)});
}

INFERNO_TEST(histogram_windows_lose_and_double_nothing_for_readers_when_every_sample_reuses_the_slot_of_the_last) {
    // 14 slots of 5 s, 11 slots of 30 s: what was the current one is found in a longer slot only.
    check_turning(70 * s, {kShapes[2], kShapes[2]});
    check_turning(330 * s, {kShapes[2], kShapes[2]});
}

INFERNO_TEST(statistics_summarize_each_phase_and_tier_that_was_recorded) {
    Statistics statistics;
    CHECK(statistics.summarize(Window::All, 0).empty());
    for (int i = 1; i <= 1000; ++i) statistics.record_us(Phase::Prefill, Tier::Vip, i * 100, i * s / 100);
    statistics.record_ns(Phase::Total, Tier::Low, 250, s);
    const auto summaries = statistics.summarize(Window::Minute, 10 * s);
    CHECK_EQ(summaries.size(), size_t{2});
    const PhaseSummary * prefill = find(summaries, Phase::Prefill, Tier::Vip);
    CHECK(prefill != nullptr);
    if (prefill == nullptr) return;
    CHECK_EQ(prefill->count, uint64_t{1000});
    CHECK_EQ(prefill->mean_us, 50'050.0);
    CHECK_EQ(prefill->min_us, 100.0);
    CHECK_EQ(prefill->max_us, 100'000.0);
    CHECK(std::abs(prefill->stddev_us - 28'867.5) < 0.1);
    CHECK(std::abs(prefill->p50_us - 50'000) < 500);
    CHECK(std::abs(prefill->p95_us - 95'000) < 950);
    CHECK(std::abs(prefill->p99_us - 99'000) < 990);
    CHECK(std::abs(prefill->p999_us - 99'900) < 999);
    CHECK_EQ(prefill->slots.size(), size_t{3});
    const PhaseSummary * total = find(summaries, Phase::Total, Tier::Low);
    CHECK(total != nullptr && total->p50_us > 0.247 && total->p50_us < 0.253);
}

INFERNO_TEST(statistics_of_eight_writers_are_merged_when_they_are_read) {
    constexpr int kWriters = 8;
    constexpr int kRecords = 20'000;
    std::vector<std::unique_ptr<Statistics>> all;
    std::vector<const Statistics *> others;
    for (int i = 0; i < kWriters; ++i) {
        all.push_back(std::make_unique<Statistics>());
        if (i > 0) others.push_back(all.back().get());
    }
    std::atomic<bool> is_done{false};
    std::atomic<int> faults{0};
    std::thread reader([&] {
        uint64_t last = 0;
        while (!is_done.load()) {
            uint64_t count = 0;
            for (const PhaseSummary & summary : all[0]->summarize(Window::All, 0, others)) count += summary.count;
            if (count < last) faults.fetch_add(1);
            last = count;
        }
    });
    std::vector<std::thread> writers;
    for (size_t w = 0; w < kWriters; ++w) {
        writers.emplace_back([&, w] {
            for (int i = 0; i < kRecords; ++i) {
                all[w]->record_us(Phase::InterToken, static_cast<Tier>(w % 4), 1000 + i, i * int64_t{1000});
            }
        });
    }
    for (std::thread & writer : writers) writer.join();
    is_done.store(true);
    reader.join();
    CHECK_EQ(faults.load(), 0);
    const auto summaries = all[0]->summarize(Window::Minute, 20 * s, others);
    CHECK_EQ(summaries.size(), size_t{4});
    for (const PhaseSummary & summary : summaries) {
        CHECK_EQ(summary.count, uint64_t{2 * kRecords});
        CHECK_EQ(summary.mean_us, 1000 + (kRecords - 1) / 2.0);
    }
}

INFERNO_TEST(statistics_cumulate_over_all_tiers_and_all_time) {
    Statistics statistics;
    for (int i = 1; i <= 400; ++i) {
        statistics.record_us(Phase::Queue, static_cast<Tier>(i % 4), i * 1000, i * int64_t{3600} * s);
    }
    const std::vector<double> bounds = {500, 100'500, 200'500, 1e9};
    const CumulativeCounts cumulated = statistics.cumulate(Phase::Queue, bounds);
    CHECK_EQ(cumulated.count, uint64_t{400});
    CHECK_EQ(cumulated.sum_us, 80'200'000.0);
    CHECK_EQ(cumulated.counts[0], uint64_t{0});
    CHECK(cumulated.counts[1] >= 99 && cumulated.counts[1] <= 101);
    CHECK(cumulated.counts[2] >= 198 && cumulated.counts[2] <= 202);
    CHECK_EQ(cumulated.counts[3], uint64_t{400});
    CHECK_EQ(statistics.cumulate(Phase::Decode, bounds).count, uint64_t{0});
}

INFERNO_TEST(statistics_of_different_writers_share_no_cache_line) {
    CHECK_EQ(alignof(Statistics) % 64, size_t{0});
    CHECK_EQ(alignof(HistogramWindows) % 64, size_t{0});
    CHECK_EQ(sizeof(Histogram<uint32_t>), size_t{384});
    // The sizes that the headers tell.
    CHECK(sizeof(HistogramWindows) <= 19 * 1024);
    CHECK(sizeof(HistogramSnapshot) <= 19 * 1024);
    CHECK(sizeof(WindowSnapshot) <= 76 * 1024);
}

INFERNO_TEST(tick_clock_tells_moments_between_readings_of_the_steady_clock) {
    TickClock clock;
    // Both clocks are read in turn, so each moment lies between two known ones, within the error that the header tells.
    constexpr int64_t kErrorNs = 20'000;
    int wrong = 0;
    for (int i = 0; i < 200'000; ++i) {
        const int64_t before_ns = steady_ns();
        const int64_t ticks = now_ticks();
        const int64_t after_ns = steady_ns();
        const int64_t ns = clock.to_ns(ticks);
        if (ns < before_ns - kErrorNs || ns > after_ns + kErrorNs) ++wrong;
        if (std::abs(clock.to_us(ticks) - ns / 1000) > 1) ++wrong;
    }
    CHECK_EQ(wrong, 0);
}

INFERNO_TEST(tick_clock_goes_on_into_the_past) {
    TickClock clock;
    const int64_t now = now_ticks();
    const int64_t now_us = clock.to_us(now);
    const double us_per_tick = static_cast<double>(clock.interval_ns(0, 1'000'000'000)) / 1e12;
    for (const double ago_us : {1e3, 1e6, 2e7, 4e7, 1e9}) {
        const int64_t then = now - static_cast<int64_t>(ago_us / us_per_tick);
        // A ten-thousandth for the rate, which can be measured anew in between.
        CHECK(std::abs(static_cast<double>(now_us - clock.to_us(then)) - ago_us) <= 20 + ago_us * 1e-4);
        CHECK(std::abs(clock.to_us(then) - clock.to_ns(then) / 1000) <= 20 + static_cast<int64_t>(ago_us * 1e-4));
    }
    // Which disturbed nothing.
    CHECK(std::abs(clock.to_us(now) - now_us) <= 20);
}

INFERNO_TEST(tick_clock_measures_intervals_and_never_negative_ones) {
    TickClock clock;
    const int64_t first = now_ticks();
    const int64_t first_ns = steady_ns();
    while (steady_ns() - first_ns < 20'000'000) std::this_thread::yield();
    const int64_t last_ns = steady_ns();
    const int64_t last = now_ticks();
    const int64_t interval_ns = clock.interval_ns(first, last);
    CHECK(interval_ns >= last_ns - first_ns - 20'000);
    CHECK_EQ(clock.interval_ns(last, first), int64_t{0});
    // Another thread's clock agrees about the same moment.
    int64_t others_us = 0;
    std::thread([&] { others_us = TickClock().to_us(last); }).join();
    CHECK(std::abs(others_us - clock.to_us(last)) <= 20);
    CHECK(std::abs(clock.to_us(last) - last_ns / 1000) < 1'000'000);
}
