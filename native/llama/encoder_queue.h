// The inputs of all waiting jobs in the order in which they are computed: a request of queue/request_queue each, so
// that a long list shares the encoder with others as any user's requests do. Thread safety: none; owned by the engine
// thread.
#pragma once

#include <cstdint>
#include <map>
#include <memory>
#include <optional>
#include <vector>

#include "native/llama/encoder_job.h"
#include "native/queue/request_queue.h"

namespace inferno::llama {

// One input whose turn it is. Its job may end before it does.
struct EncoderTurn {
    uint64_t job = 0;
    size_t input = 0;
};

class EncoderQueue {
  public:
    explicit EncoderQueue(queue::Policy policy) : queue_(policy) {}

    void add(EncoderJob job, int64_t now_us);
    // No job waits or is under way.
    bool empty() const { return jobs_.empty(); }
    // Ends the jobs that were cancelled and those whose deadline has passed with inputs that have not begun.
    void end_lapsed(int64_t now_us);
    std::optional<EncoderTurn> next(int64_t now_us);
    // Null when it has ended.
    EncoderJob * find(uint64_t job);
    // The input had so many tokens; the job ends with its last one.
    void finish(const EncoderTurn & turn, std::vector<float> row, size_t tokens);
    void fail(uint64_t job, const Status & status);
    void fail_all(const Status & status);

  private:
    struct Entry {
        EncoderJob job;
        std::vector<queue::Ticket> tickets;  // by input
        std::vector<bool> has_begun;
    };

    static constexpr int kInputBits = 32;
    void end(std::map<uint64_t, Entry>::iterator entry, Result<EncoderResult> result);

    queue::RequestQueue queue_;
    std::map<uint64_t, Entry> jobs_;
    uint64_t next_job_ = 1;
    std::vector<queue::Popped> expired_;
};

}  // namespace inferno::llama
