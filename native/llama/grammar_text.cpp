#include "native/llama/grammar_text.h"

#include <algorithm>
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

// The rules that llama.cpp makes for any text up to some marker; all of them also match nothing.
bool is_free_text(std::string_view name) {
    constexpr std::string_view kPrefix = "until-";
    return name.size() > kPrefix.size() && name.starts_with(kPrefix) &&
           name.find_first_not_of("0123456789", kPrefix.size()) == std::string_view::npos;
}

// Drops the free texts that are in no parentheses: those within belong to what the model thinks.
void append_without_free_text(std::string_view rule, std::string & out) {
    int depth = 0;
    for (size_t at = 0; at < rule.size();) {
        const size_t literal_end = end_of_literal(rule, at);
        size_t end = std::max(literal_end, at + 1);
        if (literal_end == at && is_name_character(rule[at])) {
            while (end < rule.size() && is_name_character(rule[end])) ++end;
            if (depth == 0 && is_free_text(rule.substr(at, end - at))) {
                at = end < rule.size() && rule[end] == '?' ? end + 1 : end;
                continue;
            }
        } else if (literal_end == at) {
            depth += rule[at] == '(' ? 1 : rule[at] == ')' ? -1 : 0;
        }
        out += rule.substr(at, end - at);
        at = end;
    }
}

}  // namespace

std::string either_grammar(std::string_view first, std::string_view second) {
    std::string grammar = "root ::= a-root | b-root\n";
    append_renamed(first, "a-", grammar);
    append_renamed(second, "b-", grammar);
    return grammar;
}

std::string without_preamble(std::string_view grammar) {
    constexpr std::string_view kRoot = "root ::=";
    const size_t begin = grammar.starts_with(kRoot) ? 0 : grammar.find(std::string("\n") + std::string(kRoot));
    if (begin == std::string_view::npos) return std::string(grammar);
    const size_t end = std::min(grammar.find('\n', begin + 1), grammar.size());
    std::string out(grammar.substr(0, begin));
    append_without_free_text(grammar.substr(begin, end - begin), out);
    out += grammar.substr(end);
    return out;
}

std::string with_one_call(std::string grammar) {
    constexpr std::string_view kSeveral = "tool-calls ::= (tool-call space)+\n";
    const size_t at = grammar.find(kSeveral);
    if (at != std::string::npos) grammar.replace(at, kSeveral.size(), "tool-calls ::= tool-call space\n");
    return grammar;
}

std::string with_finite_numbers(std::string grammar) {
    constexpr std::string_view kEndless = "([eE] [-+]? integral-part)?";
    constexpr std::string_view kFinite = "([eE] [-+]? [0-9] [0-9]?)?";
    for (size_t at = grammar.find(kEndless); at != std::string::npos; at = grammar.find(kEndless, at)) {
        grammar.replace(at, kEndless.size(), kFinite);
    }
    return grammar;
}

}  // namespace inferno::llama
