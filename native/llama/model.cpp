#include "native/llama/model.h"

#include <algorithm>
#include <array>
#include <charconv>
#include <exception>
#include <utility>

#include "native/llama/backend.h"
#include "native/llama/tokenizer.h"

namespace inferno::llama {
namespace {

// ggml's half-precision loops on the CPU take this many values a step and do the rest one by one.
constexpr int32_t kVectorHeadSize = 64;

std::string metadata(const llama_model * model, const char * key) {
    const int32_t length = llama_model_meta_val_str(model, key, nullptr, 0);
    if (length <= 0) return {};
    std::string value(static_cast<size_t>(length) + 1, '\0');
    llama_model_meta_val_str(model, key, value.data(), value.size());
    value.resize(static_cast<size_t>(length));
    return value;
}

// Values per attention head. REQUIRES: the model has layers.
int32_t head_size_of(const llama_model * model) {
    const std::string length =
        metadata(model, (metadata(model, "general.architecture") + ".attention.key_length").c_str());
    int32_t head_size = 0;
    std::from_chars(length.data(), length.data() + length.size(), head_size);
    return head_size > 0 ? head_size : llama_model_n_embd(model) / std::max(1, llama_model_n_head(model));
}

}  // namespace

ModelDescription describe_model(const llama_model * model) {
    const llama_vocab * vocab = llama_model_get_vocab(model);
    ModelDescription result;
    result.architecture = metadata(model, "general.architecture");
    result.name = metadata(model, "general.name");
    std::array<char, 256> buffer{};
    llama_model_desc(model, buffer.data(), buffer.size());
    result.description = buffer.data();
    result.file_type = llama_ftype_name(llama_model_ftype(model));
    if (const char * source = llama_model_chat_template(model, nullptr)) result.chat_template_source = source;
    result.parameter_count = llama_model_n_params(model);
    result.size_bytes = llama_model_size(model);
    result.train_context_size = llama_model_n_ctx_train(model);
    result.embedding_length = llama_model_n_embd(model);
    result.layer_count = llama_model_n_layer(model);
    // llama.cpp aborts when asked this of a vocabulary, which has no layers.
    if (result.layer_count > 0) {
        result.head_count = llama_model_n_head(model);
        result.head_size = head_size_of(model);
    }
    result.vocabulary_size = llama_vocab_n_tokens(vocab);
    result.bos_token = llama_vocab_bos(vocab);
    result.eos_token = llama_vocab_eos(vocab);
    const bool has_vocabulary = llama_vocab_type(vocab) != LLAMA_VOCAB_TYPE_NONE;
    result.supports_generation = has_vocabulary && llama_model_has_decoder(model) && !llama_model_has_encoder(model);
    result.supports_infill = has_vocabulary && supports_infill(llama_model_get_vocab(model));
    result.supports_embeddings = has_vocabulary && !llama_model_has_encoder(model);
    return result;
}

uint64_t kv_bytes_per_token(const llama_model * model, const ModelDescription & description, ggml_type cache_type) {
    const auto kv_heads = static_cast<uint64_t>(std::max(1, llama_model_n_head_kv(model)));
    const uint64_t bytes_per_value = ggml_type_size(cache_type);
    return static_cast<uint64_t>(description.layer_count) * kv_heads * static_cast<uint64_t>(description.head_size) *
           2 * bytes_per_value;
}

namespace {

struct ProgressContext {
    const std::function<void(float)> & on_progress;
    const std::atomic<bool> & cancelled;
};

bool report_progress(float fraction, void * user_data) {
    const auto & context = *static_cast<const ProgressContext *>(user_data);
    // Relaxed: the flag carries no data; seeing it one callback later costs one more tensor.
    if (context.cancelled.load(std::memory_order_relaxed)) return false;
    context.on_progress(fraction);
    return true;
}

}  // namespace

Result<std::shared_ptr<const Model>> Model::load(const ModelOptions & options,
                                                 const std::function<void(float)> & on_progress,
                                                 const std::atomic<bool> & cancelled) {
    auto offload = Offload::plan(options.path, options.offload);
    if (!offload) return offload.status();
    llama_model_params params = llama_model_default_params();
    ProgressContext context{on_progress, cancelled};
    params.progress_callback = report_progress;
    params.progress_callback_user_data = &context;
    offload.value().apply(params);
    params.vocab_only = options.vocabulary_only;
    take_last_log_error();
    std::shared_ptr<Model> result(new Model());
    try {
        result->model_.reset(llama_model_load_from_file(options.path.c_str(), params));
    } catch (const std::exception & error) {
        return Status(ErrorCode::InvalidModelFile,
                      std::string("llama.cpp cannot load the model: ") + error.what() + ".");
    }
    if (cancelled.load(std::memory_order_relaxed))
        return Status(ErrorCode::Cancelled, "Loading the model was cancelled.");
    if (!result->model_) {
        const std::string reason = take_last_log_error();
        return Status(ErrorCode::InvalidModelFile,
                      "llama.cpp cannot load the model" + (reason.empty() ? std::string(".") : ": " + reason));
    }
    result->cache_type_ = options.offload.cache_type;
    result->offload_ = std::move(offload).value();
    result->description_ = describe_model(result->model_.get());
    if (!options.vocabulary_only) {
        if (Status status = result->add_encoder(options.pooling); !status) return status;
    }
    const int32_t layers = result->description_.layer_count;
    result->description_.offloaded_layers = result->offload_.offloaded_layers(result->model_.get(), layers);
    if (Status status = result->add_chat_template(options.chat_template); !status) return status;
    return std::shared_ptr<const Model>(std::move(result));
}

Result<std::shared_ptr<const Model>> Model::from_vocabulary(const VocabularyOptions & options) {
    auto vocabulary = make_vocabulary(options);
    if (!vocabulary) return vocabulary.status();
    std::shared_ptr<Model> result(new Model());
    result->model_ = std::move(vocabulary).value();
    result->tokenizes_ = false;
    result->description_ = describe_model(result->model_.get());
    result->description_.architecture = options.architecture;
    result->description_.train_context_size = options.train_context_size;
    result->description_.bos_token = options.bos_token;
    result->description_.supports_embeddings = false;
    result->description_.supports_infill = false;
    if (Status status = result->add_chat_template(options.chat_template); !status) return status;
    return std::shared_ptr<const Model>(std::move(result));
}

Status Model::add_encoder(Pooling asked) {
    auto traits = encoder_traits(model_.get(), asked);
    if (!traits) return traits.status();
    encoder_ = std::move(traits).value();
    const bool encodes = description_.supports_embeddings;
    const bool is_ranked = encoder_.pooling == LLAMA_POOLING_TYPE_RANK;
    description_.supports_generation = description_.supports_generation && !encoder_.is_encoder;
    description_.supports_embeddings = encodes && !is_ranked;
    description_.supports_ranking = encodes && encoder_.ranks;
    description_.supports_classification = encodes && encoder_.classifies;
    if (!is_ranked) description_.embedding_length = encoder_.row_length;
    return Status::ok();
}

Status Model::add_chat_template(const std::string & source) {
    auto chat_template = ChatTemplate::create(model_.get(), source);
    if (!chat_template) return chat_template.status();
    chat_template_ = std::move(chat_template).value();
    if (!source.empty()) description_.chat_template_source = source;
    return Status::ok();
}

llama_flash_attn_type Model::attention_type() const {
    const bool on_cpu = description_.offloaded_layers == 0;
    return on_cpu && description_.head_size < kVectorHeadSize ? LLAMA_FLASH_ATTN_TYPE_DISABLED
                                                              : LLAMA_FLASH_ATTN_TYPE_AUTO;
}

}  // namespace inferno::llama
