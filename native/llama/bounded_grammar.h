// A grammar as llama.cpp applies it, with an end to what it may cost: an ambiguous grammar has more and more ways to go
// on with every character, and the engine thread that follows them serves everybody else, too.
//
// Thread safety: none; built on the preparation thread, then owned by one sampler on the engine thread.
#pragma once

#include <cstdint>
#include <memory>
#include <stdexcept>

#include "llama.h"
#include "native/core/status.h"

struct llama_grammar;

namespace inferno::llama {

struct GrammarParams;

// The grammar has become too expensive to follow.
class GrammarTooCostly : public std::runtime_error {
  public:
    using std::runtime_error::runtime_error;
};

class BoundedGrammar {
  public:
    // `vocab` must outlive the grammar. Fails with InvalidGrammar. Throws what llama.cpp throws.
    static Result<BoundedGrammar> create(const llama_vocab * vocab, const GrammarParams & params);

    // Both throw GrammarTooCostly, after which the grammar is of no use.
    void mask(llama_token_data_array & candidates);
    void accept(llama_token token);

  private:
    struct Deleter {
        void operator()(llama_grammar * grammar) const;
    };

    BoundedGrammar(const llama_vocab * vocab, llama_grammar * grammar);

    void accept_text(llama_token token);
    void check_ways() const;
    void charge(int64_t begun_us);

    const llama_vocab * vocab_;
    std::unique_ptr<llama_grammar, Deleter> grammar_;
    int64_t spent_us_ = 0;
};

}  // namespace inferno::llama
