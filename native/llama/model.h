// A loaded model file: weights, vocabulary, chat template. Constant after loading, shared by the engine thread, the
// preparation thread and callers that tokenize. Thread safety: all const methods may be called from any thread.
#pragma once

#include <atomic>
#include <cstdint>
#include <functional>
#include <memory>
#include <string>

#include "native/core/status.h"
#include "native/llama/chat_template.h"
#include "native/llama/encoder_traits.h"
#include "native/llama/handles.h"
#include "native/llama/offload.h"
#include "native/llama/token_table.h"

namespace inferno::llama {

struct ModelOptions {
    std::string path;
    OffloadOptions offload;
    bool vocabulary_only = false;
    std::string chat_template;                         // Jinja; empty: the file's
    Pooling pooling = LLAMA_POOLING_TYPE_UNSPECIFIED;  // of vectors; unspecified: what the file says
};

struct ModelDescription {
    std::string architecture;
    std::string name;
    std::string description;
    std::string file_type;
    std::string chat_template_source;  // empty: none in the file, and none was given
    uint64_t parameter_count = 0;
    uint64_t size_bytes = 0;
    int32_t train_context_size = 0;
    int32_t embedding_length = 0;
    int32_t layer_count = 0;
    int32_t offloaded_layers = 0;  // on GPUs, of layer_count + 1: the output counts
    int32_t head_count = 0;
    int32_t head_size = 0;
    int32_t vocabulary_size = 0;
    llama_token bos_token = LLAMA_TOKEN_NULL;
    llama_token eos_token = LLAMA_TOKEN_NULL;
    bool supports_embeddings = false;
    bool supports_generation = false;
    bool supports_ranking = false;
    bool supports_classification = false;
    bool supports_infill = false;  // its vocabulary has the tokens for it
};

// What a model says of itself; all but `offloaded_layers` and a template that replaces its own.
ModelDescription describe_model(const llama_model * model);

// Bytes of KV cache per token of context, with keys and values of that type.
uint64_t kv_bytes_per_token(const llama_model * model, const ModelDescription & description, ggml_type cache_type);

class Model {
  public:
    // `on_progress` gets 0 to 1 on the calling thread; `cancelled` ends the load early with code Cancelled.
    // REQUIRES: initialize_backend() succeeded; the file passed check_gguf().
    static Result<std::shared_ptr<const Model>> load(const ModelOptions & options,
                                                     const std::function<void(float)> & on_progress,
                                                     const std::atomic<bool> & cancelled);

    // A vocabulary and a chat template without weights, for an engine that computes otherwise.
    // REQUIRES: initialize_backend() succeeded.
    static Result<std::shared_ptr<const Model>> from_vocabulary(const VocabularyOptions & options);

    llama_model * get() const { return model_.get(); }
    const llama_vocab * vocab() const { return llama_model_get_vocab(model_.get()); }
    // False: llama.cpp's tokenizer does not know how this model's texts are split.
    bool tokenizes() const { return tokenizes_; }
    const ChatTemplate & chat_template() const { return *chat_template_; }
    const ModelDescription & description() const { return description_; }
    // How it makes vectors or classes, if it does.
    const EncoderTraits & encoder() const { return encoder_; }
    // Of keys and values.
    ggml_type cache_type() const { return cache_type_; }
    // Bytes of KV cache per token of context.
    uint64_t kv_bytes_per_token() const { return llama::kv_bytes_per_token(model_.get(), description_, cache_type()); }
    // What a KV cache may take now, where this model's lies; 0: unknown.
    uint64_t kv_room_bytes() const { return offload_.kv_room_bytes(model_.get(), description_.layer_count); }
    // On the CPU, fused attention of small heads is several times slower than the plain one.
    llama_flash_attn_type attention_type() const;

  private:
    Model() = default;
    Status add_encoder(Pooling asked);
    Status add_chat_template(const std::string & source);

    ModelHandle model_;
    std::unique_ptr<ChatTemplate> chat_template_;
    ModelDescription description_;
    EncoderTraits encoder_;
    Offload offload_;
    bool tokenizes_ = true;
    ggml_type cache_type_ = GGML_TYPE_F16;
};

}  // namespace inferno::llama
