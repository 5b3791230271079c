// From the texts of a rendered chat to the tokens that constrain its answer. Thread safety: pure functions.
#pragma once

#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "native/llama/answer_grammar.h"
#include "native/llama/chat_template.h"

namespace inferno::llama {

// Of these texts those that are one token of the vocabulary.
std::vector<llama_token> control_tokens(const llama_vocab * vocab, std::span<const std::string> texts);

// Adds what the template says to what the caller asks for. A grammar of the caller's stays; `budget_message` is said
// before the end of a reasoning that has used up its budget.
void constrain(const llama_vocab * vocab, const RenderedChat & chat, std::string_view budget_message,
               GrammarParams & grammar);

}  // namespace inferno::llama
