#include "native/llama/grammar_limits.h"

#include <string>

#include "test/native/check.h"

namespace inferno::llama {
namespace {

bool is_taken(const std::string & grammar) { return static_cast<bool>(check_grammar(nullptr, grammar)); }

std::string repeated(const std::string & text, int times) {
    std::string all;
    for (int i = 0; i < times; ++i) all += text;
    return all;
}

std::string name_of(int rule) { return rule == 0 ? "root" : "r" + std::to_string(rule); }

// `count` rules, each made of the next one, and a last one.
std::string ladder(int count, const std::string & before, const std::string & between, const std::string & last) {
    std::string grammar;
    for (int i = 0; i < count; ++i) {
        grammar += name_of(i) + " ::= " + before + name_of(i + 1) + between + name_of(i + 1) + "\n";
    }
    return grammar + name_of(count) + " ::= " + last + "\n";
}

}  // namespace

INFERNO_TEST(grammars_that_people_write_are_taken) {
    CHECK(is_taken("root ::= \"a\"* [0-9]+ (\"x\" | \"y\")? .{2,5}"));
    CHECK(is_taken("root ::= value\nvalue ::= \"[\" (value (\",\" value)*)? \"]\" | [0-9]+ | word\nword ::= [a-z]* "));
    CHECK(is_taken("root ::= " + repeated("\"word\" | ", 1000) + "\"end\""));
    CHECK(is_taken("root ::= " + repeated("(", 900) + "\"a\"" + repeated(")", 900)));
    CHECK(is_taken("root ::= ((\"a\"* \"b\"?)* \"c\"*)* "));
    CHECK(is_taken(ladder(2000, "\"a\" ", " \"b\" ", "\"c\"")));
}

INFERNO_TEST(what_is_no_grammar_is_left_to_the_parser) {
    CHECK(is_taken("root ::= ["));
    CHECK(is_taken("root ::= nowhere"));
    CHECK(is_taken(""));
}

INFERNO_TEST(grammars_with_too_many_ways_are_refused_before_they_are_followed) {
    // 2^40 each.
    CHECK(!is_taken(ladder(40, "", " | ", "\"a\"")));
    CHECK(!is_taken(ladder(40, "", " ", "\"a\"?")));
    CHECK(!is_taken("root ::= " + repeated("\"a\" | ", 4000) + "\"b\""));
    CHECK(!is_taken("root ::= \"x\" " + repeated("\"a\"? ", 4000)));
}

INFERNO_TEST(rules_that_begin_with_themselves_are_refused_even_behind_empty_ones) {
    CHECK(!is_taken("root ::= root \"a\" | \"a\""));
    CHECK(!is_taken("root ::= a\na ::= b\nb ::= a"));
    // llama.cpp takes `a` for a rule that is never empty, and then never ends.
    CHECK(!is_taken("root ::= a root \"x\" | \"y\"\na ::= b\nb ::= \"\""));
}

INFERNO_TEST(groups_and_chains_that_nest_too_deeply_are_refused) {
    CHECK(!is_taken("root ::= " + repeated("(", 60'000) + "\"a\"" + repeated(")", 60'000)));
    std::string chain;
    for (int i = 0; i < 20'000; ++i) chain += name_of(i) + " ::= " + name_of(i + 1) + "\n";
    CHECK(!is_taken(chain + name_of(20'000) + " ::= \"a\"\n"));
}

}  // namespace inferno::llama
