// Which waiting sequences go into one batch, and how long a batch may wait for more of them. Decides only; the batcher
// acts. Thread safety: none; the clock is passed in, so tests are exact.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

namespace inferno::onnx {

struct BatchLimits {
    int32_t max_rows = 32;
    // Rows times the longest, padding included.
    int32_t max_tokens = 16384;
    // Of a batch's tokens, the part that may be padding.
    double max_padding = 0.25;
    // A batch waits for more at most that long, and only under load.
    int64_t max_window_us = 2000;
};

// What a batch costs: a fixed part and a part for each padded token, by least squares over the last runs.
class BatchCost {
  public:
    void record(int64_t padded_tokens, int64_t run_us);
    // So many padding tokens cost as much as a run of their own would. 0 while that is not known.
    double tokens_of_one_run() const;
    // Of a batch with so many tokens, by what the last ones took. 0 while nothing is known.
    double expected_us(int64_t tokens) const;

  private:
    // Of the last 20 runs or so, older ones fading.
    double weight_ = 0.0;
    double sum_tokens_ = 0.0;
    double sum_us_ = 0.0;
    double sum_tokens_squared_ = 0.0;
    double sum_products_ = 0.0;
};

// What a batcher with a thread for each core looks like when one of them is free.
struct BatcherLoad {
    size_t waiting = 0;  // sequences
    int64_t waiting_tokens = 0;
    size_t lanes = 0;
    size_t running_lanes = 0;
};

struct BatchShape {
    // All cores for this batch, or one.
    bool is_on_pool = false;
    // Of what waits, the part that the batch may be, by padded tokens.
    double most = 1.0;
};

// Many sequences are divided among the threads that are free; a few are one batch on all cores, when nothing else runs
// and it would take a single core so long (`cost`) that dividing its work is worth it. REQUIRES: something waits
BatchShape next_shape(const BatcherLoad & load, const BatchCost & cost);

// Which waiting sequences run together so that all of them are done soonest. In the order of their lengths they are cut
// into batches at least cost, which is padding and runs: a shortest path over the places of the cuts.
//
// Thread safety: none; it keeps its memory from plan to plan.
class BatchPlanner {
  public:
    explicit BatchPlanner(const BatchLimits & limits) : limits_(limits) {}

    struct Span {
        size_t begin = 0;
        size_t end = 0;
    };
    // The batch that `head` is in. `tokens_of_one_run`: see BatchCost; `most`: see BatchShape.
    // REQUIRES: `lengths` ascend, head < lengths.size()
    Span plan(std::span<const int32_t> lengths, size_t head, double tokens_of_one_run, double most);

  private:
    // Least cost of all of them, in tokens. A batch of several has at most so many tokens, padded.
    double cut(std::span<const int32_t> lengths, double tokens_of_one_run, double most_tokens);

    const BatchLimits limits_;
    // By number of sequences from the shortest on: the least cost of these, and where the last of their batches begins.
    std::vector<double> costs_;
    std::vector<size_t> begins_;
    // Sums of the first lengths.
    std::vector<int64_t> tokens_;
};

// After a batch has ended, those who got its results may be about to ask again, one after the other. Starting on the
// first of them would leave the others to the next run; waiting for callers who do not come back would be for nothing.
// So it is watched how many do, and only where most of them did is there anything to wait for.
class BatchWindow {
  public:
    explicit BatchWindow(int64_t max_us) : max_us_(max_us) {}

    void arrived(size_t sequences, int64_t now_us);
    // A batch of so many sequences ended; so many wait.
    void batch_ended(size_t rows, size_t waiting, int64_t now_us, int64_t run_us);
    // Until when a batch should wait, with so many waiting; in the past or now: not at all. Idle: never.
    int64_t open_until_us(size_t waiting) const;

  private:
    const int64_t max_us_;
    size_t expected_ = 0;  // sequences that were under way or waiting when the last batch ended
    int64_t until_us_ = 0;
    // Of the last batch, and how many came in its window, whether somebody waited for them or not.
    size_t rows_ = 0;
    size_t returned_ = 0;
    // Of the rows of the last batches, the part that came back, older ones fading.
    double returning_ = 1.0;
};

}  // namespace inferno::onnx
