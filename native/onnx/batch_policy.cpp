#include "native/onnx/batch_policy.h"

#include <algorithm>
#include <limits>

namespace inferno::onnx {
namespace {

constexpr double kFading = 0.95;
// A window is worth this part of a run at most.
constexpr int64_t kRunsPerWindow = 8;
// Of those who come back, the part from which on waiting for them is worth it, and how fast what is known of it fades.
constexpr double kWorthWaiting = 0.5;
constexpr double kReturningWeight = 0.2;
// Runs of one core shorter than that gain nothing from a second one: waking threads and waiting for them at each of a
// graph's nodes takes as long. By measurement of encoders with 2 to 6 layers (docs/performance.md).
constexpr double kWorthDividingUs = 1500.0;
// A batch of several lanes is less than a lane's share, so that the last ones even out what was misjudged.
constexpr double kPartOfShare = 0.75;
// What a run is taken to cost until runs were timed: about a short text.
constexpr double kUntimedRunTokens = 16.0;

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
    if (load.lanes <= 1) return {};
    const bool is_alone = load.running_lanes == 0 && load.waiting < load.lanes;
    if (is_alone && cost.expected_us(load.waiting_tokens) > kWorthDividingUs) return {true, 1.0};
    const size_t free_lanes = std::max<size_t>(1, load.lanes - std::min(load.lanes, load.running_lanes));
    return {false, kPartOfShare / static_cast<double>(free_lanes)};
}

BatchPlanner::Span BatchPlanner::plan(std::span<const int32_t> lengths, size_t head, double tokens_of_one_run,
                                      double most) {
    tokens_.assign(1, 0);
    for (const int32_t length : lengths) tokens_.push_back(tokens_.back() + length);
    const double all = cut(lengths, tokens_of_one_run, std::numeric_limits<double>::infinity());
    if (most < 1.0) cut(lengths, tokens_of_one_run, most * all);
    Span span{begins_[lengths.size()], lengths.size()};
    while (head < span.begin) span = {begins_[span.begin], span.begin};
    return span;
}

double BatchPlanner::cut(std::span<const int32_t> lengths, double tokens_of_one_run, double most_tokens) {
    const double run = tokens_of_one_run > 0.0 ? tokens_of_one_run : kUntimedRunTokens;
    costs_.assign(lengths.size() + 1, std::numeric_limits<double>::infinity());
    begins_.assign(lengths.size() + 1, 0);
    costs_[0] = 0.0;
    for (size_t end = 1; end <= lengths.size(); ++end) {
        const int64_t longest = lengths[end - 1];
        for (size_t begin = end; begin-- > 0;) {
            const auto rows = static_cast<int64_t>(end - begin);
            const int64_t padded = rows * longest;
            const auto cost = static_cast<double>(padded);
            if (rows > 1 && (rows > limits_.max_rows || padded > limits_.max_tokens || cost > most_tokens)) break;
            const auto padding = static_cast<double>(padded - (tokens_[end] - tokens_[begin]));
            if (padding > limits_.max_padding * cost && padding > tokens_of_one_run) continue;
            if (costs_[begin] + cost + run >= costs_[end]) continue;
            costs_[end] = costs_[begin] + cost + run;
            begins_[end] = begin;
        }
    }
    return costs_[lengths.size()];
}

void BatchWindow::arrived(size_t sequences, int64_t now_us) {
    if (now_us < until_us_) returned_ += sequences;
}

void BatchWindow::batch_ended(size_t rows, size_t waiting, int64_t now_us, int64_t run_us) {
    if (rows_ > 0) {
        const double part = std::min(1.0, static_cast<double>(returned_) / static_cast<double>(rows_));
        returning_ += kReturningWeight * (part - returning_);
    }
    rows_ = rows;
    returned_ = 0;
    expected_ = rows + waiting;
    until_us_ = now_us + std::min(max_us_, run_us / kRunsPerWindow);
}

int64_t BatchWindow::open_until_us(size_t waiting) const {
    if (returning_ < kWorthWaiting) return 0;
    // One alone is nobody to wait for, and more than there were will hardly come.
    return expected_ <= 1 || waiting >= expected_ ? 0 : until_us_;
}

}  // namespace inferno::onnx
