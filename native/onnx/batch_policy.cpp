#include "native/onnx/batch_policy.h"

#include <algorithm>

namespace inferno::onnx {
namespace {

constexpr double kFading = 0.95;
// A window is worth this part of a run at most.
constexpr int64_t kRunsPerWindow = 8;

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
