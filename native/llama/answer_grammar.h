// What an answer may consist of: a grammar, perhaps only from a trigger on, and a limit on its reasoning. Thread
// safety: none; built on the preparation thread, then owned by one sampler on the engine thread.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "llama.h"
#include "native/core/status.h"
#include "native/llama/bounded_grammar.h"
#include "native/llama/handles.h"

namespace inferno::llama {

struct GrammarParams {
    std::string grammar;  // GBNF; empty: none
    // Made by the chat template: it covers `prefill` and what the model thinks. A caller's own grammar is about the
    // content alone.
    bool from_template = false;
    bool lazy = false;  // applies from the first trigger on
    std::vector<std::string> trigger_patterns;
    std::vector<llama_token> trigger_tokens;
    std::vector<llama_token> prefill;  // of the prompt, the tokens that belong to the assistant's turn
    // How the model marks what it thinks; empty: it does not.
    std::vector<llama_token> reasoning_start;
    std::vector<std::vector<llama_token>> reasoning_ends;
    std::vector<llama_token> reasoning_forced_end;  // said for the model when the budget is used up
    int32_t reasoning_budget = -1;                  // tokens; -1: no limit

    bool is_empty() const { return grammar.empty() && reasoning_budget < 0; }
};

class AnswerGrammar {
  public:
    // `vocab` must outlive the grammar. Fails with InvalidGrammar.
    static Result<AnswerGrammar> create(const llama_vocab * vocab, const GrammarParams & params);

    // False: every token is allowed now.
    bool constrains() const { return forces_end() || applies(); }
    // These throw GrammarTooCostly. Checking one token is far cheaper than masking the whole vocabulary, and usually
    // enough.
    bool fits(llama_token token);
    // Takes away the candidates that are not allowed.
    void mask(llama_token_data_array & candidates);
    void accept(llama_token token);

  private:
    AnswerGrammar() = default;

    bool applies() const;
    bool forces_end() const;

    std::optional<BoundedGrammar> grammar_;
    SamplerHandle reasoning_;  // null when it is of no interest whether the model thinks
    bool waits_for_reasoning_ = false;
    bool replays_reasoning_end_ = false;
};

}  // namespace inferno::llama
