#include "native/llama/grammar_limits.h"

#include <algorithm>
#include <exception>
#include <optional>
#include <vector>

#include "llama-grammar.h"

namespace inferno::llama {
namespace {

// The parser calls itself for each open group.
constexpr size_t kMostOpenGroups = 1000;
// llama.cpp calls itself for each rule that another one begins with.
constexpr size_t kLongestChain = 10'000;

using Rules = llama_grammar_rules;
using Rule = llama_grammar_rule;

size_t open_groups(const std::string & grammar) {
    size_t open = 0;
    size_t most = 0;
    for (const char character : grammar) {
        if (character == '(') most = std::max(most, ++open);
        if (character == ')' && open > 0) --open;
    }
    return most;
}

bool ends_alternate(const llama_grammar_element & element) {
    return element.type == LLAMA_GRETYPE_END || element.type == LLAMA_GRETYPE_ALT;
}

// Calls `visit` with the bounds of each alternate.
template <typename Visit>
void for_each_alternate(const Rule & rule, Visit visit) {
    size_t begin = 0;
    for (size_t i = 0; i < rule.size(); ++i) {
        if (!ends_alternate(rule[i])) continue;
        visit(begin, i);
        begin = i + 1;
    }
}

bool is_reference(const llama_grammar_element & element) { return element.type == LLAMA_GRETYPE_RULE_REF; }

// Rules that match nothing at all. Each alternate of references alone waits until all of them are known to be empty.
std::vector<bool> empty_rules(const Rules & rules) {
    struct Alternate {
        size_t rule;
        size_t waits_for;
    };
    std::vector<Alternate> alternates;
    std::vector<std::vector<size_t>> waiting(rules.size());
    std::vector<bool> is_empty(rules.size());
    std::vector<size_t> found;
    const auto add = [&](size_t rule) {
        if (is_empty[rule]) return;
        is_empty[rule] = true;
        found.push_back(rule);
    };
    for (size_t i = 0; i < rules.size(); ++i) {
        for_each_alternate(rules[i], [&](size_t begin, size_t end) {
            const auto first = rules[i].begin() + static_cast<ptrdiff_t>(begin);
            const auto last = rules[i].begin() + static_cast<ptrdiff_t>(end);
            if (!std::all_of(first, last, is_reference)) return;
            if (begin == end) add(i);
            for (auto element = first; element != last; ++element) waiting[element->value].push_back(alternates.size());
            alternates.push_back({i, end - begin});
        });
    }
    while (!found.empty()) {
        const size_t rule = found.back();
        found.pop_back();
        for (const size_t alternate : waiting[rule]) {
            if (--alternates[alternate].waits_for == 0) add(alternates[alternate].rule);
        }
    }
    return is_empty;
}

// Calls `visit` with each rule that an alternate of rule `self` may begin with. Its own repetition at the end, which is
// how llama.cpp writes (x*)*, leads back to where it was and is no beginning.
template <typename Visit>
void for_each_beginning(const Rules & rules, size_t self, const std::vector<bool> & is_empty, Visit visit) {
    const Rule & rule = rules[self];
    for_each_alternate(rule, [&](size_t begin, size_t end) {
        for (size_t i = begin; i < end && is_reference(rule[i]); ++i) {
            if (rule[i].value == self && i > begin && i + 1 == end) break;
            visit(rule[i].value);
            if (!is_empty[rule[i].value]) break;
        }
    });
}

// Each rule behind those that it may begin with; nothing when one begins with itself or the chain is too long.
std::optional<std::vector<size_t>> by_beginnings(const Rules & rules, const std::vector<bool> & is_empty) {
    std::vector<std::vector<size_t>> begun_by(rules.size());
    std::vector<size_t> waits_for(rules.size());
    std::vector<size_t> chain(rules.size());
    std::vector<size_t> order;
    for (size_t i = 0; i < rules.size(); ++i) {
        for_each_beginning(rules, i, is_empty, [&](size_t rule) {
            begun_by[rule].push_back(i);
            ++waits_for[i];
        });
        if (waits_for[i] == 0) order.push_back(i);
    }
    for (size_t next = 0; next < order.size(); ++next) {
        const size_t rule = order[next];
        if (chain[rule] > kLongestChain) return std::nullopt;
        for (const size_t other : begun_by[rule]) {
            chain[other] = std::max(chain[other], chain[rule] + 1);
            if (--waits_for[other] == 0) order.push_back(other);
        }
    }
    if (order.size() < rules.size()) return std::nullopt;
    return order;
}

// Calls `visit` with the ways to go on at each place of an alternate, from its end to its beginning; never far beyond
// the limit, so that sums cannot overflow. Where a character stands there is one.
template <typename Visit>
void for_each_place(const Rule & rule, size_t begin, size_t end, const std::vector<bool> & is_empty,
                    const std::vector<size_t> & ways, Visit visit) {
    size_t here = 1;
    for (size_t i = end; i-- > begin;) {
        const bool is_passed = is_reference(rule[i]) && is_empty[rule[i].value];
        here = is_reference(rule[i]) ? ways[rule[i].value] + (is_passed ? here : 0) : 1;
        here = std::min(here, kMostGrammarWays + 1);
        visit(here);
    }
}

// Ways into a rule, the way past it included. REQUIRES: those of the rules that it may begin with are known.
size_t ways_into(const Rule & rule, const std::vector<bool> & is_empty, const std::vector<size_t> & ways) {
    size_t all = 0;
    for_each_alternate(rule, [&](size_t begin, size_t end) {
        size_t first = 1;
        for_each_place(rule, begin, end, is_empty, ways, [&](size_t here) { first = here; });
        all = std::min(all + first, kMostGrammarWays + 1);
    });
    return all;
}

// At some place inside a rule, where a character leaves off. REQUIRES: the ways into all rules are known.
bool has_crowded_place(const Rule & rule, const std::vector<bool> & is_empty, const std::vector<size_t> & ways) {
    bool found = false;
    for_each_alternate(rule, [&](size_t begin, size_t end) {
        for_each_place(rule, begin, end, is_empty, ways, [&](size_t here) { found |= here > kMostGrammarWays; });
    });
    return found;
}

Status invalid(const char * sentence) { return {ErrorCode::InvalidGrammar, sentence}; }

}  // namespace

Status check_grammar(const llama_vocab * vocab, const std::string & grammar) {
    if (open_groups(grammar) > kMostOpenGroups) return invalid("The grammar nests more than 1,000 groups.");
    llama_grammar_parser parser(vocab);
    try {
        if (!parser.parse(grammar.c_str())) return Status::ok();
    } catch (const std::exception &) {
        return Status::ok();
    }
    const Rules & rules = parser.rules;
    for (const Rule & rule : rules) {
        const bool is_defined = std::all_of(rule.begin(), rule.end(), [&](const auto & element) {
            return !is_reference(element) || (element.value < rules.size() && !rules[element.value].empty());
        });
        if (!is_defined) return Status::ok();
    }
    const std::vector<bool> is_empty = empty_rules(rules);
    const auto order = by_beginnings(rules, is_empty);
    if (!order) return invalid("The grammar has a rule that begins with itself, or too long a chain of rules.");
    std::vector<size_t> ways(rules.size());
    for (const size_t rule : *order) ways[rule] = ways_into(rules[rule], is_empty, ways);
    const bool is_crowded = std::any_of(rules.begin(), rules.end(), [&](const Rule & rule) {
        return ways_into(rule, is_empty, ways) > kMostGrammarWays || has_crowded_place(rule, is_empty, ways);
    });
    if (is_crowded) {
        return invalid("The grammar has more than 3,000 ways to go on at one character; use fewer alternatives.");
    }
    return Status::ok();
}

}  // namespace inferno::llama
