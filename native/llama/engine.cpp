#include "native/llama/engine.h"

#include <algorithm>
#include <exception>

#include "native/core/available_cores.h"
#include "native/llama/backend.h"
#include "native/llama/capacity.h"
#include "native/llama/memory_use.h"

namespace inferno::llama {
namespace {

// Logits are kept for every drafted token, a vocabulary of floats each.
constexpr int32_t kMaxDraftRoom = 32;

}  // namespace

Result<std::unique_ptr<Engine>> Engine::create(std::shared_ptr<const Model> model, const EngineOptions & options,
                                               std::function<void()> wake) {
    std::unique_ptr<Engine> engine(new Engine(std::move(model), options, std::move(wake)));
    try {
        if (Status status = engine->create_context(); !status) return status;
    } catch (const std::exception & error) {
        return Status(ErrorCode::OutOfMemory, std::string("The context could not be created: ") + error.what() + ".");
    }
    Engine * self = engine.get();
    engine->thread_ = std::thread([self] { self->run(); });
    return engine;
}

Engine::Engine(std::shared_ptr<const Model> model, const EngineOptions & options, std::function<void()> wake)
    : GenerationEngine(std::move(model), std::move(wake)),
      options_(options),
      encoder_(model_,
               model_->description().supports_generation
                   ? encoder_capacity(*model_, 0, 0, 0)
                   : encoder_capacity(*model_, options.context_size, options.batch_size, options.parallel),
               options.policy, [this] { return desk_.is_closing(); }),
      thread_budget_(options.threads, available_cores()),
      encoder_slice_(encoder_.capacity().batch_tokens) {}

Engine::~Engine() { shut_down(); }

// An encoder has no KV cache to plan, and no sequences that go on from step to step.
Status Engine::create_encoder() {
    if (Status status = check_capacity({options_.context_size, options_.parallel, options_.batch_size}); !status) {
        return status;
    }
    const EncoderCapacity & capacity = encoder_.capacity();
    context_size_ = capacity.input_tokens;
    parallel_ = capacity.sequences;
    batch_size_ = capacity.batch_tokens;
    memory_bytes_ = model_->description().size_bytes;
    const ModelDescription & can = model_->description();
    if (can.supports_embeddings || can.supports_ranking || can.supports_classification) {
        if (Status status = encoder_.create_context(); !status) return status;
    }
    queue::WorkerLimits workers{std::min(options_.min_workers, parallel_), parallel_, options_.target_latency_us};
    desk_.open({{options_.policy, workers}, context_size_, options_.profiling, memory_bytes()});
    return Status::ok();
}

Status Engine::create_context() {
    if (!model_->description().supports_generation) return create_encoder();
    auto capacity =
        plan_capacity({options_.context_size, options_.parallel, options_.batch_size},
                      model_->description().train_context_size, model_->kv_bytes_per_token(), model_->kv_room_bytes());
    if (!capacity) return capacity.status();
    parallel_ = capacity.value().parallel;
    batch_size_ = capacity.value().batch_size;
    prefill_slice_ = PrefillSlice(batch_size_);

    llama_context_params params = llama_context_default_params();
    params.n_ctx = static_cast<uint32_t>(capacity.value().context_size) * static_cast<uint32_t>(parallel_);
    params.n_batch = static_cast<uint32_t>(batch_size_);
    params.n_ubatch = params.n_batch;
    params.n_seq_max = static_cast<uint32_t>(parallel_);
    can_cut_ = !llama_model_is_recurrent(model_->get()) && !llama_model_is_hybrid(model_->get());
    const int32_t draft_tokens = can_cut_ ? std::min(options_.max_draft_tokens, Speculation::kMaxDepth) : 0;
    draft_room_ = std::min({draft_tokens * parallel_, kMaxDraftRoom, batch_size_ - parallel_});
    params.n_outputs_max = static_cast<uint32_t>(parallel_ + std::max(0, draft_room_));
    // One KV stream per sequence: attention then costs what its own sequence needs, not what all of them hold.
    params.kv_unified = false;
    params.flash_attn_type = model_->attention_type();
    params.type_k = model_->cache_type();
    params.type_v = model_->cache_type();
    params.no_perf = true;
    params.abort_callback = abort_requested;
    params.abort_callback_data = this;
    take_last_log_error();
    context_.reset(llama_init_from_model(model_->get(), params));
    if (!context_) {
        return {ErrorCode::OutOfMemory, "llama.cpp could not create a context of " +
                                            std::to_string(capacity.value().context_size) + " tokens for " +
                                            std::to_string(parallel_) + " sequences: " + take_last_log_error()};
    }
    if (llama_get_memory(context_.get()) == nullptr) {
        return {ErrorCode::UnsupportedModel,
                "llama.cpp keeps no state of this model's sequences, so it cannot generate."};
    }
    context_size_ = static_cast<int32_t>(llama_n_ctx_seq(context_.get()));
    memory_bytes_ = context_memory_bytes(context_.get());
    slots_.resize(static_cast<size_t>(parallel_));
    slot_view_.resize(static_cast<size_t>(parallel_), nullptr);
    prefixes_ = std::make_unique<PrefixSharing>(context_.get(), slots_.size(), can_cut_, options_.cache);
    if (Status status = prefixes_->open_disk([this] { desk_.notify(); }); !status) return status;
    queue::WorkerLimits workers{std::min(options_.min_workers, parallel_), parallel_, options_.target_latency_us};
    if (draft_room_ > 0) {
        if (Status status = create_speculation(draft_tokens); !status) return status;
    }
    desk_.open({{options_.policy, workers}, context_size_, options_.profiling, memory_bytes_});
    return Status::ok();
}

Status Engine::create_speculation(int32_t draft_tokens) {
    if (options_.draft_model) {
        auto draft = DraftModel::create(options_.draft_model, *model_, context_size_, parallel_, batch_size_);
        if (!draft) return draft.status();
        draft_model_ = std::move(draft).value();
        memory_bytes_ += draft_model_->memory_bytes();
    }
    speculation_ = std::make_unique<Speculation>(draft_tokens, draft_model_.get());
    return Status::ok();
}

void Engine::encode(EncoderJob job) {
    {
        const std::lock_guard lock(encoder_mutex_);
        if (!encoder_closed_) {
            encoder_mail_.push_back(std::move(job));
            desk_.notify();
            return;
        }
    }
    job.done(Status(ErrorCode::ModelUnloaded, "The model was unloaded."));
}

void Engine::shut_down() {
    {
        const std::lock_guard lock(encoder_mutex_);
        encoder_closed_ = true;
    }
    if (!desk_.close()) return;
    if (thread_.joinable()) thread_.join();
    desk_.finish_parsing();
    prefixes_.reset();
    speculation_.reset();
    draft_model_.reset();
    context_.reset();
}

EngineStats Engine::stats() const {
    EngineStats stats = desk_stats();
    stats.threads = threads_.load(std::memory_order_relaxed);
    stats.decode_steps = decode_steps_.load(std::memory_order_relaxed) + encoder_.decodes();
    stats.tokens_prefilled = tokens_prefilled_.load(std::memory_order_relaxed);
    stats.tokens_cached = tokens_cached_.load(std::memory_order_relaxed);
    stats.tokens_drafted = tokens_drafted_.load(std::memory_order_relaxed);
    stats.tokens_accepted = tokens_accepted_.load(std::memory_order_relaxed);
    return stats;
}

QueueStatus Engine::queue_status() const {
    QueueStatus status;
    status.scheduler = desk_.scheduler_status();
    status.policy = options_.policy;
    status.capacity = options_.queue_capacity;
    status.parallel = parallel_;
    status.cache_memory_limit = options_.cache.memory_bytes;
    status.cache_disk_limit = options_.cache.directory.empty() ? 0 : options_.cache.disk_bytes;
    const std::lock_guard lock(cache_stats_mutex_);
    status.sharing = sharing_stats_;
    status.store = store_stats_;
    return status;
}

}  // namespace inferno::llama
