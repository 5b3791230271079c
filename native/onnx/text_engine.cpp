// TextEngine as others see it; text_engine_loop.cpp has what its thread does.
#include "native/onnx/text_engine.h"

#include <algorithm>

#include "native/core/available_cores.h"
#include "native/llama/capacity.h"

namespace inferno::onnx {
namespace {

// Most graphs compute logits for every token of a prompt, a vocabulary of floats each.
constexpr int64_t kMaxLogitsBytes = 64 << 20;
constexpr int32_t kMinPromptTokens = 16;

int32_t prompt_tokens_of_a_run(int32_t wanted, const DecoderTraits & traits, const DecoderGraph & graph) {
    if (graph.logits_to_keep) return wanted;
    const int64_t row_bytes = static_cast<int64_t>(traits.vocabulary_size) * static_cast<int64_t>(sizeof(float));
    const auto most = static_cast<int32_t>(std::max<int64_t>(kMinPromptTokens, kMaxLogitsBytes / row_bytes));
    return std::min(wanted, most);
}

}  // namespace

Result<std::unique_ptr<TextEngine>> TextEngine::create(std::shared_ptr<const Session> session,
                                                       llama::VocabularyOptions vocabulary,
                                                       const TextEngineOptions & options, std::function<void()> wake) {
    auto graph = read_decoder_graph(session->inputs(), session->outputs());
    if (!graph) return graph.status();
    auto traits = Decoder::probe(*session);
    if (!traits) return traits.status();
    vocabulary.size = traits.value().vocabulary_size;
    auto model = llama::Model::from_vocabulary(vocabulary);
    if (!model) return model.status();
    std::unique_ptr<TextEngine> engine(
        new TextEngine(std::move(model).value(), traits.value(), std::move(graph).value(), options, std::move(wake)));
    if (Status status = engine->open(std::move(session)); !status) return status;
    TextEngine * self = engine.get();
    engine->thread_ = std::thread([self] { self->run(); });
    return engine;
}

TextEngine::TextEngine(std::shared_ptr<const llama::Model> model, const DecoderTraits & traits, DecoderGraph graph,
                       const TextEngineOptions & options, std::function<void()> wake)
    : GenerationEngine(std::move(model), std::move(wake)),
      traits_(traits),
      graph_(std::move(graph)),
      options_(options) {}

TextEngine::~TextEngine() { shut_down(); }

Status TextEngine::open(std::shared_ptr<const Session> session) {
    // A growing cache is written anew in every step, so it is there twice.
    const uint64_t copies = traits_.layout == CacheLayout::Growing ? 2 : 1;
    const uint64_t token_bytes = graph_.token_bytes() * copies;
    auto capacity =
        llama::plan_capacity({options_.context_size, options_.parallel, options_.batch_size},
                             model_->description().train_context_size, token_bytes, available_memory_bytes());
    if (!capacity) return capacity.status();
    context_size_ = capacity.value().context_size;
    parallel_ = capacity.value().parallel;
    batch_size_ = prompt_tokens_of_a_run(capacity.value().batch_size, traits_, graph_);
    prefill_slice_ = llama::PrefillSlice(batch_size_);
    weight_bytes_ = session->model_bytes();
    auto decoder = Decoder::create(std::move(session), traits_, parallel_, context_size_);
    if (!decoder) return decoder.status();
    decoder_ = std::move(decoder).value();
    slots_.resize(static_cast<size_t>(parallel_));
    memory_bytes_ =
        weight_bytes_ + token_bytes * static_cast<uint64_t>(context_size_) * static_cast<uint64_t>(parallel_);
    const queue::WorkerLimits workers{std::min(options_.min_workers, parallel_), parallel_, options_.target_latency_us};
    desk_.open({{options_.policy, workers}, context_size_, options_.profiling, memory_bytes_});
    return Status::ok();
}

void TextEngine::cancel(llama::GenerationId id) {
    desk_.cancel(id);
    const std::lock_guard lock(run_mutex_);
    if (run_control_ != nullptr && is_run_unwanted()) run_control_->terminate();
}

// A run cannot be half undone, so it stops only when all of its sequences are cancelled.
bool TextEngine::is_run_unwanted() const {
    return desk_.is_closing() || std::all_of(run_controls_.begin(), run_controls_.end(), [](const auto & control) {
               return control->cancelled.load(std::memory_order_relaxed);
           });
}

void TextEngine::shut_down() {
    if (!desk_.close()) return;
    {
        const std::lock_guard lock(run_mutex_);
        if (run_control_ != nullptr) run_control_->terminate();
    }
    if (thread_.joinable()) thread_.join();
    desk_.finish_parsing();
    decoder_.reset();
}

llama::EngineStats TextEngine::stats() const {
    llama::EngineStats stats = desk_stats();
    stats.threads = available_cores();
    stats.decode_steps = decode_steps_.load(std::memory_order_relaxed);
    stats.tokens_prefilled = tokens_prefilled_.load(std::memory_order_relaxed);
    return stats;
}

llama::QueueStatus TextEngine::queue_status() const {
    llama::QueueStatus status;
    status.scheduler = desk_.scheduler_status();
    status.policy = options_.policy;
    status.capacity = options_.queue_capacity;
    status.parallel = parallel_;
    return status;
}

uint64_t TextEngine::memory_bytes() const { return weight_bytes_ + cache_bytes_.load(std::memory_order_relaxed); }

}  // namespace inferno::onnx
