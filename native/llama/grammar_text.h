// GBNF as text. Thread safety: pure functions.
#pragma once

#include <string>
#include <string_view>

namespace inferno::llama {

// The grammar of what follows one grammar or the other. REQUIRES: both are GBNF with a rule named root.
std::string either_grammar(std::string_view first, std::string_view second);

// What llama.cpp makes of a template where a call is required lets the model talk before it: without a limit, so that
// it may never come to the call. This is the same grammar without that freedom. REQUIRES: GBNF with a rule named root.
std::string without_preamble(std::string_view grammar);

// Where each call has markers of its own, llama.cpp allows several whatever was asked. This is the same grammar with
// one.
std::string with_one_call(std::string grammar);

// What llama.cpp makes of a JSON schema allows exponents of sixteen digits, which are infinite for whoever reads them.
// This is the same grammar with numbers that a double can hold.
std::string with_finite_numbers(std::string grammar);

}  // namespace inferno::llama
