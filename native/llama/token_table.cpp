#include "native/llama/token_table.h"

#include <cstdio>
#include <exception>
#include <memory>
#include <string_view>
#include <unordered_set>

#include "gguf.h"
#include "native/llama/backend.h"

namespace inferno::llama {
namespace {

// llama.cpp's numbers for the kinds of tokens in a file.
enum FileKind : int32_t { kNormal = 1, kControl = 3, kUserDefined = 4, kUnused = 5, kByte = 6 };

// llama.cpp's SentencePiece vocabulary writes a space as this.
constexpr std::string_view kSpaceMark = "\xE2\x96\x81";

// The places that llama.cpp has for tokens that end an answer.
constexpr const char * kEndKeys[] = {"tokenizer.ggml.eos_token_id",     "tokenizer.ggml.eot_token_id",
                                     "tokenizer.ggml.eom_token_id",     "tokenizer.ggml.fim_pad_token_id",
                                     "tokenizer.ggml.fim_rep_token_id", "tokenizer.ggml.fim_sep_token_id"};

struct FreeMetadata {
    void operator()(gguf_context * metadata) const { gguf_free(metadata); }
};
using Metadata = std::unique_ptr<gguf_context, FreeMetadata>;

// The texts and kinds that llama.cpp turns back into the table's bytes. It wants every text to be there once only.
class FileVocabulary {
  public:
    explicit FileVocabulary(const TokenTable & table, size_t size) {
        texts_.reserve(size);
        kinds_.reserve(size);
        for (size_t id = 0; id < size; ++id) {
            if (id >= table.size()) {
                add_unused(id);
                continue;
            }
            const auto begin = static_cast<size_t>(table.offsets[id]);
            const auto end = static_cast<size_t>(table.offsets[id + 1]);
            add(id, std::string_view(table.bytes).substr(begin, end - begin), table.kinds[id]);
        }
    }

    std::vector<const char *> texts() const {
        std::vector<const char *> pointers;
        pointers.reserve(texts_.size());
        for (const std::string & text : texts_) pointers.push_back(text.c_str());
        return pointers;
    }
    const std::vector<int32_t> & kinds() const { return kinds_; }

  private:
    void add(size_t id, std::string_view bytes, TokenKind kind) {
        const bool is_text = kind == TokenKind::Text;
        const bool has_nul = bytes.find('\0') != std::string_view::npos;
        if (kind == TokenKind::Unused || bytes.empty()) return add_unused(id);
        if (is_text && bytes.size() == 1 && (has_nul || static_cast<unsigned char>(bytes[0]) >= 0x80)) {
            return add_byte(id, bytes[0]);
        }
        // A text ends at its first zero for llama.cpp.
        if (has_nul) return add_unused(id);
        if (is_text && bytes.find(kSpaceMark) == std::string_view::npos) {
            if (try_add(with_space_marks(bytes), kNormal)) return;
        } else if (try_add(std::string(bytes), kind == TokenKind::Control ? kControl : kUserDefined)) {
            return;
        }
        if (bytes.size() == 1) return add_byte(id, bytes[0]);
        // It says what an earlier token says, which stands for both in grammars.
        add_unused(id);
    }

    void add_byte(size_t id, char byte) {
        char text[8];
        std::snprintf(text, sizeof(text), "<0x%02X>", static_cast<unsigned char>(byte));
        if (!try_add(text, kByte)) add_unused(id);
    }

    void add_unused(size_t id) { try_add("[UNUSED_" + std::to_string(id) + "_INFERNO]", kUnused); }

    bool try_add(std::string text, int32_t kind) {
        if (!taken_.insert(text).second) return false;
        texts_.push_back(std::move(text));
        kinds_.push_back(kind);
        return true;
    }

    static std::string with_space_marks(std::string_view bytes) {
        std::string text;
        for (const char byte : bytes) {
            if (byte == ' ') {
                text += kSpaceMark;
            } else {
                text += byte;
            }
        }
        return text;
    }

