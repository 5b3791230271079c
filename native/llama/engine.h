// Continuous batching: one thread that owns one llama_context and decodes up to 64 sequences together.
//
// Each turn of the loop is admit → plan → decode → publish: let the scheduler choose who runs (queue/scheduler) and
// give newcomers what is cached of their prompts (prefix_sharing), choose tokens for every runnable sequence
// (batch_plan), one llama_decode on as many threads as pay (thread_budget), then sample, detokenize and hand the events
// to the outbox. The thread waits only on its mailbox, and only when nothing can run.
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

#include "native/llama/answer_parsing.h"
#include "native/llama/batch_plan.h"
#include "native/llama/decode_batch.h"
#include "native/llama/draft_model.h"
#include "native/llama/embedder.h"
#include "native/llama/event_outbox.h"
#include "native/llama/generation_recorder.h"
#include "native/llama/model.h"
#include "native/llama/prefill_slice.h"
#include "native/llama/prefix_sharing.h"
#include "native/llama/prompt_preparer.h"
#include "native/llama/speculation.h"
#include "native/llama/thread_budget.h"
#include "native/queue/prefill_turns.h"
#include "native/queue/scheduler.h"

namespace inferno::llama {

struct EngineOptions {
    int32_t context_size = 0;  // tokens per sequence; 0: chosen from the model and free memory
    int32_t parallel = 0;      // sequences, 1 to 64; 0: chosen likewise
    int32_t batch_size = 0;    // tokens per decode call; 0: 512
    int32_t threads = 0;       // 0: adaptive
    queue::Policy policy = queue::Policy::Priority;
    int32_t queue_capacity = 10'000;  // requests that may wait; for the levels that are reported
    int32_t min_workers = 1;
    int64_t target_latency_us = 0;  // 0: latency never lowers the number of running sequences
    PrefixStoreOptions cache;
    int32_t max_draft_tokens = 0;                // 0: no speculation
    std::shared_ptr<const Model> draft_model{};  // null: prompt lookup only
    bool profiling = true;                       // measure phases and keep the last generations
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
    uint64_t tokens_cached = 0;
    uint64_t tokens_drafted = 0;
    uint64_t tokens_accepted = 0;
};

struct QueueStatus {
    queue::SchedulerStatus scheduler;
    queue::Policy policy = queue::Policy::Priority;
    int32_t capacity = 0;
    int32_t parallel = 0;
    uint64_t cache_memory_limit = 0;
    uint64_t cache_disk_limit = 0;
    PrefixSharingStats sharing;
    PrefixStoreStats store;
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
    QueueStatus queue_status() const;
    // Nothing for numbers that are unknown or have ended.
    std::optional<queue::Standing> queue_position(GenerationId id) const;
    // Weights, KV cache and compute buffers on all devices, a draft model's too; without the prefix store.
    uint64_t memory_bytes() const { return memory_bytes_; }
    // Null without profiling. May be read from any thread while the engine lives.
    const GenerationRecorder * recorder() const { return recorder_.get(); }
    int32_t context_size() const { return context_size_; }
    int32_t parallel() const { return parallel_; }
    int32_t batch_size() const { return batch_size_; }
    const Model & model() const { return *model_; }

  private:
    using GenerationPtr = std::unique_ptr<RunningGeneration>;

    Engine(std::shared_ptr<const Model> model, const EngineOptions & options, std::function<void()> wake);
    Status create_context();
    Status create_speculation(int32_t draft_tokens);

    // Any thread.
    void notify();
    void set_flag(GenerationId id, std::atomic<bool> GenerationControl::* flag, bool value);
    void receive(GenerationPtr generation);
    bool has_event_room() const { return outbox_.has_room() && parsing_->has_room(); }

    // Engine thread; in engine_loop.cpp.
    void run();
    void wait_for_mail();
    bool step_embedding();
    void plan();
    bool is_vip_step();
    int within_share(int threads) const;
    void decode();
    void run_decode_call();
    void remove_bridges();
    void publish_events(bool urgent);
    void record_step(uint64_t decoded_tokens);
    void fail_batch(int32_t status);
    void end_everything();
    void refresh_machine();
    static bool abort_requested(void * engine);

