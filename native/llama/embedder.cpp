#include "native/llama/embedder.h"

#include <algorithm>
#include <cmath>
#include <exception>

#include "native/llama/tokenizer.h"

namespace inferno::llama {
namespace {

// Non-causal models need the whole input in one physical batch, so this bounds memory as well as length.
constexpr int32_t kMaxInputTokens = 2048;

void normalize_l2(std::vector<float> & values) {
    double sum = 0.0;
    for (const float value : values) sum += static_cast<double>(value) * value;
    if (sum <= 0.0) return;
    const auto scale = static_cast<float>(1.0 / std::sqrt(sum));
    for (float & value : values) value *= scale;
}

}  // namespace

Embedder::Embedder(std::shared_ptr<const Model> model) : model_(std::move(model)) {}

bool Embedder::step(EmbeddingJob & job, int threads) {
    if (job.cancelled->load(std::memory_order_relaxed)) {
        job.done(Status(ErrorCode::Cancelled, "The embeddings were cancelled."));
        return true;
    }
    if (job.result.embeddings.size() < job.inputs.size()) {
        auto embedding = embed(job.inputs[job.result.embeddings.size()], job, threads);
        if (!embedding) {
            job.done(embedding.status());
            return true;
        }
        job.result.embeddings.push_back(std::move(embedding).value());
        if (job.result.embeddings.size() < job.inputs.size()) return false;
    }
    job.done(std::move(job.result));
    return true;
}

Status Embedder::create_context() {
    if (context_) return Status::ok();
    llama_context_params params = llama_context_default_params();
    context_size_ = std::min(model_->description().train_context_size, kMaxInputTokens);
    if (context_size_ <= 0) context_size_ = kMaxInputTokens;
    params.n_ctx = static_cast<uint32_t>(context_size_);
    params.n_batch = params.n_ctx;
    params.n_ubatch = params.n_ctx;
    params.n_seq_max = 1;
    params.embeddings = true;
    params.flash_attn_type = model_->attention_type();
    params.type_k = model_->cache_type();
    params.type_v = model_->cache_type();
    params.no_perf = true;
    context_.reset(llama_init_from_model(model_->get(), params));
    if (!context_) return {ErrorCode::OutOfMemory, "There is not enough memory for the embedding context."};
    if (llama_pooling_type(context_.get()) == LLAMA_POOLING_TYPE_NONE) {
        // A generative model names no pooling; mean pooling is what embedding clients expect.
        params.pooling_type = LLAMA_POOLING_TYPE_MEAN;
        context_.reset(llama_init_from_model(model_->get(), params));
    }
    if (!context_) return {ErrorCode::OutOfMemory, "There is not enough memory for the embedding context."};
    return Status::ok();
}

Result<std::vector<float>> Embedder::embed(const EmbeddingInput & input, EmbeddingJob & job, int threads) {
    if (!model_->description().supports_embeddings) {
        return Status(ErrorCode::EmbeddingUnsupported, "This model cannot produce embeddings.");
    }
    try {
        if (Status status = create_context(); !status) return status;
        auto tokens = tokens_of(input);
        if (!tokens) return tokens.status();
        const size_t count = tokens.value().size();
        if (count == 0)
            return Status(ErrorCode::EmptyPrompt, "An embedding input has no tokens; expected at least one.");
        if (count > static_cast<size_t>(context_size_)) {
            return Status(ErrorCode::ContextLengthExceeded, "An embedding input has " + std::to_string(count) +
                                                                " tokens; this model takes at most " +
                                                                std::to_string(context_size_) + ".");
        }
        auto embedding = decode(std::move(tokens).value(), threads);
        if (!embedding) return embedding;
        if (job.normalize) normalize_l2(embedding.value());
        job.result.tokens += static_cast<int32_t>(count);
        return embedding;
    } catch (const std::exception & error) {
        return Status(ErrorCode::DecodeFailed, std::string("Computing an embedding failed: ") + error.what() + ".");
    }
}

Result<std::vector<llama_token>> Embedder::tokens_of(const EmbeddingInput & input) const {
    if (input.tokens.empty()) return tokenize(model_->vocab(), input.text, true, false);
    if (Status status = check_token_ids(input.tokens, model_->description().vocabulary_size, "input"); !status) {
        return status;
    }
    return input.tokens;
}

Result<std::vector<float>> Embedder::decode(std::vector<llama_token> tokens, int threads) {
    llama_set_n_threads(context_.get(), threads, threads);
    llama_memory_t memory = llama_get_memory(context_.get());
    if (memory != nullptr) llama_memory_clear(memory, false);
    const llama_batch batch = llama_batch_get_one(tokens.data(), static_cast<int32_t>(tokens.size()));
    const int32_t status =
        memory != nullptr ? llama_decode(context_.get(), batch) : llama_encode(context_.get(), batch);
    if (status != 0) {
        return Status(ErrorCode::DecodeFailed,
                      "Computing an embedding failed with status " + std::to_string(status) + ".");
    }
    const float * values = llama_get_embeddings_seq(context_.get(), 0);
    if (values == nullptr) return Status(ErrorCode::EmbeddingUnsupported, "This model gave no pooled embedding.");
    return std::vector<float>(values, values + llama_model_n_embd_out(model_->get()));
}

}  // namespace inferno::llama
