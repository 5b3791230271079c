#include "native/llama/grammar_text.h"

#include "test/native/check.h"

namespace inferno::llama {

INFERNO_TEST(two_grammars_become_one_and_only_names_of_rules_change) {
    CHECK_EQ(either_grammar("root ::= item{1,3} \"root \\\" x\" # root\nitem ::= [a-z\\]r] | <think>",
                            "root ::= item+\nitem ::= \"b\""),
             "root ::= a-root | b-root\n"
             "a-root ::= a-item{1,3} \"root \\\" x\" # root\na-item ::= [a-z\\]r] | <think>\n"
             "b-root ::= b-item+\nb-item ::= \"b\"\n");
}

INFERNO_TEST(free_text_before_a_call_goes_and_thoughts_stay) {
    CHECK_EQ(without_preamble(
                 "a ::= until-1\nroot ::= \"until-2 (\" (\"<think>\" until-3? )? until-4? space call\nuntil-4 ::= | a"),
             "a ::= until-1\nroot ::= \"until-2 (\" (\"<think>\" until-3? )?  space call\nuntil-4 ::= | a");
    CHECK_EQ(without_preamble("root ::= space until-246 until-x until-\n"), "root ::= space  until-x until-\n");
    CHECK_EQ(without_preamble("no rule"), "no rule");
}

INFERNO_TEST(numbers_of_a_schema_are_finite) {
    CHECK_EQ(with_finite_numbers("number ::= (\"-\"? integral-part) ([eE] [-+]? integral-part)?\nx ::= integral-part"),
             "number ::= (\"-\"? integral-part) ([eE] [-+]? [0-9] [0-9]?)?\nx ::= integral-part");
}

}  // namespace inferno::llama
