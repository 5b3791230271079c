// GBNF as text. Thread safety: pure functions.
#pragma once

#include <string>
#include <string_view>

namespace inferno::llama {

// The grammar of what follows one grammar or the other. REQUIRES: both are GBNF with a rule named root.
std::string either_grammar(std::string_view first, std::string_view second);

}  // namespace inferno::llama
