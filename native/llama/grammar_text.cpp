#include "native/llama/grammar_text.h"

#include <cctype>

namespace inferno::llama {
namespace {

bool is_name_character(char character) {
    return std::isalnum(static_cast<unsigned char>(character)) != 0 || character == '-' || character == '_';
}

// The end of what opens at `at` and holds no names: a string, a character class, a token, a comment, a number of times.
size_t end_of_literal(std::string_view text, size_t at) {
    char close = 0;
    if (text[at] == '"') close = '"';
    if (text[at] == '[') close = ']';
    if (text[at] == '<') close = '>';
    if (text[at] == '{') close = '}';
    if (text[at] == '#') close = '\n';
    if (close == 0) return at;
    for (size_t i = at + 1; i < text.size(); ++i) {
        if (text[i] == '\\' && (close == '"' || close == ']')) {
            ++i;
        } else if (text[i] == close) {
            return i + 1;
        }
    }
    return text.size();
}

void append_renamed(std::string_view grammar, std::string_view prefix, std::string & out) {
    for (size_t at = 0; at < grammar.size();) {
        const size_t literal_end = end_of_literal(grammar, at);
        if (literal_end > at) {
            out += grammar.substr(at, literal_end - at);
            at = literal_end;
        } else if (is_name_character(grammar[at])) {
            size_t end = at;
            while (end < grammar.size() && is_name_character(grammar[end])) ++end;
            out += prefix;
            out += grammar.substr(at, end - at);
            at = end;
        } else {
            out += grammar[at++];
        }
    }
    out += '\n';
}

}  // namespace

std::string either_grammar(std::string_view first, std::string_view second) {
    std::string grammar = "root ::= a-root | b-root\n";
    append_renamed(first, "a-", grammar);
    append_renamed(second, "b-", grammar);
    return grammar;
}

}  // namespace inferno::llama
