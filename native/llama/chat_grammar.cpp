#include "native/llama/chat_grammar.h"

#include <algorithm>
#include <cctype>

#include "common.h"
#include "native/llama/tokenizer.h"

namespace inferno::llama {
namespace {

std::vector<llama_token> tokens_of(const llama_vocab * vocab, std::string_view text) {
    if (text.empty()) return {};
    auto tokens = tokenize(vocab, text, false, true);
    return tokens ? std::move(tokens).value() : std::vector<llama_token>{};
}

bool is_space(char character) { return std::isspace(static_cast<unsigned char>(character)) != 0; }

// Some tokenizers put a space before the first control token that is not in the text.
std::vector<llama_token> prefill_of(const llama_vocab * vocab, const std::string & generation_prompt) {
    std::vector<llama_token> tokens = tokens_of(vocab, generation_prompt);
    if (tokens.empty()) return tokens;
    std::string first;
    append_token_piece(vocab, tokens.front(), true, first);
    if (!first.empty() && is_space(first.front()) && !is_space(generation_prompt.front())) tokens.erase(tokens.begin());
    return tokens;
}

std::string anchored(const std::string & pattern) {
    if (pattern.empty()) return "^$";
    return (pattern.front() == '^' ? "" : "^") + pattern + (pattern.back() == '$' ? "" : "$");
}

void add_trigger(const llama_vocab * vocab, const GrammarTrigger & trigger, const RenderedChat & chat,
                 GrammarParams & grammar) {
    if (trigger.kind == GrammarTrigger::Kind::FullPattern) {
        grammar.trigger_patterns.push_back(anchored(trigger.value));
        return;
    }
    if (trigger.kind == GrammarTrigger::Kind::Pattern) {
        grammar.trigger_patterns.push_back(trigger.value);
        return;
    }
    const auto & preserved = chat.preserved_tokens;
    const std::vector<llama_token> tokens = tokens_of(vocab, trigger.value);
    const bool is_control = std::find(preserved.begin(), preserved.end(), trigger.value) != preserved.end();
    if (tokens.size() == 1 && is_control) {
        grammar.trigger_tokens.push_back(tokens.front());
    } else {
        grammar.trigger_patterns.push_back(regex_escape(trigger.value));
    }
}

}  // namespace

std::vector<llama_token> control_tokens(const llama_vocab * vocab, std::span<const std::string> texts) {
    std::vector<llama_token> controls;
    for (const std::string & text : texts) {
        const std::vector<llama_token> tokens = tokens_of(vocab, text);
        if (tokens.size() == 1) controls.push_back(tokens.front());
    }
    return controls;
}

void constrain(const llama_vocab * vocab, const RenderedChat & chat, std::string_view budget_message,
               GrammarParams & grammar) {
    const bool has_own_grammar = !grammar.grammar.empty();
    if (!has_own_grammar && !chat.grammar.empty()) {
        grammar.grammar = chat.grammar;
        grammar.from_template = true;
        grammar.lazy = chat.grammar_lazy;
        for (const GrammarTrigger & trigger : chat.triggers) add_trigger(vocab, trigger, chat, grammar);
    }
    if (grammar.is_empty()) return;
    grammar.prefill = prefill_of(vocab, chat.generation_prompt);
    if (chat.reasoning_ends.empty()) return;
    grammar.reasoning_start = tokens_of(vocab, chat.reasoning_start);
    for (const std::string & end : chat.reasoning_ends) grammar.reasoning_ends.push_back(tokens_of(vocab, end));
    grammar.reasoning_forced_end = tokens_of(vocab, std::string(budget_message) + chat.reasoning_ends.front());
}

}  // namespace inferno::llama
