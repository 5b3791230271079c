#include "native/llama/answer_grammar.h"

#include <cmath>
#include <exception>
#include <limits>
#include <utility>

#include "reasoning-budget.h"

namespace inferno::llama {
namespace {

// A template's strict grammar describes the thinking, too; every other one has to wait until it is over.
bool must_watch_reasoning(const GrammarParams & params) {
    if (params.reasoning_start.empty() || params.reasoning_ends.empty()) return false;
    if (params.reasoning_budget >= 0) return true;
    return !params.grammar.empty() && (params.lazy || !params.from_template);
}

}  // namespace

Result<AnswerGrammar> AnswerGrammar::create(const llama_vocab * vocab, const GrammarParams & params) {
    AnswerGrammar result;
    try {
        if (!params.grammar.empty()) {
            auto grammar = BoundedGrammar::create(vocab, params);
            if (!grammar) return grammar.status();
            result.grammar_.emplace(std::move(grammar).value());
        }
        if (result.grammar_ && params.from_template && !params.lazy) {
            for (const llama_token token : params.prefill) result.grammar_->accept(token);
        }
        if (must_watch_reasoning(params)) {
            const int32_t budget =
                params.reasoning_budget < 0 ? std::numeric_limits<int32_t>::max() : params.reasoning_budget;
            result.reasoning_.reset(common_reasoning_budget_init(vocab, {params.reasoning_start}, params.reasoning_ends,
                                                                 params.reasoning_forced_end, budget));
            for (const llama_token token : params.prefill) llama_sampler_accept(result.reasoning_.get(), token);
            result.waits_for_reasoning_ = params.lazy || !params.from_template;
            result.replays_reasoning_end_ = params.from_template;
        }
    } catch (const std::exception & error) {
        return Status(ErrorCode::InvalidGrammar, std::string("The grammar could not be used: ") + error.what() + ".");
    }
    return result;
}

bool AnswerGrammar::applies() const {
    if (!grammar_) return false;
    if (!reasoning_ || !waits_for_reasoning_) return true;
    const auto state = common_reasoning_budget_get_state(reasoning_.get());
    return state == REASONING_BUDGET_IDLE || state == REASONING_BUDGET_DONE;
}

bool AnswerGrammar::forces_end() const {
    return reasoning_ && common_reasoning_budget_get_state(reasoning_.get()) == REASONING_BUDGET_FORCING;
}

bool AnswerGrammar::fits(llama_token token) {
    llama_token_data single{token, 1.0f, 0.0f};
    llama_token_data_array candidates{&single, 1, -1, false};
    mask(candidates);
    return single.logit != -INFINITY;
}

void AnswerGrammar::mask(llama_token_data_array & candidates) {
    if (forces_end()) llama_sampler_apply(reasoning_.get(), &candidates);
    if (applies()) grammar_->mask(candidates);
}

// As common_sampler_accept() of llama.cpp does it.
void AnswerGrammar::accept(llama_token token) {
    const bool accepts = applies();
    if (reasoning_) {
        llama_sampler_accept(reasoning_.get(), token);
        const bool is_over = common_reasoning_budget_get_state(reasoning_.get()) == REASONING_BUDGET_DONE;
        if (grammar_ && !accepts && is_over && replays_reasoning_end_) {
            // The end of the thinking may itself be a trigger.
            if (const auto * end = common_reasoning_budget_get_end_match(reasoning_.get())) {
                for (const llama_token end_token : *end) grammar_->accept(end_token);
            }
        }
    }
    if (accepts) grammar_->accept(token);
}

}  // namespace inferno::llama
