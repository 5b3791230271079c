// What profiling costs the thread that is profiled. A record is a whole GenerationProfile in a ring of 1,024 with two
// timestamps of this moment in it; every writer has a ring or statistics of its own, as every engine has.
// With more writers than cores a thread's CPU time is counted, not its waiting for a core.
#include <atomic>
#include <cstdint>
#include <memory>
#include <string>
#include <thread>
#include <vector>

#include "bench/native/bench.h"
#include "native/core/clock.h"
#include "native/profile/generation_profile.h"
#include "native/profile/resident_memory.h"
#include "native/profile/statistics.h"
#include "native/profile/tick_clock.h"

#ifdef __linux__
#include <time.h>
#endif

namespace {

using namespace inferno::profile;
using inferno::bench::Context;
using inferno::bench::median;
using inferno::queue::Tier;

constexpr int kTrials = 9;
constexpr int kRounds = 1'000'000;
constexpr double kRecordBarNs = 25;

// CPU time of this thread where the system tells, else time.
double thread_seconds() {
#ifdef __linux__
    timespec time{};
    clock_gettime(CLOCK_THREAD_CPUTIME_ID, &time);
    return static_cast<double>(time.tv_sec) + static_cast<double>(time.tv_nsec) * 1e-9;
#else
    return static_cast<double>(steady_ns()) * 1e-9;
#endif
}

// The compiler must have made `value` by now.
void keep(int64_t value) {
    static std::atomic<int64_t> kept;
    kept.store(value, std::memory_order_relaxed);
}

// Median over trials of nanoseconds of one `round(i)` on `threads` threads at once; every thread makes its own round.
template <typename MakeRound>
double ns_per_round(int threads, MakeRound make_round) {
    std::vector<double> trials;
    for (int trial = 0; trial < kTrials; ++trial) {
        std::atomic<int> waiting{threads};
        std::vector<double> seconds(static_cast<size_t>(threads));
        std::vector<std::thread> writers;
        for (int t = 0; t < threads; ++t) {
            writers.emplace_back([&, t] {
                auto round = make_round();
                for (int i = 0; i < kRounds / 10; ++i) round(i);  // pages, caches, branches
                waiting.fetch_sub(1);
                while (waiting.load() > 0) std::this_thread::yield();
                const double start = thread_seconds();
                for (int i = 0; i < kRounds; ++i) round(i);
                seconds[static_cast<size_t>(t)] = thread_seconds() - start;
            });
        }
        for (std::thread & writer : writers) writer.join();
        double sum = 0;
        for (const double value : seconds) sum += value;
        trials.push_back(sum / threads / kRounds * 1e9);
    }
    return median(trials);
}

template <typename Read>
auto two_readings(Read read) {
    return [read] {
        return [read](int) {
            const int64_t begun = read();
            keep(read() - begun);
        };
    };
}

// The ring's own cost: the timestamps as they are, the other fields as they were.
auto record_in_ticks() {
    return [ring = std::make_unique<GenerationRing>(), profile = GenerationProfile()](int i) mutable {
        profile.submitted_us = now_ticks();
        profile.generation = i;
        profile.ended_us = now_ticks();
        ring->push(profile);
    };
}

auto record_in_microseconds() {
    return [ring = std::make_unique<GenerationRing>(), clock = TickClock(), profile = GenerationProfile()](int i) mutable {
        const int64_t begun = now_ticks();
        profile.generation = i;
        const int64_t ended = now_ticks();
        profile.submitted_us = clock.to_us(begun);
        profile.ended_us = clock.to_us(ended);
        ring->push(profile);
    };
}

// As an engine does it: every field is set anew. Fields of four bytes that were just stored are read again as words of
// eight, which waits until the stores have reached the cache.
auto record_of_all_fields() {
    return [ring = std::make_unique<GenerationRing>(), clock = TickClock(), last = GenerationProfile()](int i) mutable {
        const int64_t begun = now_ticks();
        GenerationProfile profile = last;
        profile.generation = i;
        profile.prompt_tokens = last.prompt_tokens + 1;
        profile.cached_tokens = last.cached_tokens + 2;
        profile.completion_tokens = last.completion_tokens + 3;
        profile.drafted_tokens = last.drafted_tokens + 4;
        profile.accepted_tokens = last.accepted_tokens + 5;
        profile.tier = static_cast<uint8_t>(i & 3);
        profile.first_token_us = last.ended_us;
        profile.queue_us = last.queue_us + 1;
        profile.prefill_us = last.prefill_us + 2;
        profile.decode_us = last.decode_us + 3;
        profile.submitted_us = clock.to_us(begun);
        profile.ended_us = clock.to_us(now_ticks());
        ring->push(profile);
        last = profile;
    };
}

auto ring_record_without_time() {
    return [ring = std::make_unique<GenerationRing>(), profile = GenerationProfile()](int i) mutable {
        profile.generation = i;
        ring->push(profile);
    };
}

// Durations of a decode step: around 20 ms, never the same.
class Durations {
  public:
    int64_t next() {
        state_ ^= state_ << 13;
        state_ ^= state_ >> 7;
        state_ ^= state_ << 17;
        return static_cast<int64_t>(15'000'000 + (state_ & 0xffffff) / 2);
    }

