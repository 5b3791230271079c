#include "native/llama/encoder.h"

#include <algorithm>
#include <cmath>
#include <exception>
#include <span>
#include <utility>

#include "native/core/clock.h"

namespace inferno::llama {
namespace {

void normalize_l2(std::span<float> values) {
    double sum = 0.0;
    for (const float value : values) sum += static_cast<double>(value) * value;
    if (sum <= 0.0) return;
    const auto scale = static_cast<float>(1.0 / std::sqrt(sum));
    for (float & value : values) value *= scale;
}

void softmax(std::span<float> values) {
    const float most = *std::max_element(values.begin(), values.end());
    float sum = 0.0f;
    for (float & value : values) sum += value = std::exp(value - most);
    for (float & value : values) value /= sum;
}

Status refusal(const Model & model, EncoderTask task) {
    const ModelDescription & description = model.description();
    const bool ranks = model.encoder().ranks;
    if (task == EncoderTask::Embed && !description.supports_embeddings) {
        return {ErrorCode::EmbeddingUnsupported, model.encoder().pooling == LLAMA_POOLING_TYPE_RANK
                                                     ? std::string("This model ") +
                                                           (ranks ? "ranks documents" : "classifies texts") +
                                                           " and makes no embeddings."
                                                     : "This model cannot produce embeddings."};
    }
    if (task == EncoderTask::Rank && !ranks) {
        return {ErrorCode::TaskUnsupported,
                "This model cannot rank documents; load a reranker, whose file says pooling rank."};
    }
    if (task == EncoderTask::Classify && !model.encoder().classifies) {
        return {ErrorCode::TaskUnsupported,
                "This model cannot classify; load one with pooling rank and a classifier of several classes."};
    }
    return Status::ok();
}

}  // namespace

Encoder::Encoder(std::shared_ptr<const Model> model, const EncoderCapacity & capacity, queue::Policy policy,
                 std::function<bool()> is_closing)
    : model_(std::move(model)),
      capacity_(capacity),
      inputs_(*model_, capacity.input_tokens),
      is_closing_(std::move(is_closing)),
      queue_(policy) {}

Status Encoder::create_context() {
    if (context_) return Status::ok();
    auto context = EncoderContext::create(*model_, capacity_, abort_requested, this);
    if (!context) return context.status();
    context_ = std::move(context).value();
    memory_bytes_.store(context_->memory_bytes(), std::memory_order_relaxed);
    return Status::ok();
}

void Encoder::add(EncoderJob job, int64_t now_us) {
    if (Status status = refusal(*model_, job.task); !status) {
        job.done(std::move(status));
        return;
    }
    queue_.add(std::move(job), now_us);
}

int32_t Encoder::step(int32_t max_tokens, int threads) {
    queue_.end_lapsed(now_us());
    if (Status status = create_context(); !status) {
        end_all(status);
        return 0;
    }
    try {
        gather(max_tokens);
        if (!members_.empty()) compute(threads);
    } catch (const std::exception & error) {
        end_all({ErrorCode::DecodeFailed, std::string("The inputs could not be computed: ") + error.what() + "."});
    }
    return token_count_;
}

void Encoder::gather(int32_t max_tokens) {
    members_.clear();
    tokens_.clear();
    token_count_ = 0;
    if (carried_) {
        const EncoderTurn turn = *std::exchange(carried_, std::nullopt);
        take(turn, max_tokens);
    }
    const auto most = static_cast<size_t>(capacity_.sequences);
    const int64_t now = now_us();
    while (members_.size() < most && token_count_ < max_tokens) {
        const std::optional<EncoderTurn> turn = queue_.next(now);
        if (!turn || !take(*turn, max_tokens)) break;
    }
}

// False when it has to wait for the next step.
bool Encoder::take(const EncoderTurn & turn, int32_t max_tokens) {
    EncoderJob * job = queue_.find(turn.job);
    std::vector<llama_token> tokens = std::exchange(carried_tokens_, {});
    if (job == nullptr) return true;
    if (tokens.empty()) {
        auto made = inputs_.tokens_of(*job, turn.input);
        if (!made) {
            queue_.fail(turn.job, made.status());
            return true;
        }
        tokens = std::move(made).value();
    }
    const auto count = static_cast<int32_t>(tokens.size());
    if (!members_.empty() && token_count_ + count > std::min(max_tokens, capacity_.batch_tokens)) {
        carried_ = turn;
        carried_tokens_ = std::move(tokens);
        return false;
    }
    token_count_ += count;
    members_.push_back({turn, job->cancelled});
    tokens_.push_back(std::move(tokens));
    return true;
}

void Encoder::compute(int threads) {
    // Counted before anybody has the result.
    decodes_.fetch_add(1, std::memory_order_relaxed);
    auto rows = context_->decode(tokens_, threads);
    if (!rows) {
        // Then end_all() says why.
        if (is_closing_()) return;
        for (const Member & member : members_) queue_.fail(member.turn.job, rows.status());
        return;
    }
    for (size_t i = 0; i < members_.size(); ++i) {
        const EncoderJob * job = queue_.find(members_[i].turn.job);
        if (job == nullptr) continue;
        shape(*job, rows.value()[i]);
        queue_.finish(members_[i].turn, std::move(rows.value()[i]), tokens_[i].size());
    }
}

// From what llama.cpp gives to what was asked for.
void Encoder::shape(const EncoderJob & job, std::vector<float> & row) const {
    const bool is_final = job.raw || model_->encoder().has_probabilities;
    if (job.task == EncoderTask::Rank) {
        row.resize(1);
        if (!is_final) row[0] = 1.0f / (1.0f + std::exp(-row[0]));
    }
    if (job.task == EncoderTask::Classify && !is_final) softmax(row);
    if (job.task == EncoderTask::Embed && job.normalize) {
        // Of pooling none, each token's.
        const auto length = static_cast<size_t>(model_->encoder().row_length);
        for (size_t at = 0; at + length <= row.size(); at += length) normalize_l2({row.data() + at, length});
    }
}

// Called by ggml between graph nodes on the engine thread: true stops the decode. Only when nobody wants any of it,
// because it cannot be half undone.
bool Encoder::abort_requested(void * data) {
    const auto & encoder = *static_cast<const Encoder *>(data);
    if (encoder.is_closing_()) return true;
    if (encoder.members_.empty()) return false;
    return std::all_of(encoder.members_.begin(), encoder.members_.end(),
                       [](const Member & member) { return member.cancelled->load(std::memory_order_relaxed); });
}

void Encoder::end_all(const Status & status) {
    carried_.reset();
    carried_tokens_.clear();
    queue_.fail_all(status);
}

}  // namespace inferno::llama
