#include "native/llama/tokenizer.h"

#include <algorithm>
#include <array>
#include <exception>
#include <limits>

namespace inferno::llama {
namespace {

Status tokenizer_failed(const std::exception & error) {
    return {ErrorCode::InvalidModelFile,
            std::string("The tokenizer of this model failed on the text: ") + error.what() + "."};
}

}  // namespace

Result<std::vector<llama_token>> tokenize(const llama_vocab * vocab, std::string_view text, bool add_special,
                                          bool parse_special) {
    if (llama_vocab_type(vocab) == LLAMA_VOCAB_TYPE_NONE) {
        return Status(ErrorCode::NoVocabulary, "The model has no vocabulary, so text cannot be tokenized.");
    }
    if (text.size() > static_cast<size_t>(std::numeric_limits<int32_t>::max())) {
        return Status(ErrorCode::InvalidArgument, "Expected at most 2 GiB of text to tokenize.");
    }
    const auto length = static_cast<int32_t>(text.size());
    try {
        // One token per byte plus BOS and EOS is enough for almost every tokenizer; otherwise the call says how many.
        std::vector<llama_token> tokens(text.size() + 2);
        int32_t count = llama_tokenize(vocab, text.data(), length, tokens.data(), static_cast<int32_t>(tokens.size()),
                                       add_special, parse_special);
        if (count == std::numeric_limits<int32_t>::min()) {
            return Status(ErrorCode::InvalidArgument, "The text has too many tokens.");
        }
        if (count < 0) {
            tokens.resize(static_cast<size_t>(-count));
            count = llama_tokenize(vocab, text.data(), length, tokens.data(), -count, add_special, parse_special);
        }
        tokens.resize(static_cast<size_t>(std::max(count, 0)));
        return tokens;
    } catch (const std::exception & error) {
        return tokenizer_failed(error);
    }
}

Result<std::string> detokenize(const llama_vocab * vocab, std::span<const llama_token> tokens, bool remove_special,
                               bool unparse_special) {
    const int32_t vocabulary_size = llama_vocab_n_tokens(vocab);
    const auto outside = std::find_if(tokens.begin(), tokens.end(),
                                      [&](llama_token token) { return token < 0 || token >= vocabulary_size; });
    if (outside != tokens.end()) {
        return Status(ErrorCode::InvalidArgument, "Expected token ids from 0 to " +
                                                      std::to_string(vocabulary_size - 1) + " but received " +
                                                      std::to_string(*outside) + ".");
    }
    if (tokens.empty()) return std::string();
    try {
        std::string text(tokens.size() * 8 + 16, '\0');
        const auto count = static_cast<int32_t>(tokens.size());
        int32_t length = llama_detokenize(vocab, tokens.data(), count, text.data(), static_cast<int32_t>(text.size()),
                                          remove_special, unparse_special);
        if (length < 0) {
            text.resize(static_cast<size_t>(-length));
            length =
                llama_detokenize(vocab, tokens.data(), count, text.data(), -length, remove_special, unparse_special);
        }
        text.resize(static_cast<size_t>(std::max(length, 0)));
        return text;
    } catch (const std::exception & error) {
        return tokenizer_failed(error);
    }
}

void append_token_piece(const llama_vocab * vocab, llama_token token, bool special, std::string & out) {
    std::array<char, 64> small;
    const int32_t length =
        llama_token_to_piece(vocab, token, small.data(), static_cast<int32_t>(small.size()), 0, special);
    if (length >= 0) {
        out.append(small.data(), static_cast<size_t>(length));
        return;
    }
    const size_t start = out.size();
    out.resize(start + static_cast<size_t>(-length));
    llama_token_to_piece(vocab, token, out.data() + start, -length, 0, special);
}

bool supports_infill(const llama_vocab * vocab) {
    return llama_vocab_fim_pre(vocab) != LLAMA_TOKEN_NULL && llama_vocab_fim_suf(vocab) != LLAMA_TOKEN_NULL &&
           llama_vocab_fim_mid(vocab) != LLAMA_TOKEN_NULL;
}

Result<std::vector<llama_token>> infill_prompt(const llama_vocab * vocab, std::span<const llama_token> prefix,
                                               std::string_view suffix) {
    if (!supports_infill(vocab)) {
        return Status(ErrorCode::UnsupportedModel, "The vocabulary of this model has no tokens for infilling.");
    }
    auto behind = tokenize(vocab, suffix, false, false);
    if (!behind) return behind.status();
    std::vector<llama_token> prompt;
    if (llama_vocab_get_add_bos(vocab)) prompt.push_back(llama_vocab_bos(vocab));
    prompt.push_back(llama_vocab_fim_pre(vocab));
    prompt.insert(prompt.end(), prefix.begin(), prefix.end());
    prompt.push_back(llama_vocab_fim_suf(vocab));
    prompt.insert(prompt.end(), behind.value().begin(), behind.value().end());
    prompt.push_back(llama_vocab_fim_mid(vocab));
    return prompt;
}

Status check_token_ids(std::span<const llama_token> tokens, int32_t vocabulary_size, const char * param) {
    for (const llama_token token : tokens) {
        if (token >= 0 && token < vocabulary_size) continue;
        return {ErrorCode::InvalidArgument, "Expected token ids from 0 to " + std::to_string(vocabulary_size - 1) +
                                                " for " + param + " but received " + std::to_string(token) + "."};
    }
    return Status::ok();
}

}  // namespace inferno::llama
