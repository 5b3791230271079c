// A program of native benchmarks: INFERNO_BENCH(name) { context.folder(); … report_bar(…); }. It runs every benchmark,
// or those whose names contain an argument, prints one line per figure and exits 1 when a bar was missed.
#pragma once

#include <algorithm>
#include <chrono>
#include <cstddef>
#include <cstdio>
#include <functional>
#include <string>
#include <utility>
#include <vector>

namespace inferno::bench {

// What the benchmarks of one run share. Main thread only.
class Context {
  public:
    explicit Context(std::string folder) : folder_(std::move(folder)) {}

    // An empty folder on the disk to measure; removed at the end of the program.
    const std::string & folder() const { return folder_; }
    bool has_missed_bar() const { return has_missed_bar_; }

    void report(const std::string & what, double value, const char * unit) {
        std::printf("  %-64s %12.2f %s\n", what.c_str(), value, unit);
        std::fflush(stdout);
    }
    void report_at_most(const std::string & what, double value, double bar) {
        report_bar(what, value, "at most", bar, value <= bar);
    }
    void report_at_least(const std::string & what, double value, double bar) {
        report_bar(what, value, "at least", bar, value >= bar);
    }

  private:
    void report_bar(const std::string & what, double value, const char * relation, double bar, bool is_met) {
        std::printf("  %-64s %12.2f %s %.2f: %s\n", what.c_str(), value, relation, bar, is_met ? "met" : "MISSED");
        std::fflush(stdout);
        has_missed_bar_ = has_missed_bar_ || !is_met;
    }

    const std::string folder_;
    bool has_missed_bar_ = false;
};

struct Benchmark {
    const char * name;
    std::function<void(Context &)> run;
};

inline std::vector<Benchmark> & all_benchmarks() {
    static std::vector<Benchmark> benchmarks;
    return benchmarks;
}

struct Registration {
    Registration(const char * name, std::function<void(Context &)> run) {
        all_benchmarks().push_back({name, std::move(run)});
    }
};

using Clock = std::chrono::steady_clock;

inline double seconds_since(Clock::time_point start) {
    return std::chrono::duration<double>(Clock::now() - start).count();
}

// Seconds that `work` takes.
template <typename Work>
double seconds_of(Work && work) {
    const Clock::time_point start = Clock::now();
    work();
    return seconds_since(start);
}

inline double median(std::vector<double> values) {
    if (values.empty()) return 0;
    const size_t middle = values.size() / 2;
    std::nth_element(values.begin(), values.begin() + static_cast<std::ptrdiff_t>(middle), values.end());
    return values[middle];
}

}  // namespace inferno::bench

#define INFERNO_BENCH(name)                                                                               \
    static void inferno_bench_##name(::inferno::bench::Context & context);                                \
    static const ::inferno::bench::Registration inferno_registration_##name(#name, inferno_bench_##name); \
    static void inferno_bench_##name(::inferno::bench::Context & context)
