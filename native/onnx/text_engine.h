// Continuous batching over an ONNX decoder graph: one thread that owns the KV caches of up to 64 sequences and runs the
// graph for them together. What is around that (queue, sampling, text, events) is the desk of every engine
// (native/llama/generation_desk.h), so requests, events and records are the same as with a GGUF model.
//
// A run is a rectangle of rows × tokens, so a turn of the loop has one run for the next piece of prompts and one for
// the next token of everybody who decodes, as far as the graph lets them share it (run_plan).
//
// Thread safety: see GenerationEngine. Destruction ends every generation as cancelled and joins.
#pragma once

#include <atomic>
#include <functional>
#include <memory>
#include <mutex>
#include <thread>
#include <vector>

#include "native/llama/generation_engine.h"
#include "native/llama/prefill_slice.h"
#include "native/onnx/decoder.h"
#include "native/onnx/run_plan.h"
#include "native/queue/prefill_turns.h"

namespace inferno::onnx {

struct TextEngineOptions {
    int32_t context_size = 0;  // tokens per sequence; 0: chosen from the model and free memory
    int32_t parallel = 0;      // sequences, 1 to 64; 0: chosen likewise
    int32_t batch_size = 0;    // prompt tokens of one run; 0: 512
    queue::Policy policy = queue::Policy::Priority;
    int32_t queue_capacity = 10'000;
    int32_t min_workers = 1;
    int64_t target_latency_us = 0;
    bool profiling = true;
};

class TextEngine final : public llama::GenerationEngine {
  public:
    // `vocabulary.size` is set from the graph. Tries the graph out, which takes some runs of it; not for a thread that
    // must not wait. `wake`: see llama::EventOutbox.
    // REQUIRES: llama::initialize_backend() succeeded.
    static Result<std::unique_ptr<TextEngine>> create(std::shared_ptr<const Session> session,
                                                      llama::VocabularyOptions vocabulary,
                                                      const TextEngineOptions & options, std::function<void()> wake);
    ~TextEngine() override;

    // Also stops a run that nobody waits for any more.
    void cancel(llama::GenerationId id) override;
    void shut_down() override;
    llama::EngineStats stats() const override;
    llama::QueueStatus queue_status() const override;
    uint64_t memory_bytes() const override;

    const DecoderTraits & traits() const { return traits_; }
    int32_t layer_count() const { return static_cast<int32_t>(graph_.caches.size() / 2); }
    const DecoderGraph & graph() const { return graph_; }
    uint64_t weight_bytes() const { return weight_bytes_; }
    // Copied in all because sequences joined, left or changed places.
    uint64_t cache_bytes_moved() const { return cache_bytes_moved_.load(std::memory_order_relaxed); }

  private:
    using GenerationPtr = std::unique_ptr<llama::RunningGeneration>;
    using Generations = std::vector<llama::RunningGeneration *>;

    TextEngine(std::shared_ptr<const llama::Model> model, const DecoderTraits & traits, DecoderGraph graph,
               const TextEngineOptions & options, std::function<void()> wake);
    Status open(std::shared_ptr<const Session> session);

    // Engine thread.
    void run();
    void end_cancelled();
    void end_everything();
    void admit();
    void start(GenerationPtr owned);
    bool preempt();
    bool step();
    void order_prompts();
    void prefill(int32_t budget);
    void decode();
    bool run_group(const RunGroup & group);
    Status run_decoder(const Generations & generations, int32_t count);
    void publish_row(llama::RunningGeneration & generation, size_t row, int32_t count);
    void fail_group(const Generations & generations, Status error);
    void finish_slot(llama::RunningGeneration & generation, llama::StopReason reason, Status error = Status::ok());
    void refresh_machine();

    // Any thread.
    bool is_run_unwanted() const;  // REQUIRES: run_mutex_ is held

    const DecoderTraits traits_;
    const DecoderGraph graph_;
    const TextEngineOptions options_;
    uint64_t weight_bytes_ = 0;  // constant after open()

    // Of the run under way; guarded by run_mutex_.
    std::mutex run_mutex_;
    std::vector<std::shared_ptr<llama::GenerationControl>> run_controls_;
    RunControl * run_control_ = nullptr;

    // Engine thread.
    std::unique_ptr<Decoder> decoder_;
    std::vector<GenerationPtr> slots_;
    queue::PrefillTurns prefill_turns_;
    llama::PrefillSlice prefill_slice_{0};  // set with batch_size_
    llama::CandidateBuffer candidates_;
    std::vector<RunCandidate> decoding_;
    std::vector<RunCandidate> prompts_;
    std::vector<queue::PrefillClaim> claims_;
    int32_t prefilled_ = 0;  // prompt tokens of this turn
    int32_t spare_sequences_ = kMaxParallel;
    int64_t machine_checked_us_ = 0;

    // Relaxed throughout: counters for reading.
    std::atomic<uint64_t> cache_bytes_{0};
    std::atomic<uint64_t> cache_bytes_moved_{0};
    std::atomic<uint64_t> decode_steps_{0};
    std::atomic<uint64_t> tokens_prefilled_{0};

    std::thread thread_;
};

}  // namespace inferno::onnx
