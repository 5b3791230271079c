#include "native/onnx/batch_policy.h"

#include <algorithm>

namespace inferno::onnx {
namespace {

constexpr double kFading = 0.95;
// A window is worth this part of a run at most.
constexpr int64_t kRunsPerWindow = 8;
// Runs of one core shorter than that gain nothing from a second one: waking threads and waiting for them at each of a
// graph's nodes takes as long. By measurement of encoders with 2 to 6 layers (docs/performance.md).
constexpr double kWorthDividingUs = 1500.0;

}  // namespace

void BatchCost::record(int64_t padded_tokens, int64_t run_us) {
    const auto tokens = static_cast<double>(padded_tokens);
    const auto us = static_cast<double>(run_us);
    weight_ = kFading * weight_ + 1.0;
    sum_tokens_ = kFading * sum_tokens_ + tokens;
    sum_us_ = kFading * sum_us_ + us;
    sum_tokens_squared_ = kFading * sum_tokens_squared_ + tokens * tokens;
    sum_products_ = kFading * sum_products_ + tokens * us;
}

double BatchCost::tokens_of_one_run() const {
    const double spread = weight_ * sum_tokens_squared_ - sum_tokens_ * sum_tokens_;
    // Runs of one size say nothing about the two parts.
    if (spread <= 0.01 * sum_tokens_ * sum_tokens_) return 0.0;
    const double us_per_token = (weight_ * sum_products_ - sum_tokens_ * sum_us_) / spread;
    const double fixed_us = (sum_us_ - us_per_token * sum_tokens_) / weight_;
    if (us_per_token <= 0.0 || fixed_us <= 0.0) return 0.0;
    return fixed_us / us_per_token;
}

double BatchCost::expected_us(int64_t tokens) const {
    return sum_tokens_ > 0.0 ? sum_us_ / sum_tokens_ * static_cast<double>(tokens) : 0.0;
}

BatchShape next_shape(const BatcherLoad & load, const BatchCost & cost) {
    const size_t free_lanes = std::max<size_t>(1, load.lanes - std::min(load.lanes, load.running_lanes));
    const auto rows_of = [&](size_t lanes) { return static_cast<int32_t>((load.waiting + lanes - 1) / lanes); };
    const bool is_alone = load.running_lanes == 0 && load.waiting < load.lanes;
    if (is_alone && cost.expected_us(load.waiting_tokens) > kWorthDividingUs) return {true, rows_of(1)};
    return {false, std::max(1, rows_of(free_lanes))};
}

bool BatchDraft::fits(int32_t length) const {
    if (rows_ == 0) return true;
    const int64_t padded = static_cast<int64_t>(std::max(longest_, length)) * (rows_ + 1);
    if (is_full() || padded > limits_.max_tokens) return false;
    const auto padding = static_cast<double>(padded - tokens_ - length);
    return padding <= limits_.max_padding * static_cast<double>(padded) || padding <= tokens_of_one_run_;
}

void BatchDraft::add(int32_t length) {
    ++rows_;
    longest_ = std::max(longest_, length);
    tokens_ += length;
}

void BatchWindow::batch_ended(size_t rows, size_t waiting, int64_t now_us, int64_t run_us) {
    expected_ = rows + waiting;
    until_us_ = now_us + std::min(max_us_, run_us / kRunsPerWindow);
}

int64_t BatchWindow::open_until_us(size_t waiting) const {
    // One alone is nobody to wait for, and more than there were will hardly come.
    return expected_ <= 1 || waiting >= expected_ ? 0 : until_us_;
}

}  // namespace inferno::onnx
