#include <algorithm>
#include <array>
#include <cmath>
#include <optional>
#include <string_view>
#include <unordered_set>

#include "native/gguf/model_rules.h"

namespace inferno::gguf {
namespace {

constexpr uint64_t kMaxTokens = 1 << 24;
// The longest tokens of published vocabularies, runs of blanks, have about 1,000 bytes.
constexpr size_t kMaxTokenBytes = 1 << 16;
constexpr int64_t kLastTokenType = 6;
// How converters write "there is none".
constexpr uint32_t kNoToken = 0xffffffff;

Status invalid(std::string message) { return {ErrorCode::InvalidModelFile, std::move(message)}; }

// What llama.cpp assumes for a kind of tokenizer before it reads the ids and flags of the file.
struct TokenizerDefaults {
    std::string_view model;
    std::optional<uint32_t> begin;
    std::optional<uint32_t> end;
    std::optional<uint32_t> separator;
    bool adds_begin;
    bool adds_end;
};

constexpr std::array<TokenizerDefaults, 4> kDefaults{{
    {"llama", 1, 2, std::nullopt, true, false},
    {"bert", 101, std::nullopt, 102, true, false},
    {"gpt2", 11, 11, std::nullopt, false, false},
    {"t5", std::nullopt, 1, std::nullopt, false, true},
}};

class Tokenizer {
  public:
    Tokenizer(const Header & header, ByteSource & source) : header_(header), source_(source) {}

    Status check() {
        if (Status status = check_tokens(); !status) return status;
        if (Status status = check_numbers("tokenizer.ggml.scores", {ValueType::Float32, ValueType::Int32}); !status) {
            return status;
        }
        if (Status status = check_token_types(); !status) return status;
        if (Status status = check_merges(); !status) return status;
        return check_special_tokens();
    }

  private:
    Status check_array(const std::string & key, std::initializer_list<ValueType> types) const;
    Status check_tokens();
    Status check_numbers(const std::string & key, std::initializer_list<ValueType> types) const;
    Status check_token_types() const;
    Status check_merges() const;
    Status check_special_tokens() const;
    std::optional<uint32_t> token(const char * name, std::optional<uint32_t> by_default) const;
    bool flag(const char * name, bool by_default) const {
        return header_.boolean(std::string("tokenizer.ggml.") + name).value_or(by_default);
    }