    // Engine thread; in engine_admission.cpp.
    bool take_mail();
    void take_in(GenerationPtr generation);
    void end_cancelled();
    void end_expired();
    void admit();
    void start(const queue::Dispatch & dispatch);
    bool preempt();
    void attach_prefixes();

    // Engine thread; in engine_publish.cpp.
    void publish_share(const PlannedShare & share);
    Status sample_share(const PlannedShare & share);
    std::span<float> logits_of(int32_t index);
    bool accept_token(RunningGeneration & generation, llama_token token, std::span<const float> logits);
    void emit_text(RunningGeneration & generation, std::string & text);
    void finish(GenerationPtr generation, StopReason reason, Status error = Status::ok());
    void finish_slot(RunningGeneration & generation, StopReason reason, Status error = Status::ok());
    void finish_waiting(GenerationId id, StopReason reason, Status error = Status::ok());

    // Constant after construction.
    const std::shared_ptr<const Model> model_;
    const EngineOptions options_;
    int32_t context_size_ = 0;
    int32_t parallel_ = 0;
    int32_t batch_size_ = 0;
    uint64_t memory_bytes_ = 0;
    int32_t draft_room_ = 0;  // drafted tokens of one step at most
    bool can_cut_ = false;    // a sequence's last tokens can be taken out of the KV cache
    ContextHandle context_;
    std::unique_ptr<GenerationRecorder> recorder_;  // null without profiling

    // Guarded by controls_mutex_.
    mutable std::mutex controls_mutex_;
    std::unordered_map<GenerationId, std::shared_ptr<GenerationControl>> controls_;
    GenerationId next_id_ = 1;
    bool closed_ = false;

    // Mailbox, guarded by mail_mutex_.
    std::mutex mail_mutex_;
    std::condition_variable mail_wakeup_;
    std::vector<GenerationPtr> mail_generations_;
    std::vector<EmbeddingJob> mail_embeddings_;
    std::vector<GenerationId> mail_cancels_;
    bool mail_signal_ = false;
    bool stopping_ = false;

    // Changed by the engine thread and by submit(), read by any.
    mutable std::mutex scheduler_mutex_;
    std::unique_ptr<queue::Scheduler> scheduler_;
    PrefixSharingStats sharing_stats_;  // copies, so that readers need not wait for the engine
    PrefixStoreStats store_stats_;

    // Engine thread.
    std::unordered_map<GenerationId, GenerationPtr> waiting_;
    std::unique_ptr<PrefixSharing> prefixes_;
    std::unique_ptr<DraftModel> draft_model_;
    std::unique_ptr<Speculation> speculation_;
    queue::PrefillTurns prefill_turns_;
    std::vector<queue::PrefillClaim> prefill_claims_;
    std::vector<size_t> prefill_order_;
    std::vector<llama_token> sampled_;
    uint64_t parked_bytes_ = 0;
    int64_t step_start_us_ = 0;
    bool was_vip_step_ = false;
    int32_t spare_sequences_ = kMaxParallel;  // that would fit into free memory; refreshed with the machine
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
    std::atomic<int32_t> threads_{0};
    std::atomic<uint64_t> decode_steps_{0};
    std::atomic<uint64_t> tokens_decoded_{0};
    std::atomic<uint64_t> tokens_prefilled_{0};
    std::atomic<uint64_t> requests_finished_{0};
    std::atomic<uint64_t> tokens_cached_{0};
    std::atomic<uint64_t> tokens_drafted_{0};
    std::atomic<uint64_t> tokens_accepted_{0};

    EventOutbox outbox_;
    std::unique_ptr<AnswerParsing> parsing_;  // constant after construction
    std::unique_ptr<PromptPreparer> preparer_;
    std::thread thread_;
};

}  // namespace inferno::llama
