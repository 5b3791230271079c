#include "native/llama/bounded_grammar.h"

#include <algorithm>
#include <string>
#include <vector>

#include "llama-grammar.h"
#include "native/core/clock.h"
#include "native/llama/answer_grammar.h"
#include "native/llama/grammar_limits.h"
#include "native/llama/tokenizer.h"

namespace inferno::llama {
namespace {

// Of one answer, all tokens together. What a schema allows costs some 10 us a token.
constexpr int64_t kLongestUs = 5'000'000;

bool waits_for_token(const llama_grammar & grammar) {
    return std::any_of(grammar.stacks.begin(), grammar.stacks.end(), [](const llama_grammar_stack & stack) {
        if (stack.empty()) return false;
        const auto type = stack.back()->type;
        return type == LLAMA_GRETYPE_TOKEN || type == LLAMA_GRETYPE_TOKEN_NOT;
    });
}

}  // namespace

void BoundedGrammar::Deleter::operator()(llama_grammar * grammar) const { llama_grammar_free_impl(grammar); }

BoundedGrammar::BoundedGrammar(const llama_vocab * vocab, llama_grammar * grammar) : vocab_(vocab), grammar_(grammar) {}

Result<BoundedGrammar> BoundedGrammar::create(const llama_vocab * vocab, const GrammarParams & params) {
    if (Status status = check_grammar(vocab, params.grammar); !status) return status;
    std::vector<const char *> patterns;
    for (const std::string & pattern : params.trigger_patterns) patterns.push_back(pattern.c_str());
    const bool lazy = params.lazy;
    llama_grammar * grammar = llama_grammar_init_impl(
        vocab, params.grammar.c_str(), "root", lazy, lazy ? patterns.data() : nullptr, lazy ? patterns.size() : 0,
        lazy ? params.trigger_tokens.data() : nullptr, lazy ? params.trigger_tokens.size() : 0);
    if (grammar == nullptr) {
        return Status(ErrorCode::InvalidGrammar,
                      "The grammar could not be parsed; it must be GBNF with a rule named root.");
    }
    return BoundedGrammar(vocab, grammar);
}

void BoundedGrammar::mask(llama_token_data_array & candidates) {
    const int64_t begun_us = now_us();
    llama_grammar_apply_impl(*grammar_, &candidates);
    charge(begun_us);
}

void BoundedGrammar::accept(llama_token token) {
    const int64_t begun_us = now_us();
    const bool is_text =
        !grammar_->awaiting_trigger && !llama_vocab_is_eog(vocab_, token) && !waits_for_token(*grammar_);
    if (is_text) {
        accept_text(token);
    } else {
        llama_grammar_accept_impl(*grammar_, token);
        check_ways();
    }
    charge(begun_us);
}

// Byte by byte: a token of sixteen characters can double the ways sixteen times.
void BoundedGrammar::accept_text(llama_token token) {
    std::string piece;
    append_token_piece(vocab_, token, true, piece);
    for (const char byte : piece) {
        llama_grammar_accept_str(*grammar_, std::string(1, byte));
        check_ways();
    }
}

void BoundedGrammar::check_ways() const {
    if (grammar_->stacks.size() <= kMostGrammarWays) return;
    throw GrammarTooCostly("The grammar is ambiguous: it has more than 3,000 ways to go on with the answer so far.");
}

void BoundedGrammar::charge(int64_t begun_us) {
    spent_us_ += now_us() - begun_us;
    if (spent_us_ > kLongestUs) throw GrammarTooCostly("Following the grammar took more than 5 seconds in all.");
}

}  // namespace inferno::llama