    const Header & header_;
    ByteSource & source_;
    uint64_t token_count_ = 0;
};

Status Tokenizer::check_array(const std::string & key, std::initializer_list<ValueType> types) const {
    const Value * value = header_.find(key);
    const bool is_list = value->type == ValueType::Array;
    const ValueType type = is_list ? value->item_type : value->type;
    if (is_list && std::find(types.begin(), types.end(), type) != types.end()) return Status::ok();
    return invalid(key + " is " + (is_list ? "an array of " : "of type ") + std::string(value_type_name(type)) +
                   "; expected an array of " + std::string(value_type_name(*types.begin())) + ".");
}

Status Tokenizer::check_tokens() {
    static const std::string kKey = "tokenizer.ggml.tokens";
    if (header_.find(kKey) == nullptr)
        return invalid("The key tokenizer.ggml.tokens is missing; expected the vocabulary.");
    if (Status status = check_array(kKey, {ValueType::String}); !status) return status;
    token_count_ = header_.find(kKey)->count;
    if (token_count_ == 0 || token_count_ > kMaxTokens) {
        return invalid(kKey + " has " + std::to_string(token_count_) + " items; expected 1 to " +
                       std::to_string(kMaxTokens) + ".");
    }
    std::unordered_set<std::string> seen;
    seen.reserve(token_count_);
    uint64_t index = 0;
    for (std::string & token : read_strings(source_, *header_.find(kKey))) {
        const std::string place = "Token " + std::to_string(index);
        if (token.size() > kMaxTokenBytes) {
            return invalid(place + " of " + kKey + " has " + std::to_string(token.size()) +
                           " bytes; expected at most " + std::to_string(kMaxTokenBytes) + ".");
        }
        // As llama.cpp sees it: up to the first zero byte, and with a name of its own when nothing is left.
        token.resize(std::min(token.size(), token.find('\0')));
        if (token.empty()) token = "[EMPTY_" + std::to_string(index) + "]";
        if (!seen.insert(token).second) {
            return invalid(place + " of " + kKey + ", " + quoted(token) + ", is there twice.");
        }
        ++index;
    }
    return Status::ok();
}

Status Tokenizer::check_numbers(const std::string & key, std::initializer_list<ValueType> types) const {
    const Value * value = header_.find(key);
    if (value == nullptr) return Status::ok();
    if (Status status = check_array(key, types); !status) return status;
    if (value->count >= token_count_) return Status::ok();
    return invalid(key + " has " + std::to_string(value->count) + " items; expected one for each of " +
                   std::to_string(token_count_) + " tokens.");
}

Status Tokenizer::check_token_types() const {
    static const std::string kKey = "tokenizer.ggml.token_type";
    if (header_.find(kKey) == nullptr) return Status::ok();
    if (Status status = check_numbers(kKey, {ValueType::Int32}); !status) return status;
    const std::vector<int64_t> types = read_integers(source_, *header_.find(kKey));
    for (size_t i = 0; i < types.size(); ++i) {
        if (types[i] >= 0 && types[i] <= kLastTokenType) continue;
        return invalid("The type of token " + std::to_string(i) + " in " + kKey + " is " + std::to_string(types[i]) +
                       "; expected 0 to 6.");
    }
    return Status::ok();
}

Status Tokenizer::check_merges() const {
    static const std::string kKey = "tokenizer.ggml.merges";
    if (header_.find(kKey) == nullptr) return Status::ok();
    if (Status status = check_array(kKey, {ValueType::String}); !status) return status;
    uint64_t index = 0;
    for (const std::string & merge : read_strings(source_, *header_.find(kKey))) {
        // The first byte may be a blank that is merged itself.
        if (merge.find(' ', 1) == std::string::npos) {
            return invalid("Item " + std::to_string(index) + " of " + kKey + " is " + quoted(merge) +
                           "; expected two parts with a blank between them.");
        }
        ++index;
    }
    return Status::ok();
}

std::optional<uint32_t> Tokenizer::token(const char * name, std::optional<uint32_t> by_default) const {
    const std::optional<uint32_t> given = header_.uint32(std::string("tokenizer.ggml.") + name);
    // llama.cpp takes its default for ids outside of the vocabulary, which published files do have.
    const std::optional<uint32_t> chosen = given && *given < token_count_ ? given : by_default;
    return chosen && *chosen < token_count_ ? chosen : std::nullopt;
}

Status Tokenizer::check_special_tokens() const {
    for (const char * name : {"bos_token_id", "eos_token_id"}) {
        const std::string key = std::string("tokenizer.ggml.") + name;
        const Value * value = header_.find(key);
        if (value == nullptr) continue;
        if (value->type != ValueType::Uint32) {
            return invalid(key + " is of type " + std::string(value_type_name(value->type)) + "; expected uint32.");
        }
        if (value->bits < token_count_ || value->bits == kNoToken) continue;
        return invalid(key + " is " + std::to_string(value->bits) + "; expected an id below " +
                       std::to_string(token_count_) + ".");
    }
    const std::string_view model = header_.text("tokenizer.ggml.model");
    const auto found = std::find_if(kDefaults.begin(), kDefaults.end(),
                                    [&](const TokenizerDefaults & defaults) { return defaults.model == model; });
    if (found == kDefaults.end()) return Status::ok();
    if (flag("add_bos_token", found->adds_begin) && !token("bos_token_id", found->begin)) {
        return invalid("The tokenizer adds a token at the beginning, but tokenizer.ggml.bos_token_id names none.");
    }
    // Of a WordPiece text the separator stands at the end, whatever the flag says, and of a pair in its place.
    if (model != "bert" && flag("add_eos_token", found->adds_end) && !token("eos_token_id", found->end)) {
        return invalid("The tokenizer adds a token at the end, but tokenizer.ggml.eos_token_id names none.");
    }
    // The misspelling is the format's.
    if (model == "bert" && !token("seperator_token_id", found->separator)) {
        return invalid("The tokenizer adds a separator, but tokenizer.ggml.seperator_token_id names none.");
    }
    return Status::ok();
}

}  // namespace

uint64_t vocabulary_size(const Header & header) {
    const Value * tokens = header.find("tokenizer.ggml.tokens");
    if (tokens != nullptr && tokens->type == ValueType::Array) return tokens->count;
    return header.uint32(std::string(header.text("general.architecture")) + ".vocab_size").value_or(0);
}

Status check_tokenizer(const Header & header, ByteSource & source) {
    const Value * model = header.find("tokenizer.ggml.model");
    // llama.cpp demands the key; a file without it fails there with a clear sentence, unless it is no language model.
    if (model == nullptr) return Status::ok();
    if (model->type != ValueType::String) {
        return invalid("tokenizer.ggml.model is of type " + std::string(value_type_name(model->type)) +
                       "; expected string.");
    }
    if (model->text == "no_vocab" || model->text == "none") return Status::ok();
    return Tokenizer(header, source).check();
}

}  // namespace inferno::gguf
