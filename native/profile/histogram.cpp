#include "native/profile/histogram.h"

#include <cmath>
#include <limits>

namespace inferno::profile {

void HistogramMoments::add(const HistogramMoments & other) {
    if (other.count == 0) return;
    if (count == 0) {
        *this = other;
        return;
    }
    // Distances from other.origin_ns become distances from ours: d + shift.
    const double shift = other.origin_ns - origin_ns;
    const auto others = static_cast<double>(other.count);
    sum_distance_squared += other.sum_distance_squared + 2 * shift * other.sum_distance + others * shift * shift;
    sum_distance += other.sum_distance + others * shift;
    count += other.count;
    sum_ns += other.sum_ns;
    min_ns = std::min(min_ns, other.min_ns);
    max_ns = std::max(max_ns, other.max_ns);
}

void HistogramSnapshot::add(const HistogramSnapshot & other) {
    for (uint64_t left = other.touched_; left != 0; left &= left - 1) {
        const auto index = static_cast<size_t>(std::countr_zero(left));
        const Octave & from = other.octaves_[index];
        Octave & to = touch(index);
        for (size_t i = 0; i < to.size(); ++i) to[i] += from[i];
    }
    count_ += other.count_;
    moments_.add(other.moments_);
}

void HistogramSnapshot::clear() {
    for (; touched_ != 0; touched_ &= touched_ - 1) octaves_[static_cast<size_t>(std::countr_zero(touched_))].fill(0);
    count_ = 0;
    moments_ = {};
}

HistogramSnapshot::Octave & HistogramSnapshot::touch(size_t octave) {
    touched_ |= uint64_t{1} << octave;
    return octaves_[octave];
}

double HistogramSnapshot::mean_ns() const {
    if (moments_.count == 0) return 0;
    return static_cast<double>(moments_.sum_ns) / static_cast<double>(moments_.count);
}

double HistogramSnapshot::stddev_ns() const {
    if (moments_.count == 0) return 0;
    const auto count = static_cast<double>(moments_.count);
    const double mean_distance = moments_.sum_distance / count;
    return std::sqrt(std::max(0.0, moments_.sum_distance_squared / count - mean_distance * mean_distance));
}

template <typename Visit>
void HistogramSnapshot::visit_buckets(Visit visit) const {
    for (uint64_t left = touched_; left != 0; left &= left - 1) {
        const auto octave = static_cast<size_t>(std::countr_zero(left));
        for (size_t sub = 0; sub < HistogramBuckets::kSubCount; ++sub) {
            const uint64_t count = octaves_[octave][sub];
            if (count == 0) continue;
            if (!visit(static_cast<double>(HistogramBuckets::middle({octave, sub})), count)) return;
        }
    }
}

double HistogramSnapshot::quantile_ns(double q) const {
    double value = 0;
    quantiles_ns({&q, 1}, {&value, 1});
    return value;
}

void HistogramSnapshot::quantiles_ns(std::span<const double> shares, std::span<double> values_ns) const {
    std::fill(values_ns.begin(), values_ns.end(), 0.0);
    const auto lowest = static_cast<double>(min_ns());
    const auto highest = static_cast<double>(max_ns());
    const auto rank = [&](size_t i) { return std::max(1.0, std::ceil(shares[i] * static_cast<double>(count_))); };
    size_t next = 0;
    uint64_t passed = 0;
    visit_buckets([&](double middle, uint64_t count) {
        passed += count;
        const double value = std::max(lowest, std::min(middle, highest));
        for (; next < shares.size() && rank(next) <= static_cast<double>(passed); ++next) {
            // The first and the last are known exactly.
            const bool is_last = rank(next) >= static_cast<double>(count_);
            values_ns[next] = is_last ? highest : rank(next) > 1 ? value : lowest;
        }
        return next < shares.size();
    });
}

uint64_t HistogramSnapshot::count_at_most(double bound_ns) const {
    uint64_t count = 0;
    counts_at_most({&bound_ns, 1}, {&count, 1});
    return count;
}

void HistogramSnapshot::counts_at_most(std::span<const double> bounds_ns, std::span<uint64_t> counts) const {
    size_t next = 0;
    uint64_t passed = 0;
    visit_buckets([&](double middle, uint64_t count) {
        while (next < bounds_ns.size() && bounds_ns[next] < middle) counts[next++] = passed;
        passed += count;
        return next < bounds_ns.size();
    });
    for (; next < bounds_ns.size(); ++next) counts[next] = passed;
}

template <typename Count>
Histogram<Count>::~Histogram() {
    // Relaxed: nobody else uses it any more.
    for (auto & octave : octaves_) delete octave.load(std::memory_order_relaxed);
}

template <typename Count>
typename Histogram<Count>::Octave & Histogram<Count>::make_octave(size_t index) {
    auto * octave = new Octave();
    // Release, pairs with the acquire in add_to(): who sees it sees zeros or counts.
    octaves_[index].store(octave, std::memory_order_release);
    return *octave;
}

template <typename Count>
void Histogram<Count>::add(const Histogram & other) {
    // Relaxed loads: this thread wrote both.
    for (size_t index = 0; index < octaves_.size(); ++index) {
        const Octave * from = other.octaves_[index].load(std::memory_order_relaxed);
        if (from == nullptr) continue;
        Octave * to = octaves_[index].load(std::memory_order_relaxed);
        if (to == nullptr) to = &make_octave(index);
        for (size_t i = 0; i < HistogramBuckets::kSubCount; ++i) {
            const Count more = from->counts[i].load(std::memory_order_relaxed);
            if (more == 0) continue;
            const Count had = to->counts[i].load(std::memory_order_relaxed);
            const Count room = std::numeric_limits<Count>::max() - had;
            set(to->counts[i], static_cast<Count>(had + std::min(more, room)));
        }
    }
    HistogramMoments moments = own_moments();
    moments.add(other.own_moments());
    set_moments(moments);
}

template <typename Count>
void Histogram<Count>::clear() {
    for (auto & pointer : octaves_) {
        Octave * octave = pointer.load(std::memory_order_relaxed);
        if (octave == nullptr) continue;
        for (auto & count : octave->counts) set(count, Count{0});
    }
    set_moments({});
}

template <typename Count>
void Histogram<Count>::add_to(HistogramSnapshot & snapshot) const {
    for (size_t index = 0; index < octaves_.size(); ++index) {
        // Acquire: see make_octave().
        const Octave * from = octaves_[index].load(std::memory_order_acquire);
        if (from == nullptr) continue;
        HistogramSnapshot::Octave & to = snapshot.touch(index);
        for (size_t i = 0; i < to.size(); ++i) {
            // Acquire, pairs with the release in increase() and set(); needed by the readers of reused slots only.
            const uint64_t count = from->counts[i].load(std::memory_order_acquire);
            to[i] += count;
            snapshot.count_ += count;
        }
    }
    snapshot.moments_.add(read_moments());
}

template <typename Count>
HistogramMoments Histogram<Count>::own_moments() const {
    HistogramMoments moments;
    // Acquire, pairs with the releases in record_moments() and set_moments(): who reads a figure of a later version
    // also sees the odd number that announced it.
    moments.count = count_.load(std::memory_order_acquire);
    moments.sum_ns = sum_ns_.load(std::memory_order_acquire);
    moments.origin_ns = origin_ns_.load(std::memory_order_acquire);
    moments.sum_distance = sum_distance_.load(std::memory_order_acquire);
    moments.sum_distance_squared = sum_distance_squared_.load(std::memory_order_acquire);
    moments.min_ns = min_ns_.load(std::memory_order_acquire);
    moments.max_ns = max_ns_.load(std::memory_order_acquire);
    return moments;
}

template <typename Count>
void Histogram<Count>::set_moments(const HistogramMoments & moments) {
    const uint64_t version = version_.load(std::memory_order_relaxed);
    // As in record_moments().
    version_.store(version + 1, std::memory_order_relaxed);
    set(count_, moments.count);
    set(sum_ns_, moments.sum_ns);
    set(origin_ns_, moments.origin_ns);
    set(sum_distance_, moments.sum_distance);
    set(sum_distance_squared_, moments.sum_distance_squared);
    set(min_ns_, moments.min_ns);
    set(max_ns_, moments.max_ns);
    version_.store(version + 2, std::memory_order_release);
}

template <typename Count>
HistogramMoments Histogram<Count>::read_moments() const {
    // A record takes nanoseconds; that many tries fail only when the writer was stopped in the middle of one.
    constexpr int kTries = 64;
    for (int i = 0; i < kTries; ++i) {
        const uint64_t before = version_.load(std::memory_order_acquire);
        if (before % 2 != 0) continue;
        const HistogramMoments moments = own_moments();
        // Relaxed: the acquires of own_moments() keep it after them.
        if (version_.load(std::memory_order_relaxed) == before) return moments;
    }
    return own_moments();
}

template class Histogram<uint8_t>;  // for its test
template class Histogram<uint32_t>;
template class Histogram<uint64_t>;

}  // namespace inferno::profile
