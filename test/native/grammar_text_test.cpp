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

}  // namespace inferno::llama
