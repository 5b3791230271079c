// Continuous batching: one thread that owns one llama_context and decodes up to 64 sequences together.
//
// Each turn of the loop is admit → plan → decode → publish: let the scheduler choose who runs (queue/scheduler) and
// give newcomers what is cached of their prompts (prefix_sharing), choose tokens for every runnable sequence
// (batch_plan), one llama_decode on as many threads as pay (thread_budget), then sample, detokenize and hand the events
// to the outbox. The thread waits only on its mailbox, and only when nothing can run.
//
// Thread safety: see GenerationEngine. Destruction ends every generation as cancelled and joins.
#pragma once

#include <atomic>
#include <functional>
#include <memory>
#include <mutex>
#include <span>
#include <thread>
#include <vector>

#include "native/llama/batch_plan.h"
#include "native/llama/decode_batch.h"
#include "native/llama/draft_model.h"
#include "native/llama/encoder.h"
#include "native/llama/generation_engine.h"
#include "native/llama/prefill_slice.h"
#include "native/llama/speculation.h"
#include "native/llama/thread_budget.h"
#include "native/queue/prefill_turns.h"

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

class Engine final : public GenerationEngine {
  public:
    // `wake` is called on the engine thread at most once per step and must only schedule a drain().
    static Result<std::unique_ptr<Engine>> create(std::shared_ptr<const Model> model, const EngineOptions & options,
                                                  std::function<void()> wake);
    ~Engine() override;

    void encode(EncoderJob job);

    void shut_down() override;
    EngineStats stats() const override;
    QueueStatus queue_status() const override;
    uint64_t memory_bytes() const override { return memory_bytes_ + encoder_.memory_bytes(); }

  private:
    using GenerationPtr = std::unique_ptr<RunningGeneration>;

    Engine(std::shared_ptr<const Model> model, const EngineOptions & options, std::function<void()> wake);
    Status create_context();
    Status create_encoder();
    Status create_speculation(int32_t draft_tokens);

    // Engine thread; in engine_loop.cpp.
    void run();
    void run_turn();
    void take_encoder_jobs();
    bool step_encoder(int32_t max_tokens);
    void plan();
    bool is_vip_step();
    int within_share(int threads) const;
    void decode();
    void run_decode_call();
    void remove_bridges();
    void record_step(uint64_t decoded_tokens);
    void fail_batch(int32_t status);
    void end_everything();
    void refresh_machine();
    static bool abort_requested(void * engine);

    // Engine thread; in engine_admission.cpp.
    void end_cancelled();
    void admit();
    void start(GenerationPtr owned);
    bool preempt();
    void attach_prefixes();

    // Engine thread; in engine_publish.cpp.
    void publish_share(const PlannedShare & share);
    Status sample_share(const PlannedShare & share);
    std::span<float> logits_of(int32_t index);
    bool accept_token(RunningGeneration & generation, llama_token token, std::span<const float> logits);
    void finish_slot(RunningGeneration & generation, StopReason reason, Status error = Status::ok());

    // Constant after construction.
    const EngineOptions options_;
    int32_t draft_room_ = 0;  // drafted tokens of one step at most
    bool can_cut_ = false;    // a sequence's last tokens can be taken out of the KV cache
    ContextHandle context_;   // null: the model does not generate

    // Guarded by encoder_mutex_.
    std::mutex encoder_mutex_;
    std::vector<EncoderJob> encoder_mail_;
    bool encoder_closed_ = false;

    mutable std::mutex cache_stats_mutex_;
    PrefixSharingStats sharing_stats_;  // copies, so that readers need not wait for the engine
    PrefixStoreStats store_stats_;

    // Engine thread.
    std::unique_ptr<PrefixSharing> prefixes_;
    std::unique_ptr<DraftModel> draft_model_;
    std::unique_ptr<Speculation> speculation_;
    queue::PrefillTurns prefill_turns_;
    std::vector<queue::PrefillClaim> prefill_claims_;
    std::vector<size_t> prefill_order_;
    std::vector<llama_token> sampled_;
    int64_t step_start_us_ = 0;
    bool was_vip_step_ = false;
    int32_t spare_sequences_ = kMaxParallel;  // that would fit into free memory; refreshed with the machine
    std::vector<GenerationPtr> slots_;
    std::vector<RunningGeneration *> slot_view_;
    Encoder encoder_;
    ThreadBudget thread_budget_;
    PrefillSlice prefill_slice_{0};  // set with batch_size_
    PrefillSlice encoder_slice_;     // tokens of an encoder's step between two of generations
    BatchPlan plan_;
    CandidateBuffer candidates_;
    DecodeBatch batch_;
    int64_t machine_checked_us_ = 0;
    int32_t decode_status_ = 0;
    // The engine thread's own view of a cancel during a decode call; see abort_requested.
    uint64_t cancels_seen_ = 0;

    // Relaxed throughout: counters for reading.
    std::atomic<int32_t> threads_{0};
    std::atomic<uint64_t> decode_steps_{0};
    std::atomic<uint64_t> tokens_prefilled_{0};
    std::atomic<uint64_t> tokens_cached_{0};
    std::atomic<uint64_t> tokens_drafted_{0};
    std::atomic<uint64_t> tokens_accepted_{0};

    std::thread thread_;
};

}  // namespace inferno::llama
