// A vocabulary that comes as a table of bytes instead of a GGUF file: llama.cpp is given it as metadata in memory, so
// that grammars, tools, samplers and detokenizing work on tokens that another runtime computes.
//
// llama.cpp's own tokenizer runs on it only where any sequence of tokens with the right bytes will do (marks in
// grammars, texts that are put in); prompts are tokenized by whoever made the table.
// Thread safety: free functions.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "native/core/status.h"
#include "native/llama/handles.h"

namespace inferno::llama {

// TokenKind in lib/native-onnx-text-types.ts.
enum class TokenKind : uint8_t { Text, Control, Added, Unused };

struct TokenTable {
    std::string bytes;             // of all ids, one after another; a control token's are its name
    std::vector<int32_t> offsets;  // where each begins and the last one ends: one more than there are ids
    std::vector<TokenKind> kinds;

    size_t size() const { return kinds.size(); }
    // InvalidArgument when the three do not fit together.
    Status check() const;
};

struct VocabularyOptions {
    TokenTable tokens;
    int32_t size = 0;            // ids; those behind the table are unused. At least the table's
    llama_token bos_token = -1;  // -1: none
    std::vector<llama_token> end_tokens;
    std::string chat_template;  // Jinja; empty: ChatML
    std::string name;
    std::string architecture;
    int32_t train_context_size = 0;  // 0: unknown
};

// A model that is nothing but this vocabulary.
Result<ModelHandle> make_vocabulary(const VocabularyOptions & options);

}  // namespace inferno::llama
