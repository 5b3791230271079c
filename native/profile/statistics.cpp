#include "native/profile/statistics.h"

#include <memory>

namespace inferno::profile {
namespace {

constexpr double kNsPerUs = 1000;

PhaseSummary summary_of(const WindowSnapshot & snapshot, Window window, int64_t now_us) {
    constexpr std::array<double, 4> kShares = {0.5, 0.95, 0.99, 0.999};
    std::array<double, kShares.size()> quantiles_ns{};
    const HistogramSnapshot & histogram = snapshot.histogram();
    histogram.quantiles_ns(kShares, quantiles_ns);
    PhaseSummary summary;
    summary.count = histogram.count();
    summary.mean_us = histogram.mean_ns() / kNsPerUs;
    summary.stddev_us = histogram.stddev_ns() / kNsPerUs;
    summary.min_us = static_cast<double>(histogram.min_ns()) / kNsPerUs;
    summary.max_us = static_cast<double>(histogram.max_ns()) / kNsPerUs;
    summary.p50_us = quantiles_ns[0] / kNsPerUs;
    summary.p95_us = quantiles_ns[1] / kNsPerUs;
    summary.p99_us = quantiles_ns[2] / kNsPerUs;
    summary.p999_us = quantiles_ns[3] / kNsPerUs;
    summary.slots.reserve(snapshot.slots().size());
    for (const WindowSlot & slot : snapshot.slots()) {
        const double mean_ns = static_cast<double>(slot.sum_ns) / static_cast<double>(slot.count);
        summary.slots.push_back({slot_age_us(window, slot, now_us), slot.count, mean_ns / kNsPerUs});
    }
    return summary;
}

}  // namespace

Statistics::~Statistics() {
    // Relaxed: nobody else uses it any more.
    for (auto & windows : windows_) delete windows.load(std::memory_order_relaxed);
}

HistogramWindows & Statistics::make_windows(std::atomic<HistogramWindows *> & windows) {
    auto * made = new HistogramWindows();
    // Release, pairs with the acquires below: who sees it sees it made.
    windows.store(made, std::memory_order_release);
    return *made;
}

std::vector<PhaseSummary> Statistics::summarize(Window window, int64_t now_us,
                                                std::span<const Statistics * const> others) const {
    const auto snapshot = std::make_unique<WindowSnapshot>();
    std::vector<PhaseSummary> summaries;
    for (size_t index = 0; index < windows_.size(); ++index) {
        snapshot->clear();
        const auto collect = [&](const Statistics & statistics) {
            const HistogramWindows * windows = statistics.windows_[index].load(std::memory_order_acquire);
            if (windows != nullptr) windows->collect(window, now_us, *snapshot);
        };
        collect(*this);
        for (const Statistics * other : others) collect(*other);
        if (snapshot->histogram().empty()) continue;
        PhaseSummary summary = summary_of(*snapshot, window, now_us);
        summary.phase = static_cast<Phase>(index / queue::kTierCount);
        summary.tier = static_cast<queue::Tier>(index % queue::kTierCount);
        summaries.push_back(std::move(summary));
    }
    return summaries;
}

CumulativeCounts Statistics::cumulate(Phase phase, std::span<const double> bounds_us) const {
    const auto snapshot = std::make_unique<WindowSnapshot>();
    for (size_t tier = 0; tier < queue::kTierCount; ++tier) {
        const auto & windows = windows_[index_of(phase, static_cast<queue::Tier>(tier))];
        const HistogramWindows * known = windows.load(std::memory_order_acquire);
        if (known != nullptr) known->collect(Window::All, 0, *snapshot);
    }
    std::vector<double> bounds_ns(bounds_us.begin(), bounds_us.end());
    for (double & bound : bounds_ns) bound *= kNsPerUs;
    CumulativeCounts result;
    result.counts.resize(bounds_ns.size());
    snapshot->histogram().counts_at_most(bounds_ns, result.counts);
    result.count = snapshot->histogram().count();
    result.sum_us = static_cast<double>(snapshot->histogram().sum_ns()) / kNsPerUs;
    return result;
}

}  // namespace inferno::profile
