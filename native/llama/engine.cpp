#include "native/llama/engine.h"

#include <algorithm>
#include <exception>

#include "native/core/available_cores.h"
#include "native/core/clock.h"
#include "native/llama/backend.h"
#include "native/llama/capacity.h"
#include "native/llama/memory_use.h"
#include "native/llama/tokenizer.h"

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
    engine->preparer_ = std::make_unique<PromptPreparer>(
        engine->model_, engine->context_size_, options.policy == queue::Policy::Priority,
        [self](GenerationPtr generation) { self->receive(std::move(generation)); });
    engine->thread_ = std::thread([self] { self->run(); });
    return engine;
}

Engine::Engine(std::shared_ptr<const Model> model, const EngineOptions & options, std::function<void()> wake)
    : model_(std::move(model)),
      options_(options),
      embedder_(model_),
      thread_budget_(options.threads, available_cores()),
      outbox_(wake),
      parsing_(std::make_unique<AnswerParsing>(std::move(wake), [this](std::string_view text) {
          const auto tokens = tokenize(model_->vocab(), text, false, false);
          return tokens ? static_cast<int32_t>(tokens.value().size()) : 0;
      })) {}

Engine::~Engine() { shut_down(); }

Status Engine::create_context() {
    auto capacity =
        plan_capacity({options_.context_size, options_.parallel, options_.batch_size},
                      model_->description().train_context_size, model_->kv_bytes_per_token(), available_memory_bytes());
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
    context_size_ = static_cast<int32_t>(llama_n_ctx_seq(context_.get()));
    memory_bytes_ = context_memory_bytes(context_.get());
    slots_.resize(static_cast<size_t>(parallel_));
    slot_view_.resize(static_cast<size_t>(parallel_), nullptr);
    prefixes_ = std::make_unique<PrefixSharing>(context_.get(), slots_.size(), can_cut_, options_.cache);
    if (Status status = prefixes_->open_disk([this] { notify(); }); !status) return status;
    queue::WorkerLimits workers{std::min(options_.min_workers, parallel_), parallel_, options_.target_latency_us};
    scheduler_ = std::make_unique<queue::Scheduler>(queue::SchedulerOptions{options_.policy, workers});
    if (draft_room_ > 0) {
        if (Status status = create_speculation(draft_tokens); !status) return status;
    }
    if (options_.profiling) recorder_ = std::make_unique<GenerationRecorder>(memory_bytes_);
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

Result<GenerationId> Engine::submit(GenerationRequest request) {
    // Held throughout, so that shut_down() cannot take the preparer away meanwhile. The preparer never takes this
    // mutex.
    const std::lock_guard lock(controls_mutex_);
    if (closed_) return Status(ErrorCode::ModelUnloaded, "The model was unloaded.");
    auto control = std::make_shared<GenerationControl>(next_id_++);
    const GenerationId id = control->id;
    controls_.emplace(id, control);
    {
        const std::lock_guard scheduler_lock(scheduler_mutex_);
        scheduler_->announce(static_cast<queue::RequestKey>(id));
    }
    preparer_->submit(std::move(request), std::move(control));
    return id;
}

void Engine::set_flag(GenerationId id, std::atomic<bool> GenerationControl::* flag, bool value) {
    {
        const std::lock_guard lock(controls_mutex_);
        const auto found = controls_.find(id);
        if (found == controls_.end()) return;
        ((*found->second).*flag).store(value, std::memory_order_relaxed);
    }
    notify();
}

void Engine::cancel(GenerationId id) {
    {
        const std::lock_guard lock(mail_mutex_);
        mail_cancels_.push_back(id);
    }
    set_flag(id, &GenerationControl::cancelled, true);
    // Release pairs with the acquire in abort_requested: who sees the count also sees the flag.
    cancels_.fetch_add(1, std::memory_order_release);
}

void Engine::pause(GenerationId id) { set_flag(id, &GenerationControl::paused, true); }
void Engine::resume(GenerationId id) { set_flag(id, &GenerationControl::paused, false); }

void Engine::notify() {
    {
        const std::lock_guard lock(mail_mutex_);
        mail_signal_ = true;
    }
    mail_wakeup_.notify_one();
}

void Engine::receive(GenerationPtr generation) {
    {
        const std::lock_guard lock(mail_mutex_);
        mail_generations_.push_back(std::move(generation));
    }
    mail_wakeup_.notify_one();
}

void Engine::embed(EmbeddingJob job) {
    {
        const std::lock_guard lock(mail_mutex_);
        if (!stopping_) {
            mail_embeddings_.push_back(std::move(job));
            mail_wakeup_.notify_one();
            return;
        }
    }
    job.done(Status(ErrorCode::ModelUnloaded, "The model was unloaded."));
}

size_t Engine::drain(std::span<int32_t> records, std::span<uint8_t> text) {
    const bool was_full = !has_event_room();
    size_t count = outbox_.drain(records, text);
    if (count == 0) count = parsing_->drain(records, text);
    if (was_full && has_event_room()) notify();
    return count;
}

void Engine::shut_down() {
    {
        const std::lock_guard lock(controls_mutex_);
        if (closed_) return;
        closed_ = true;
    }
    // First the preparer, so that everything it still holds reaches the mailbox before the engine stops.
    preparer_.reset();
    {
        const std::lock_guard lock(mail_mutex_);
        stopping_ = true;
    }
    stopping_hint_.store(true, std::memory_order_relaxed);
    mail_wakeup_.notify_one();
    if (thread_.joinable()) thread_.join();
    parsing_->stop();
    prefixes_.reset();
    speculation_.reset();
    draft_model_.reset();
    context_.reset();
}

EngineStats Engine::stats() const {
    EngineStats stats;
    stats.sequences_busy = sequences_busy_.load(std::memory_order_relaxed);
    {
        const std::lock_guard lock(controls_mutex_);
        stats.queued = std::max(0, static_cast<int32_t>(controls_.size()) - stats.sequences_busy);
    }
    stats.threads = threads_.load(std::memory_order_relaxed);
    stats.decode_steps = decode_steps_.load(std::memory_order_relaxed);
    stats.tokens_decoded = tokens_decoded_.load(std::memory_order_relaxed);
    stats.tokens_prefilled = tokens_prefilled_.load(std::memory_order_relaxed);
    stats.requests_finished = requests_finished_.load(std::memory_order_relaxed);
    stats.wakes = outbox_.wake_count() + parsing_->wake_count();
    stats.tokens_cached = tokens_cached_.load(std::memory_order_relaxed);
    stats.tokens_drafted = tokens_drafted_.load(std::memory_order_relaxed);
    stats.tokens_accepted = tokens_accepted_.load(std::memory_order_relaxed);
    return stats;
}

QueueStatus Engine::queue_status() const {
    QueueStatus status;
    status.policy = options_.policy;
    status.capacity = options_.queue_capacity;
    status.parallel = parallel_;
    status.cache_memory_limit = options_.cache.memory_bytes;
    status.cache_disk_limit = options_.cache.directory.empty() ? 0 : options_.cache.disk_bytes;
    const std::lock_guard lock(scheduler_mutex_);
    status.scheduler = scheduler_->status(now_us());
    status.sharing = sharing_stats_;
    status.store = store_stats_;
    return status;
}

std::optional<queue::Standing> Engine::queue_position(GenerationId id) const {
    const std::lock_guard lock(scheduler_mutex_);
    return scheduler_->standing(static_cast<queue::RequestKey>(id));
}

}  // namespace inferno::llama
