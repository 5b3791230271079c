#include "native/llama/thread_budget.h"

#include <algorithm>
#include <cstddef>

namespace inferno::llama {
namespace {

constexpr int kFirstTrialAfterSteps = 12;
constexpr int kMinTrialInterval = 48;
constexpr int kMaxTrialInterval = 2048;
// A change must win by this much, so that noise does not move the choice to and fro.
constexpr double kMinGain = 0.96;
// Steps this much slower than expected, three in a row and for this long, mean that the machine changed. Shorter ones
// are what every scheduler does to a thread.
constexpr double kSlowFactor = 1.4;
constexpr int kSlowStepsToTrial = 3;
constexpr int64_t kSlowUsToTrial = 10'000;
constexpr double kHopelessFactor = 1.3;
constexpr double kSmoothing = 0.1;
constexpr int kPrefillTokens = 32;

double median(std::vector<double> values) {
    auto middle = values.begin() + static_cast<ptrdiff_t>(values.size() / 2);
    std::nth_element(values.begin(), middle, values.end());
    return *middle;
}

}  // namespace

ThreadBudget::ThreadBudget(int fixed_threads, int max_threads)
    : fixed_threads_(fixed_threads), max_threads_(std::max(1, max_threads)) {}

int ThreadBudget::class_of(int tokens) {
    if (tokens == 1) return 0;
    if (tokens <= 6) return 1;
    return tokens < kPrefillTokens ? 2 : 3;
}

void ThreadBudget::set_max_threads(int max_threads) {
    max_threads_ = std::max(1, max_threads);
    for (StepClass & step_class : classes_) {
        step_class.threads = std::min(step_class.threads, max_threads_);
        if (step_class.trial_threads > max_threads_) step_class.trial_threads = 0;
    }
}

int ThreadBudget::choose(int tokens) {
    if (fixed_threads_ > 0) return fixed_threads_;
    StepClass & step_class = classes_[static_cast<size_t>(class_of(tokens))];
    if (step_class.threads == 0) {
        step_class.threads = max_threads_;
        step_class.steps_until_trial = kFirstTrialAfterSteps;
        step_class.trial_interval = kMinTrialInterval;
    }
    return step_class.trial_threads > 0 ? step_class.trial_threads : step_class.threads;
}

void ThreadBudget::record(int tokens, int64_t step_us) {
    if (fixed_threads_ > 0 || max_threads_ == 1) return;
    StepClass & step_class = classes_[static_cast<size_t>(class_of(tokens))];
    // Within a class a step's cost grows with its tokens only when compute-bound; per token for prefill, per step else.
    const double unit_us = static_cast<double>(step_us) / (tokens >= kPrefillTokens ? tokens : 1);
    if (step_class.trial_threads > 0) {
        record_trial(step_class, unit_us);
    } else {
        record_steady(step_class, unit_us, step_us);
    }
}

int ThreadBudget::neighbour(StepClass & step_class) const {
    const int stride = std::max(1, step_class.threads / 4);
    const bool more = step_class.tries_more_next;
    step_class.tries_more_next = !more;
    const int wanted = more ? step_class.threads + stride : step_class.threads - stride;
    const int other = more ? step_class.threads - stride : step_class.threads + stride;
    if (wanted >= 1 && wanted <= max_threads_) return wanted;
    return other >= 1 && other <= max_threads_ ? other : 0;
}

void ThreadBudget::record_steady(StepClass & step_class, double unit_us, int64_t step_us) {
    if (step_class.expected_us == 0.0) step_class.expected_us = unit_us;
    const bool slow = unit_us > kSlowFactor * step_class.expected_us;
    step_class.slow_steps = slow ? step_class.slow_steps + 1 : 0;
    step_class.slow_us = slow ? step_class.slow_us + step_us : 0;
    // Clipped, so that one step which the scheduler interrupted does not make a worse choice look good for a while.
    const double clipped_us = std::min(unit_us, 2 * step_class.expected_us);
    step_class.expected_us += kSmoothing * (clipped_us - step_class.expected_us);
    const bool machine_changed = step_class.slow_steps >= kSlowStepsToTrial && step_class.slow_us >= kSlowUsToTrial;
    if (--step_class.steps_until_trial > 0 && !machine_changed) return;
    if (machine_changed) {
        // The average still remembers the fast time; the trial must compare with now.
        step_class.expected_us = unit_us;
        step_class.trial_interval = kMinTrialInterval;
        step_class.slow_steps = 0;
        step_class.slow_us = 0;
        step_class.tries_more_next = false;
    }
    step_class.trial_threads = neighbour(step_class);
    step_class.trial_us.clear();
    step_class.steps_until_trial = step_class.trial_interval;
}

void ThreadBudget::record_trial(StepClass & step_class, double unit_us) {
    step_class.trial_us.push_back(unit_us);
    if (step_class.trial_us.size() < kTrialSteps) {
        // A trial that clearly loses after two steps is not worth three more: on a large model they are seconds.
        const double losing_us = kHopelessFactor * step_class.expected_us;
        const bool hopeless =
            step_class.trial_us.size() >= 2 && step_class.trial_us[0] > losing_us && step_class.trial_us[1] > losing_us;
        if (!hopeless) return;
    }
    // The first step pays for starting or stopping threads.
    step_class.trial_us.erase(step_class.trial_us.begin());
    const double trial_us = median(step_class.trial_us);
    if (trial_us < kMinGain * step_class.expected_us) {
        // Go on in the same direction soon.
        step_class.tries_more_next = step_class.trial_threads > step_class.threads;
        step_class.threads = step_class.trial_threads;
        step_class.expected_us = trial_us;
        step_class.trial_interval = kMinTrialInterval;
        step_class.steps_until_trial = kFirstTrialAfterSteps;
    } else {
        step_class.trial_interval = std::min(step_class.trial_interval * 2, kMaxTrialInterval);
        step_class.steps_until_trial = step_class.trial_interval;
    }
    step_class.trial_threads = 0;
}

}  // namespace inferno::llama
