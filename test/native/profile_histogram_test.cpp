#include "native/profile/histogram.h"

#include <algorithm>
#include <array>
#include <atomic>
#include <cmath>
#include <functional>
#include <memory>
#include <random>
#include <thread>
#include <vector>

#include "test/native/check.h"

using namespace inferno::profile;

namespace {

using Ns = Histogram<uint64_t>;
using Values = std::vector<int64_t>;

std::unique_ptr<HistogramSnapshot> snapshot_of(const Ns & histogram) {
    auto snapshot = std::make_unique<HistogramSnapshot>();
    histogram.add_to(*snapshot);
    return snapshot;
}

std::unique_ptr<HistogramSnapshot> recorded(const Values & values) {
    Ns histogram;
    for (const int64_t value : values) histogram.record(value);
    return snapshot_of(histogram);
}

// A million values of each kind of distribution that durations have, all below the longest bucket's end.
std::vector<Values> samples() {
    constexpr size_t kSamples = 1'000'000;
    std::mt19937_64 random(20240607);
    std::lognormal_distribution<double> lognormal(16, 1.5);
    std::exponential_distribution<double> exponential(1e-6);
    std::uniform_int_distribution<int64_t> uniform(0, 3'600'000'000'000);
    std::normal_distribution<double> narrow(20'000'000, 3'000);
    std::cauchy_distribution<double> heavy(50'000, 10'000);
    std::bernoulli_distribution is_slow(0.03);
    const std::vector<std::function<double()>> draws = {
        [&] { return lognormal(random); },
        [&] { return exponential(random); },
        [&] { return static_cast<double>(uniform(random)); },
        [&] { return narrow(random); },
        [&] { return std::abs(heavy(random)); },
        [&] { return is_slow(random) ? 2e9 + narrow(random) : 300.0; },
        [&] { return static_cast<double>(uniform(random) % 100); },
    };
    std::vector<Values> all;
    for (const auto & draw : draws) {
        Values values(kSamples);
        for (int64_t & value : values) value = static_cast<int64_t>(std::min(draw(), 4e12));
        all.push_back(std::move(values));
    }
    return all;
}

const std::vector<Values> & all_samples() {
    static const std::vector<Values> all = samples();
    return all;
}

bool is_within(double value, double exact, double relative) {
    return std::abs(value - exact) <= relative * std::abs(exact);
}

void check_equal(const HistogramSnapshot & a, const HistogramSnapshot & b) {
    CHECK_EQ(a.count(), b.count());
    CHECK_EQ(a.sum_ns(), b.sum_ns());
    CHECK_EQ(a.min_ns(), b.min_ns());
    CHECK_EQ(a.max_ns(), b.max_ns());
    CHECK(is_within(a.stddev_ns(), b.stddev_ns(), 1e-9));
    for (int i = 0; i <= 1000; ++i) CHECK_EQ(a.quantile_ns(i / 1000.0), b.quantile_ns(i / 1000.0));
}

}  // namespace

INFERNO_TEST(histogram_buckets_follow_each_other_and_their_middles_are_within_the_error) {
    size_t last = 0;
    for (uint64_t value = 0; value <= HistogramBuckets::kMaxValue; value += 1 + value / 1000) {
        const auto place = HistogramBuckets::place(value);
        const size_t index = place.octave * HistogramBuckets::kSubCount + place.sub;
        CHECK(place.octave < HistogramBuckets::kOctaves && place.sub < HistogramBuckets::kSubCount);
        CHECK(index == last || index == last + 1 || value > 1000);
        CHECK(index >= last);
        last = index;
        const auto middle = static_cast<double>(HistogramBuckets::middle(place));
        CHECK(is_within(middle, static_cast<double>(value), HistogramBuckets::kRelativeError));
        if (value < 128) CHECK_EQ(middle, static_cast<double>(value));
    }
    const auto longest = HistogramBuckets::place(HistogramBuckets::kMaxValue);
    CHECK(longest.octave == HistogramBuckets::kOctaves - 1 && longest.sub == HistogramBuckets::kSubCount - 1);
    CHECK(HistogramBuckets::kMaxValue > uint64_t{3'600'000'000'000});
}

INFERNO_TEST(histogram_quantiles_are_within_the_stated_error_of_an_exact_sort) {
    for (Values values : all_samples()) {
        const auto snapshot = recorded(values);
        std::sort(values.begin(), values.end());
        for (const double q : {0.0, 0.001, 0.01, 0.1, 0.25, 0.5, 0.75, 0.9, 0.95, 0.99, 0.999, 0.9999, 1.0}) {
            const auto rank = std::max(1.0, std::ceil(q * static_cast<double>(values.size())));
            const auto exact = static_cast<double>(values[static_cast<size_t>(rank) - 1]);
            CHECK(is_within(snapshot->quantile_ns(q), exact, HistogramBuckets::kRelativeError));
        }
        CHECK_EQ(snapshot->quantile_ns(1), static_cast<double>(values.back()));
    }
}

INFERNO_TEST(histogram_count_sum_extremes_mean_and_stddev_are_those_of_the_values) {
    for (const Values & values : all_samples()) {
        const auto snapshot = recorded(values);
        uint64_t sum = 0;
        for (const int64_t value : values) sum += static_cast<uint64_t>(value);
        const double mean = static_cast<double>(sum) / static_cast<double>(values.size());
        double squares = 0;
        for (const int64_t value : values)
            squares += (static_cast<double>(value) - mean) * (static_cast<double>(value) - mean);
        CHECK_EQ(snapshot->count(), uint64_t{values.size()});
        CHECK_EQ(snapshot->sum_ns(), sum);
        CHECK_EQ(snapshot->min_ns(), static_cast<uint64_t>(*std::min_element(values.begin(), values.end())));
        CHECK_EQ(snapshot->max_ns(), static_cast<uint64_t>(*std::max_element(values.begin(), values.end())));
        CHECK_EQ(snapshot->mean_ns(), mean);
        CHECK(is_within(snapshot->stddev_ns(), std::sqrt(squares / static_cast<double>(values.size())), 1e-6));
    }
}

INFERNO_TEST(histogram_stddev_survives_a_large_mean_and_a_first_value_far_away) {
    // An hour and a hundred nanoseconds more or less: the squares themselves differ in the 22nd digit.
    Values values(100'000);
    for (size_t i = 0; i < values.size(); ++i) values[i] = 3'600'000'000'000 + (i % 2 == 0 ? 100 : -100);
    CHECK(is_within(recorded(values)->stddev_ns(), 100, 1e-6));
    // A warm-up of a second, then 10 ms and 10 us more or less; exactly: sqrt(var + (1 - p) p d^2) with p = 1e-6.
    Values warm(1'000'000);
    for (size_t i = 0; i < warm.size(); ++i) warm[i] = 10'000'000 + (i % 2 == 0 ? 10'000 : -10'000);
    warm[0] = 1'000'000'000;
    const double share = 1e-6;
    const double far = 990'000'000;
    const double exact = std::sqrt(1e8 * (1 - share) + share * (1 - share) * far * far);
    CHECK(is_within(recorded(warm)->stddev_ns(), exact, 1e-4));
}

INFERNO_TEST(histogram_merged_from_parts_equals_one_that_recorded_all) {
    for (const Values & values : all_samples()) {
        std::vector<std::unique_ptr<Ns>> parts;
        for (int i = 0; i < 8; ++i) parts.push_back(std::make_unique<Ns>());
        for (size_t i = 0; i < values.size(); ++i) parts[i % 7]->record(values[i]);  // the last stays empty
        const auto by_reader = std::make_unique<HistogramSnapshot>();
        Ns by_writer;
        for (const auto & part : parts) {
            by_reader->add(*snapshot_of(*part));
            by_writer.add(*part);
        }
        const auto whole = recorded(values);
        check_equal(*by_reader, *whole);
        check_equal(*snapshot_of(by_writer), *whole);
    }
}

INFERNO_TEST(histogram_counts_up_to_a_bound_within_the_error_of_the_bound) {
    for (Values values : all_samples()) {
        const auto snapshot = recorded(values);
        std::sort(values.begin(), values.end());
        const auto count_to = [&](double bound) {
            return static_cast<uint64_t>(
                std::upper_bound(values.begin(), values.end(), bound,
                                 [](double b, int64_t value) { return b < static_cast<double>(value); }) -
                values.begin());
        };
        std::vector<double> bounds;
        for (double bound = 1; bound < 4e12; bound *= 1.7) bounds.push_back(bound);
        std::vector<uint64_t> counts(bounds.size());
        snapshot->counts_at_most(bounds, counts);
        for (size_t i = 0; i < bounds.size(); ++i) {
            CHECK(counts[i] >= count_to(bounds[i] * (1 - HistogramBuckets::kRelativeError)));
            CHECK(counts[i] <= count_to(bounds[i] * (1 + HistogramBuckets::kRelativeError)));
            CHECK_EQ(snapshot->count_at_most(bounds[i]), counts[i]);
        }
        CHECK_EQ(snapshot->count_at_most(1e13), uint64_t{values.size()});
    }
}

INFERNO_TEST(histogram_of_nothing_is_zero_and_clearing_makes_it_that) {
    Ns histogram;
    const auto check_empty = [&] {
        const auto snapshot = snapshot_of(histogram);
        CHECK(snapshot->empty());
        CHECK_EQ(snapshot->min_ns() + snapshot->max_ns() + snapshot->sum_ns(), uint64_t{0});
        CHECK_EQ(snapshot->mean_ns() + snapshot->stddev_ns() + snapshot->quantile_ns(0.5), 0.0);
        CHECK_EQ(snapshot->count_at_most(1e12), uint64_t{0});
    };
    check_empty();
    histogram.record(5);
    histogram.record(1'000'000);
    CHECK_EQ(snapshot_of(histogram)->count(), uint64_t{2});
    histogram.clear();
    check_empty();
}

INFERNO_TEST(histogram_takes_negative_and_endless_durations_at_its_ends) {
    const auto snapshot = recorded({-5, 0, INT64_MAX});
    CHECK_EQ(snapshot->count(), uint64_t{3});
    CHECK_EQ(snapshot->min_ns(), uint64_t{0});
    CHECK_EQ(snapshot->max_ns(), static_cast<uint64_t>(INT64_MAX));
    CHECK_EQ(snapshot->quantile_ns(0.5), 0.0);
    CHECK(snapshot->quantile_ns(1) > 3.6e12);
}

INFERNO_TEST(histogram_of_small_counts_stops_at_their_largest_when_added_to) {
    Histogram<uint8_t> part;
    for (int i = 0; i < 200; ++i) part.record(1000);
    Histogram<uint8_t> sum;
    sum.add(part);
    sum.add(part);
    HistogramSnapshot snapshot;
    sum.add_to(snapshot);
    CHECK_EQ(snapshot.count(), uint64_t{255});
    CHECK_EQ(snapshot.mean_ns(), 1000.0);
}

INFERNO_TEST(histogram_read_while_recorded_never_goes_back_and_agrees_with_itself) {
    constexpr int kReaders = 3;
    constexpr int kRecords = 200'000;
    Ns histogram;
    std::atomic<bool> is_done{false};
    std::array<std::atomic<int>, kReaders> faults{};
    std::vector<std::thread> readers;
    for (auto & fault : faults) {
        readers.emplace_back([&] {
            const auto snapshot = std::make_unique<HistogramSnapshot>();
            uint64_t last_count = 0;
            uint64_t last_sum = 0;
            while (!is_done.load()) {
                snapshot->clear();
                histogram.add_to(*snapshot);
                // Values between 1 and 2 ms; so is every figure that is not of two moments.
                const bool is_sane = snapshot->empty() || (snapshot->mean_ns() >= 1e6 && snapshot->mean_ns() <= 2e6 &&
                                                           snapshot->stddev_ns() <= 5.01e5);
                if (!is_sane || snapshot->count() < last_count || snapshot->sum_ns() < last_sum) fault.fetch_add(1);
                last_count = snapshot->count();
                last_sum = snapshot->sum_ns();
            }
        });
    }
    for (int i = 0; i < kRecords; ++i) {
        histogram.record(1'000'000 + (i * int64_t{7919}) % 1'000'001);
        if (i % 2048 == 0) std::this_thread::yield();
    }
    is_done.store(true);
    for (std::thread & reader : readers) reader.join();
    for (auto & fault : faults) CHECK_EQ(fault.load(), 0);
    CHECK_EQ(snapshot_of(histogram)->count(), uint64_t{kRecords});
}
