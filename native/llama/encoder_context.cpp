#include "native/llama/encoder_context.h"

#include <algorithm>
#include <exception>

#include "native/llama/backend.h"
#include "native/llama/memory_use.h"

namespace inferno::llama {
namespace {

// Attention over a long input and the outputs of its tokens take memory, so what was not asked for stays below.
constexpr int32_t kDefaultInputTokens = 2048;
// More makes a decode longer and not faster: matrices are as busy as they get.
constexpr int32_t kDefaultBatchTokens = 512;
// llama.cpp's LLAMA_MAX_SEQ is 256.
constexpr int32_t kMaxSequences = 64;

Status failed(int32_t status) {
    // 2: aborted.
    if (status == 2) return {ErrorCode::Cancelled, "It was cancelled."};
    const std::string reason = take_last_log_error();
    return {ErrorCode::DecodeFailed, "llama.cpp failed to compute the input (status " + std::to_string(status) + ")" +
                                         (reason.empty() ? std::string(".") : ": " + reason)};
}

}  // namespace

EncoderCapacity encoder_capacity(const Model & model, int32_t context_size, int32_t batch_size, int32_t parallel) {
    const int32_t asked = context_size > 0 ? context_size : kDefaultInputTokens;
    const int32_t trained = model.description().train_context_size;
    EncoderCapacity capacity{};
    capacity.input_tokens = trained > 0 ? std::min(asked, trained) : asked;
    capacity.batch_tokens = std::max(batch_size > 0 ? batch_size : kDefaultBatchTokens, capacity.input_tokens);
    capacity.sequences = parallel > 0 ? std::min(parallel, kMaxSequences) : kMaxSequences;
    if (model.encoder().is_recurrent) capacity.sequences = 1;
    // llama.cpp asserts room for an output of each sequence.
    capacity.sequences = std::min(capacity.sequences, capacity.batch_tokens);
    return capacity;
}

Result<std::unique_ptr<EncoderContext>> EncoderContext::create(const Model & model, const EncoderCapacity & capacity,
                                                               Abort abort, void * data) {
    llama_context_params params = llama_context_default_params();
    params.n_ctx = static_cast<uint32_t>(capacity.batch_tokens);
    params.n_batch = params.n_ctx;
    params.n_ubatch = params.n_ctx;
    params.n_seq_max = static_cast<uint32_t>(capacity.sequences);
    params.kv_unified = true;
    params.embeddings = true;
    params.pooling_type = model.encoder().pooling;
    params.flash_attn_type = model.attention_type();
    params.type_k = model.cache_type();
    params.type_v = model.cache_type();
    params.no_perf = true;
    params.abort_callback = abort;
    params.abort_callback_data = data;
    std::unique_ptr<EncoderContext> encoder(new EncoderContext(model));
    take_last_log_error();
    try {
        encoder->context_.reset(llama_init_from_model(model.get(), params));
    } catch (const std::exception & error) {
        return Status(ErrorCode::OutOfMemory, std::string("The context for inputs of ") +
                                                  std::to_string(capacity.input_tokens) +
                                                  " tokens could not be created: " + error.what() + ".");
    }
    if (!encoder->context_) {
        return Status(ErrorCode::OutOfMemory, "llama.cpp could not create a context for inputs of " +
                                                  std::to_string(capacity.input_tokens) +
                                                  " tokens: " + take_last_log_error());
    }
    encoder->memory_bytes_ = context_own_bytes(encoder->context_.get());
    return encoder;
}

Result<std::vector<std::vector<float>>> EncoderContext::decode(std::span<const std::vector<llama_token>> inputs,
                                                               int threads) {
    planned_.clear();
    for (size_t sequence = 0; sequence < inputs.size(); ++sequence) {
        llama_pos position = 0;
        for (const llama_token token : inputs[sequence]) {
            planned_.push_back({token, position++, static_cast<llama_seq_id>(sequence), true});
        }
    }
    try {
        llama_set_n_threads(context_.get(), threads, threads);
        const llama_batch batch = batch_.assign(planned_);
        llama_memory_t memory = llama_get_memory(context_.get());
        if (memory != nullptr) llama_memory_clear(memory, false);
        take_last_log_error();
        const int32_t status =
            memory != nullptr ? llama_decode(context_.get(), batch) : llama_encode(context_.get(), batch);
        if (status != 0) return failed(status);
        llama_synchronize(context_.get());
        std::vector<std::vector<float>> rows;
        int32_t first = 0;
        for (size_t i = 0; i < inputs.size(); ++i) {
            auto values = row(inputs, i, first);
            if (!values) return values.status();
            rows.push_back(std::move(values).value());
            first += static_cast<int32_t>(inputs[i].size());
        }
        return rows;
    } catch (const std::exception & error) {
        return Status(ErrorCode::DecodeFailed, std::string("Computing an input failed: ") + error.what() + ".");
    }
}

Result<std::vector<float>> EncoderContext::row(std::span<const std::vector<llama_token>> inputs, size_t index,
                                               int32_t first) {
    const auto length = static_cast<size_t>(model_.encoder().row_length);
    std::vector<float> out;
    const Status missing(ErrorCode::EmbeddingUnsupported, "This model gave no output for an input.");
    if (model_.encoder().pooling != LLAMA_POOLING_TYPE_NONE) {
        const float * values = llama_get_embeddings_seq(context_.get(), static_cast<llama_seq_id>(index));
        if (values == nullptr) return missing;
        out.assign(values, values + length);
        return out;
    }
    for (size_t i = 0; i < inputs[index].size(); ++i) {
        const float * values = llama_get_embeddings_ith(context_.get(), first + static_cast<int32_t>(i));
        if (values == nullptr) return missing;
        out.insert(out.end(), values, values + length);
    }
    return out;
}

}  // namespace inferno::llama
