// How often which duration occurred: a log-linear histogram of nanoseconds. Every power of two is cut into 64 equal
// buckets, so a bucket is at most 1/64 of its values wide, and its middle, which stands for them, is off by at most
// 1/128 = 0.79 % (kRelativeError). Below 128 ns every value has its own bucket. It reaches to 2^42 ns (73 minutes);
// what is longer counts as the longest bucket, while sum, mean, stddev and max stay exact.
//
// Histogram<Count>: recorded by one thread, read by any. The 64 buckets of a power of two are allocated when something
// first falls there. Memory: 384 bytes, and 256 (uint32_t) or 512 (uint64_t) for each power of two that occurred; a
// phase mostly spans four to eight of them: 1.4 to 2.4 KiB, 2.4 to 4.4 KiB. At most 37: 9.6 or 18.9 KiB.
//
// HistogramSnapshot: what a reader made of one or several of them; a value of 19 KiB without thread safety.
#pragma once

#include <algorithm>
#include <array>
#include <atomic>
#include <bit>
#include <cstddef>
#include <cstdint>
#include <span>

namespace inferno::profile {

inline constexpr size_t kCacheLine = 64;

// Where a value is counted.
class HistogramBuckets {
  public:
    static constexpr double kRelativeError = 1.0 / 128;
    static constexpr int kSubBits = 6;
    static constexpr size_t kSubCount = size_t{1} << kSubBits;
    static constexpr int kMaxBits = 42;
    static constexpr size_t kOctaves = kMaxBits - kSubBits + 1;
    static constexpr uint64_t kMaxValue = (uint64_t{1} << kMaxBits) - 1;

    struct Place {
        size_t octave;
        size_t sub;
    };
    // REQUIRES: value <= kMaxValue
    static constexpr Place place(uint64_t value) {
        if (value < kSubCount) return {0, static_cast<size_t>(value)};
        const int shift = std::bit_width(value) - 1 - kSubBits;
        return {static_cast<size_t>(shift) + 1, static_cast<size_t>(value >> shift) - kSubCount};
    }
    // The value that stands for all of the bucket.
    static constexpr uint64_t middle(Place place) {
        if (place.octave == 0) return place.sub;
        const size_t shift = place.octave - 1;
        return ((kSubCount + place.sub) << shift) + (((uint64_t{1} << shift) - 1) >> 1);
    }
};

// Number, mean and squared deviation of values. Kept as sums of distances from `origin`, the first value, because the
// difference of the squares of the values themselves would lose everything when they vary little around a large mean.
// With distances the loss is by (mean - origin)^2 / variance, which for the first of many alike is about 1; a
// thousandth of a stddev stays right even if the first was 10,000 stddevs off.
struct HistogramMoments {
    uint64_t count = 0;
    uint64_t sum_ns = 0;  // exact up to 584 years
    double origin_ns = 0;
    double sum_distance = 0;
    double sum_distance_squared = 0;
    uint64_t min_ns = UINT64_MAX;
    uint64_t max_ns = 0;

    void add(const HistogramMoments & other);
};

class HistogramSnapshot {
  public:
    // Merging: the same as if all had been recorded into one.
    void add(const HistogramSnapshot & other);
    // Back to empty, at the price of what was used.
    void clear();

    bool empty() const { return count_ == 0; }
    uint64_t count() const { return count_; }
    uint64_t sum_ns() const { return moments_.sum_ns; }
    // 0 when empty.
    uint64_t min_ns() const { return moments_.count == 0 ? 0 : moments_.min_ns; }
    uint64_t max_ns() const { return moments_.max_ns; }
    double mean_ns() const;
    // Of the population: divided by the number of values.
    double stddev_ns() const;

    // By nearest rank: the smallest value that at least the share `q` (0 to 1) does not exceed, within kRelativeError.
    // Never outside of [min, max]; 0 when empty.
    double quantile_ns(double q) const;
    // `values_ns[i]` for `shares[i]`, ascending, in one pass.
    void quantiles_ns(std::span<const double> shares, std::span<double> values_ns) const;
    // How many were at most as long, each taken as the middle of its bucket.
    uint64_t count_at_most(double bound_ns) const;
    // The same for ascending bounds, in one pass.
    void counts_at_most(std::span<const double> bounds_ns, std::span<uint64_t> counts) const;

  private:
    template <typename Count>
    friend class Histogram;
    using Octave = std::array<uint64_t, HistogramBuckets::kSubCount>;

