// Text to tokens and back, on llama.cpp's vocabulary. Thread safety: the vocabulary is constant after loading, so these
// may be called from any thread while the model lives.
#pragma once

#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "llama.h"
#include "native/core/status.h"

namespace inferno::llama {

// `add_special` adds the BOS/EOS tokens the model asks for; `parse_special` reads control tokens such as "<|end|>" from
// the text instead of treating them as plain text.
Result<std::vector<llama_token>> tokenize(const llama_vocab * vocab, std::string_view text, bool add_special,
                                          bool parse_special);

Result<std::string> detokenize(const llama_vocab * vocab, std::span<const llama_token> tokens, bool remove_special,
                               bool unparse_special);

// Whether the vocabulary has the tokens that infill_prompt() needs.
bool supports_infill(const llama_vocab * vocab);

// A prompt for what stands between `prefix` and `suffix`. UnsupportedModel without supports_infill().
Result<std::vector<llama_token>> infill_prompt(const llama_vocab * vocab, std::span<const llama_token> prefix,
                                               std::string_view suffix);

// InvalidArgument, naming `param`, for the first id that the vocabulary does not have.
Status check_token_ids(std::span<const llama_token> tokens, int32_t vocabulary_size, const char * param);

// Appends the raw bytes of one token, which may be part of a UTF-8 character. Control tokens give no bytes.
void append_token_piece(const llama_vocab * vocab, llama_token token, bool special, std::string & out);

}  // namespace inferno::llama
