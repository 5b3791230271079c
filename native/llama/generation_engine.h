// What every engine that generates text offers, whatever computes its tokens: the binding and its tests know no more.
//
// Thread safety: the public methods may be called from any thread; drain() from one thread.
#pragma once

#include <functional>
#include <memory>
#include <optional>
#include <span>

#include "native/llama/generation_desk.h"
#include "native/llama/prefix_sharing.h"

namespace inferno::llama {

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

class GenerationEngine {
  public:
    static constexpr int32_t kMaxParallel = 64;

    virtual ~GenerationEngine() = default;

    // See GenerationDesk for these.
    Result<GenerationId> submit(GenerationRequest request) { return desk_.submit(std::move(request)); }
    virtual void cancel(GenerationId id) { desk_.cancel(id); }
    void pause(GenerationId id) { desk_.pause(id); }
    void resume(GenerationId id) { desk_.resume(id); }
    size_t drain(std::span<int32_t> records, std::span<uint8_t> text) { return desk_.drain(records, text); }
    std::optional<queue::Standing> queue_position(GenerationId id) const { return desk_.standing(id); }
    // Null without profiling. May be read from any thread while the engine lives.
    const GenerationRecorder * recorder() const { return desk_.recorder(); }

    // Ends every generation as cancelled and joins the threads. Events can still be drained. Idempotent.
    virtual void shut_down() = 0;
    virtual EngineStats stats() const = 0;
    virtual QueueStatus queue_status() const = 0;

    // Weights, KV cache and compute buffers on all devices; without the prefix store.
    virtual uint64_t memory_bytes() const { return memory_bytes_; }
    int32_t context_size() const { return context_size_; }
    int32_t parallel() const { return parallel_; }
    int32_t batch_size() const { return batch_size_; }
    const Model & model() const { return *model_; }

  protected:
    GenerationEngine(std::shared_ptr<const Model> model, std::function<void()> wake)
        : model_(model), desk_(std::move(model), std::move(wake)) {}

    // What the desk counts.
    EngineStats desk_stats() const;

    const std::shared_ptr<const Model> model_;
    // Constant once the engine runs.
    int32_t context_size_ = 0;  // tokens of one sequence
    int32_t parallel_ = 0;      // sequences
    int32_t batch_size_ = 0;    // tokens of one step
    uint64_t memory_bytes_ = 0;

    GenerationDesk desk_;
};

inline EngineStats GenerationEngine::desk_stats() const {
    EngineStats stats;
    stats.sequences_busy = desk_.running();
    stats.queued = desk_.queued();
    stats.tokens_decoded = desk_.tokens_decoded();
    stats.requests_finished = desk_.requests_finished();
    stats.wakes = desk_.wakes();
    return stats;
}

}  // namespace inferno::llama