    // Calls visit(middle, count) for every bucket that is not empty, ascending, until it returns false.
    template <typename Visit>
    void visit_buckets(Visit visit) const;
    // The octave as something to add to.
    Octave & touch(size_t octave);

    uint64_t touched_ = 0;  // bit i: octave i may have counts
    uint64_t count_ = 0;    // in all of them
    HistogramMoments moments_;
    std::array<Octave, HistogramBuckets::kOctaves> octaves_{};
};

// `Count` is what a bucket counts with. uint32_t is for what is cleared in time; add() saturates.
template <typename Count>
class alignas(kCacheLine) Histogram {
  public:
    Histogram() = default;
    ~Histogram();
    Histogram(const Histogram &) = delete;
    Histogram & operator=(const Histogram &) = delete;

    // Writer only. Less than nothing counts as nothing.
    void record(int64_t duration_ns) {
        const uint64_t value = duration_ns > 0 ? static_cast<uint64_t>(duration_ns) : 0;
        const HistogramBuckets::Place place = HistogramBuckets::place(std::min(value, HistogramBuckets::kMaxValue));
        // Relaxed: this thread published it.
        Octave * octave = octaves_[place.octave].load(std::memory_order_relaxed);
        if (octave == nullptr) octave = &make_octave(place.octave);
        increase(octave->counts[place.sub], Count{1});
        record_moments(value);
    }
    // Writer only: what `other` counted is added, as if it had been recorded here. REQUIRES: same writer.
    void add(const Histogram & other);
    // Writer only. Keeps the memory.
    void clear();

    // Any thread. What is recorded at the same time may be counted in some of the figures and not yet in others.
    void add_to(HistogramSnapshot & snapshot) const;

  private:
    // A whole number of cache lines, so that writers of different histograms share none.
    struct alignas(kCacheLine) Octave {
        std::array<std::atomic<Count>, HistogramBuckets::kSubCount> counts{};
    };

    // Only one thread writes, so this needs no locked instruction. Release: histogram_windows.h reads histograms that
    // are being reused and must notice. A plain store on x86.
    template <typename T>
    static void increase(std::atomic<T> & word, T by) {
        word.store(static_cast<T>(word.load(std::memory_order_relaxed) + by), std::memory_order_release);
    }
    template <typename T>
    static void set(std::atomic<T> & word, T value) {
        word.store(value, std::memory_order_release);
    }

    void record_moments(uint64_t value) {
        const uint64_t version = version_.load(std::memory_order_relaxed);
        // Relaxed, odd: the releases below order it before each figure; see read_moments().
        version_.store(version + 1, std::memory_order_relaxed);
        const double exact = static_cast<double>(value);
        const uint64_t count = count_.load(std::memory_order_relaxed);
        if (count == 0) set(origin_ns_, exact);
        const double distance = exact - origin_ns_.load(std::memory_order_relaxed);
        set(count_, count + 1);
        increase(sum_ns_, value);
        increase(sum_distance_, distance);
        increase(sum_distance_squared_, distance * distance);
        if (value < min_ns_.load(std::memory_order_relaxed)) set(min_ns_, value);
        if (value > max_ns_.load(std::memory_order_relaxed)) set(max_ns_, value);
        // Release, even: who sees it sees the figures.
        version_.store(version + 2, std::memory_order_release);
    }
    HistogramMoments own_moments() const;
    void set_moments(const HistogramMoments & moments);
    HistogramMoments read_moments() const;
    Octave & make_octave(size_t index);

    // Written by the writer only. A seqlock over the figures, so that a reader does not divide those of different
    // moments; it tries a few times and then takes what it got.
    std::atomic<uint64_t> version_{0};
    std::atomic<uint64_t> count_{0};
    std::atomic<uint64_t> sum_ns_{0};
    std::atomic<double> origin_ns_{0};
    std::atomic<double> sum_distance_{0};
    std::atomic<double> sum_distance_squared_{0};
    std::atomic<uint64_t> min_ns_{UINT64_MAX};
    std::atomic<uint64_t> max_ns_{0};
    // Owned; published with release when made, never taken back.
    std::array<std::atomic<Octave *>, HistogramBuckets::kOctaves> octaves_{};
};

extern template class Histogram<uint32_t>;
extern template class Histogram<uint64_t>;

}  // namespace inferno::profile