  private:
    uint64_t state_ = 0x9E3779B97F4A7C15u;
};

std::string with_writers(const char * what, int threads) {
    return std::string(what) + ", " + std::to_string(threads) + (threads == 1 ? " writer" : " writers");
}

}  // namespace

INFERNO_BENCH(profile_timestamps) {
    context.report("now_ticks() twice", ns_per_round(1, two_readings([] { return now_ticks(); })), "ns");
    context.report("steady_clock twice", ns_per_round(1, two_readings([] { return steady_ns(); })), "ns");
}

INFERNO_BENCH(profile_ring) {
    for (const int threads : {1, 8}) {
        context.report_at_most(with_writers("record with two timestamps, in ticks", threads),
                               ns_per_round(threads, record_in_ticks), kRecordBarNs);
    }
    for (const int threads : {1, 8}) {
        context.report(with_writers("record with two timestamps, in microseconds", threads),
                       ns_per_round(threads, record_in_microseconds), "ns");
    }
    context.report("the same with every field set anew", ns_per_round(1, record_of_all_fields), "ns");
    context.report("record without timestamps", ns_per_round(1, ring_record_without_time), "ns");
    const auto copy = [] {
        return [profiles = std::vector<GenerationProfile>(1024), profile = GenerationProfile()](int i) mutable {
            profile.generation = i;
            profiles[static_cast<size_t>(i) & 1023] = profile;
            std::atomic_signal_fence(std::memory_order_seq_cst);
        };
    };
    context.report("a plain copy into an array of 1,024, for comparison", ns_per_round(1, copy), "ns");
}

INFERNO_BENCH(profile_statistics) {
    for (const int threads : {1, 8}) {
        const auto histogram = [] {
            return [histogram = std::make_unique<Histogram<uint64_t>>(), durations = Durations()](int) mutable {
                histogram->record(durations.next());
            };
        };
        context.report(with_writers("record into a histogram", threads), ns_per_round(threads, histogram), "ns");
        const auto statistics = [] {
            return [statistics = std::make_unique<Statistics>(), durations = Durations()](int i) mutable {
                statistics->record_ns(Phase::InterToken, Tier::Normal, durations.next(), i);
            };
        };
        context.report(with_writers("record into statistics (windows and all time)", threads),
                       ns_per_round(threads, statistics), "ns");
    }
    const auto none = [] {
        return [durations = Durations()](int) mutable { keep(durations.next()); };
    };
    context.report("of which making up the durations", ns_per_round(1, none), "ns");
}

INFERNO_BENCH(profile_reading) {
    constexpr int kReadings = 200;
    GenerationRing ring;
    for (int i = 0; i < 2000; ++i) ring.push({});
    Statistics statistics;
    Durations durations;
    for (int i = 0; i < 100'000; ++i) {
        for (const Phase phase : {Phase::Queue, Phase::Prefill, Phase::FirstToken, Phase::InterToken, Phase::Total}) {
            statistics.record_ns(phase, Tier::Normal, durations.next(), i * int64_t{40'000});
        }
    }
    size_t found = 0;
    const auto us_per_reading = [&](auto read) {
        std::vector<double> trials;
        for (int i = 0; i < kReadings; ++i) {
            trials.push_back(inferno::bench::seconds_of([&] { found += read(); }) * 1e6);
        }
        return median(trials);
    };
    context.report("the last 1,000 records", us_per_reading([&] { return ring.recent(1000).size(); }), "us");
    context.report("summary of an hour, five phases of one tier",
                   us_per_reading([&] { return statistics.summarize(Window::Hour, 4'000'000'000).size(); }), "us");
    context.report("resident memory of the process", us_per_reading([] { return resident_memory_bytes() > 0; }), "us");
    keep(static_cast<int64_t>(found));
}