    std::vector<std::string> texts_;
    std::vector<int32_t> kinds_;
    std::unordered_set<std::string> taken_;
};

Metadata write_metadata(const VocabularyOptions & options, const FileVocabulary & vocabulary) {
    Metadata metadata(gguf_init_empty());
    gguf_context * file = metadata.get();
    gguf_set_val_str(file, "general.architecture", "llama");
    gguf_set_val_str(file, "general.name", options.name.c_str());
    gguf_set_val_str(file, "tokenizer.ggml.model", "llama");
    const std::vector<const char *> texts = vocabulary.texts();
    gguf_set_arr_str(file, "tokenizer.ggml.tokens", const_cast<const char **>(texts.data()), texts.size());
    gguf_set_arr_data(file, "tokenizer.ggml.token_type", GGUF_TYPE_INT32, vocabulary.kinds().data(), texts.size());
    // Ids of trained vocabularies stand in the order of their merges, which is what scores say.
    std::vector<float> scores(texts.size());
    for (size_t i = 0; i < scores.size(); ++i) scores[i] = -static_cast<float>(i);
    gguf_set_arr_data(file, "tokenizer.ggml.scores", GGUF_TYPE_FLOAT32, scores.data(), scores.size());
    gguf_set_val_bool(file, "tokenizer.ggml.add_space_prefix", false);
    gguf_set_val_bool(file, "tokenizer.ggml.add_bos_token", false);
    gguf_set_val_bool(file, "tokenizer.ggml.add_eos_token", false);
    // llama.cpp's defaults would name ordinary tokens.
    const llama_token end = options.end_tokens.front();
    const auto id = [](llama_token token) { return static_cast<uint32_t>(token); };
    gguf_set_val_u32(file, "tokenizer.ggml.bos_token_id", id(options.bos_token >= 0 ? options.bos_token : end));
    gguf_set_val_u32(file, "tokenizer.ggml.unknown_token_id", id(end));
    for (size_t i = 0; i < options.end_tokens.size(); ++i) {
        gguf_set_val_u32(file, kEndKeys[i], id(options.end_tokens[i]));
    }
    return metadata;
}

Status check_ids(const VocabularyOptions & options) {
    if (options.end_tokens.empty() || options.end_tokens.size() > std::size(kEndKeys)) {
        return {ErrorCode::InvalidArgument, "Expected 1 to " + std::to_string(std::size(kEndKeys)) +
                                                " tokens that end an answer but received " +
                                                std::to_string(options.end_tokens.size()) + "."};
    }
    std::vector<llama_token> ids = options.end_tokens;
    if (options.bos_token >= 0) ids.push_back(options.bos_token);
    for (const llama_token token : ids) {
        if (token >= 0 && token < options.size) continue;
        return {ErrorCode::InvalidArgument, "Expected token ids from 0 to " + std::to_string(options.size - 1) +
                                                " for the special tokens but received " + std::to_string(token) + "."};
    }
    return Status::ok();
}

}  // namespace

Status TokenTable::check() const {
    const bool has_ends = !kinds.empty() && offsets.size() == kinds.size() + 1 && offsets.front() == 0 &&
                          static_cast<size_t>(offsets.back()) == bytes.size();
    bool rises = has_ends;
    for (size_t i = 0; rises && i + 1 < offsets.size(); ++i) rises = offsets[i] <= offsets[i + 1];
    for (const TokenKind kind : kinds) rises = rises && kind <= TokenKind::Unused;
    if (rises) return Status::ok();
    return {
        ErrorCode::InvalidArgument,
        "The token table is damaged: expected rising offsets, one more than there are kinds, over all of the bytes."};
}

Result<ModelHandle> make_vocabulary(const VocabularyOptions & options) {
    if (Status status = options.tokens.check(); !status) return status;
    if (options.size < static_cast<int32_t>(options.tokens.size())) {
        return Status(ErrorCode::UnsupportedModel, "The tokenizer has " + std::to_string(options.tokens.size()) +
                                                       " tokens but the graph computes logits for " +
                                                       std::to_string(options.size) + ".");
    }
    if (Status status = check_ids(options); !status) return status;
    llama_model_params params = llama_model_default_params();
    params.vocab_only = true;
    params.n_gpu_layers = 0;
    take_last_log_error();
    try {
        const FileVocabulary vocabulary(options.tokens, static_cast<size_t>(options.size));
        const Metadata metadata = write_metadata(options, vocabulary);
        const auto no_tensors = [](ggml_tensor *, void *) {};
        ModelHandle model(llama_model_init_from_user(metadata.get(), no_tensors, nullptr, params));
        if (model) return model;
    } catch (const std::exception & error) {
        return Status(ErrorCode::UnsupportedModel,
                      std::string("llama.cpp cannot use the vocabulary: ") + error.what() + ".");
    }
    return Status(ErrorCode::UnsupportedModel, "llama.cpp cannot use the vocabulary: " + take_last_log_error());
}

}  // namespace inferno::llama
