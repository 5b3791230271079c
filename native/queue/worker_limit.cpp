#include "native/queue/worker_limit.h"

#include <algorithm>

namespace inferno::queue {
namespace {

constexpr double kSmoothing = 0.1;

}  // namespace

WorkerLimit::WorkerLimit(const WorkerLimits & limits)
    : limits_(limits), by_latency_(limits.max), value_(limits.max), usable_(limits.max) {}

void WorkerLimit::record_step(int64_t step_us) {
    const auto step = static_cast<double>(step_us);
    latency_us_ = latency_us_ == 0.0 ? step : latency_us_ + kSmoothing * (step - latency_us_);
}

void WorkerLimit::update(int32_t busy, int64_t waiting, int32_t spare, int64_t now_us) {
    most_busy_ = std::max(most_busy_, busy);
    const auto target = static_cast<double>(limits_.target_latency_us);
    if (target > 0.0 && latency_us_ > 0.0 && now_us - changed_us_ >= kCoolDownUs) {
        const int32_t before = by_latency_;
        if (latency_us_ > target && busy > limits_.min) {
            // From what runs, not from a limit that nobody reaches.
            by_latency_ = std::max(limits_.min, std::min(by_latency_, busy) - 1);
        } else if (latency_us_ < kRaiseBelow * target && waiting > 0 && busy >= by_latency_) {
            by_latency_ = std::min(limits_.max, by_latency_ + 1);
        }
        if (by_latency_ != before) changed_us_ = now_us;
    }
    const int32_t by_memory = std::max(limits_.min, most_busy_ + std::max(0, spare));
    value_ = std::min(by_latency_, by_memory);
}

}  // namespace inferno::queue
