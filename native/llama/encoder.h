// Vectors, relevances and classes: takes inputs of waiting jobs, better ones first, and computes as many in one decode
// as fit. Thread safety: none, owned by the engine thread; memory_bytes() and decodes() from any.
#pragma once

#include <atomic>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <vector>

#include "native/llama/encoder_context.h"
#include "native/llama/encoder_inputs.h"
#include "native/llama/encoder_queue.h"

namespace inferno::llama {

class Encoder {
  public:
    // `is_closing` is asked during a decode, on the engine thread.
    Encoder(std::shared_ptr<const Model> model, const EncoderCapacity & capacity, queue::Policy policy,
            std::function<bool()> is_closing);

    // Otherwise it is made at the first step.
    Status create_context();
    void add(EncoderJob job, int64_t now_us);
    bool has_work() const { return !queue_.empty(); }
    // One decode of at most `max_tokens`, or of one input that has more, on `threads` threads. How many it were.
    int32_t step(int32_t max_tokens, int threads);
    void end_all(const Status & status);

    const EncoderCapacity & capacity() const { return capacity_; }
    // Of its context, without the weights; 0 until it is made.
    uint64_t memory_bytes() const { return memory_bytes_.load(std::memory_order_relaxed); }
    uint64_t decodes() const { return decodes_.load(std::memory_order_relaxed); }

  private:
    struct Member {
        EncoderTurn turn;
        std::shared_ptr<std::atomic<bool>> cancelled;
    };

    bool take(const EncoderTurn & turn, int32_t max_tokens);
    void gather(int32_t max_tokens);
    void compute(int threads);
    void shape(const EncoderJob & job, std::vector<float> & row) const;
    static bool abort_requested(void * encoder);

    const std::shared_ptr<const Model> model_;
    const EncoderCapacity capacity_;
    const EncoderInputs inputs_;
    const std::function<bool()> is_closing_;
    EncoderQueue queue_;
    std::unique_ptr<EncoderContext> context_;
    // The batch of this step.
    std::vector<Member> members_;
    std::vector<std::vector<llama_token>> tokens_;
    int32_t token_count_ = 0;
    // One whose turn it was when it did not fit any more, with its tokens.
    std::optional<EncoderTurn> carried_;
    std::vector<llama_token> carried_tokens_;
    // Relaxed: numbers for reading.
    std::atomic<uint64_t> memory_bytes_{0};
    std::atomic<uint64_t> decodes_{0};
};

}  // namespace inferno::llama
