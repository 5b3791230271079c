// Continuous batching: one thread that owns one llama_context and decodes up to 64 sequences together.
//
// Each turn of the loop is plan → decode → publish: choose tokens for every runnable sequence (batch_plan), one
// llama_decode on as many threads as pay (thread_budget), then sample, detokenize and hand the events to the outbox.
// The thread waits only on its mailbox, and only when nothing can run.
//
// Thread safety: the public methods may be called from any thread; drain() from one thread. Destruction ends every
// generation as cancelled and joins.
#pragma once

#include <atomic>
#include <condition_variable>
#include <deque>
#include <functional>
#include <memory>
#include <mutex>
#include <span>
#include <thread>
#include <unordered_map>
#include <vector>

#include "native/llama/batch_plan.h"
#include "native/llama/decode_batch.h"
#include "native/llama/embedder.h"
#include "native/llama/event_outbox.h"
#include "native/llama/model.h"
#include "native/llama/prefill_slice.h"
#include "native/llama/prompt_preparer.h"
#include "native/llama/thread_budget.h"

namespace inferno::llama {

struct EngineOptions {
    int32_t context_size = 0;  // tokens per sequence; 0: chosen from the model and free memory
    int32_t parallel = 0;      // sequences, 1 to 64; 0: chosen likewise
    int32_t batch_size = 0;    // tokens per decode call; 0: 512
    int32_t threads = 0;       // 0: adaptive
};

struct EngineStats {
    int32_t sequences_busy = 0;
    int32_t queued = 0;
    int32_t threads = 0;
    uint64_t decode_steps = 0;
    uint64_t tokens_decoded = 0;
    uint64_t tokens_prefilled = 0;
    uint64_t requests_finished = 0;
    uint64_t wakes = 0;
};

class Engine {
  public:
    static constexpr int32_t kMaxParallel = 64;

    // `wake` is called on the engine thread at most once per step and must only schedule a drain().
    static Result<std::unique_ptr<Engine>> create(std::shared_ptr<const Model> model, const EngineOptions & options,
                                                  std::function<void()> wake);
    ~Engine();

    // Queues a generation; its events, ending with exactly one end event, come through drain(). Fails with
    // ModelUnloaded after shut_down().
    Result<GenerationId> submit(GenerationRequest request);
    void cancel(GenerationId id);
    void pause(GenerationId id);
    void resume(GenerationId id);
    void embed(EmbeddingJob job);

    // See EventOutbox::drain.
    size_t drain(std::span<int32_t> records, std::span<uint8_t> text);

    // Ends every generation as cancelled and joins the threads. Events can still be drained. Idempotent.
    void shut_down();

    EngineStats stats() const;
    int32_t context_size() const { return context_size_; }
    int32_t parallel() const { return parallel_; }
    int32_t batch_size() const { return batch_size_; }
    const Model & model() const { return *model_; }

  private:
    using GenerationPtr = std::unique_ptr<RunningGeneration>;

    Engine(std::shared_ptr<const Model> model, const EngineOptions & options, std::function<void()> wake);
    Status create_context();

    // Any thread.
    void notify();
    void set_flag(GenerationId id, std::atomic<bool> GenerationControl::* flag, bool value);
    void receive(GenerationPtr generation);

    // Engine thread; in engine_loop.cpp.
    void run();
    bool take_mail();
    void wait_for_mail();
    void reap_cancelled();
    void admit();
    bool step_embedding();
    void decode();
    void run_decode_call();
    void fail_batch(int32_t status);
    void publish_share(const PlannedShare & share);
    void accept_token(RunningGeneration & generation, llama_token token, std::span<const float> logits);
    void emit_text(RunningGeneration & generation, std::string & text);
    void finish(GenerationPtr generation, StopReason reason, Status error = Status::ok());
    void finish_slot(RunningGeneration & generation, StopReason reason, Status error = Status::ok());
    void end_everything();
    void refresh_machine();
    static bool abort_requested(void * engine);

    // Constant after construction.
    const std::shared_ptr<const Model> model_;
    const EngineOptions options_;
    int32_t context_size_ = 0;
    int32_t parallel_ = 0;
    int32_t batch_size_ = 0;
    bool can_bridge_ = false;
    ContextHandle context_;

    // Guarded by controls_mutex_.
    std::mutex controls_mutex_;
    std::unordered_map<GenerationId, std::shared_ptr<GenerationControl>> controls_;
    GenerationId next_id_ = 1;
    bool closed_ = false;

    // Mailbox, guarded by mail_mutex_.
    std::mutex mail_mutex_;
    std::condition_variable mail_wakeup_;
    std::vector<GenerationPtr> mail_generations_;
    std::vector<EmbeddingJob> mail_embeddings_;
    bool mail_signal_ = false;
    bool stopping_ = false;

    // Engine thread.
    std::deque<GenerationPtr> waiting_;
    std::vector<GenerationPtr> slots_;
    std::vector<RunningGeneration *> slot_view_;
    std::deque<EmbeddingJob> embeddings_;
    Embedder embedder_;
    ThreadBudget thread_budget_;
    PrefillSlice prefill_slice_{0};  // set with batch_size_
    BatchPlan plan_;
    CandidateBuffer candidates_;
    DecodeBatch batch_;
    std::string piece_;
    std::string text_;
    int64_t machine_checked_us_ = 0;
    int32_t decode_status_ = 0;
    bool urgent_ = false;
    // The engine thread's own view of a cancel during a decode call; see abort_requested.
    uint64_t cancels_seen_ = 0;

    // Counts cancels, so that a decode call notices one without looking at every flag; see cancel().
    std::atomic<uint64_t> cancels_{0};
    // Relaxed throughout: counters for reading, and a hint whose truth is stopping_.
    std::atomic<bool> stopping_hint_{false};
    std::atomic<int32_t> sequences_busy_{0};
    std::atomic<int32_t> queued_{0};
    std::atomic<int32_t> threads_{0};
    std::atomic<uint64_t> decode_steps_{0};
    std::atomic<uint64_t> tokens_decoded_{0};
    std::atomic<uint64_t> tokens_prefilled_{0};
    std::atomic<uint64_t> requests_finished_{0};

    EventOutbox outbox_;
    std::unique_ptr<PromptPreparer> preparer_;
    std::thread thread_;
};

}  // namespace inferno::llama
