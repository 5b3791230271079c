// What a grammar costs before it is used: llama.cpp follows all ways through a grammar at once, so that a grammar of a
// kilobyte can ask for 2^40 of them and never return. Thread safety: pure functions.
#pragma once

#include <string>

#include "llama.h"
#include "native/core/status.h"

namespace inferno::llama {

// Ways that a grammar may go on with at one character. A JSON schema of 1,000 enum values has 1,000.
constexpr size_t kMostGrammarWays = 3000;

// Ok for GBNF that can be handed to llama.cpp, and for text that is no GBNF, of which llama.cpp says so itself.
// InvalidGrammar for groups or rules that nest too deeply, for rules that begin with themselves (llama.cpp misses
// those behind a rule that is empty only through another), and for more than kMostGrammarWays.
Status check_grammar(const llama_vocab * vocab, const std::string & grammar);

}  // namespace inferno::llama
