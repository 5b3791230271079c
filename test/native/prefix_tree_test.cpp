#include "native/llama/prefix_tree.h"

#include <algorithm>
#include <map>
#include <random>

#include "test/native/check.h"

using namespace inferno::llama;

namespace {

using Tokens = std::vector<llama_token>;

size_t shared(const Tokens & a, const Tokens & b) {
    const auto length = static_cast<ptrdiff_t>(std::min(a.size(), b.size()));
    return static_cast<size_t>(std::mismatch(a.begin(), a.begin() + length, b.begin()).first - a.begin());
}

}  // namespace

INFERNO_TEST(prefix_tree_finds_the_longest_shared_beginning) {
    PrefixTree tree;
    CHECK_EQ(tree.longest_shared(Tokens{1, 2}).id, kNoPrefix);
    tree.insert(Tokens{1, 2, 3, 4}, 10);
    tree.insert(Tokens{1, 2, 5}, 11);
    CHECK_EQ(tree.longest_shared(Tokens{1, 2, 3, 9}).id, 10u);
    CHECK_EQ(tree.longest_shared(Tokens{1, 2, 3, 9}).length, 3u);
    CHECK_EQ(tree.longest_shared(Tokens{1, 2, 5, 6}).id, 11u);
    CHECK_EQ(tree.longest_shared(Tokens{1, 2, 7}).length, 2u);
    CHECK_EQ(tree.longest_shared(Tokens{7}).length, 0u);
    CHECK_EQ(tree.longest_contained(Tokens{1, 2, 3, 9}).id, kNoPrefix);
    CHECK_EQ(tree.longest_contained(Tokens{1, 2, 5, 6}).id, 11u);
}

INFERNO_TEST(prefix_tree_unique_tokens_are_those_no_other_covers) {
    PrefixTree tree;
    tree.insert(Tokens{1, 2, 3, 4, 5}, 1);
    CHECK_EQ(tree.unique_tokens(Tokens{1, 2, 3, 4, 5}), 5u);
    tree.insert(Tokens{1, 2, 3, 9}, 2);
    CHECK_EQ(tree.unique_tokens(Tokens{1, 2, 3, 4, 5}), 2u);
    CHECK_EQ(tree.unique_tokens(Tokens{1, 2, 3, 9}), 1u);
    tree.insert(Tokens{1, 2}, 3);
    // Everything of it lies in longer ones.
    CHECK_EQ(tree.unique_tokens(Tokens{1, 2}), 0u);
}

// Against a list of all that is stored.
INFERNO_TEST(prefix_tree_agrees_with_a_list_under_random_changes) {
    std::mt19937 random(11);
    for (int round = 0; round < 60; ++round) {
        PrefixTree tree;
        std::map<Tokens, PrefixId> stored;
        PrefixId next = 1;
        for (int step = 0; step < 300; ++step) {
            Tokens tokens(1 + random() % 9);
            for (llama_token & token : tokens) token = static_cast<llama_token>(random() % 3);
            if (random() % 3 != 0) {
                const PrefixId before = tree.insert(tokens, next);
                CHECK_EQ(before, stored.count(tokens) != 0 ? stored[tokens] : kNoPrefix);
                stored[tokens] = next++;
            } else {
                const auto found = stored.lower_bound(tokens);
                if (found == stored.end()) continue;
                tree.erase(found->first);
                stored.erase(found);
            }
            Tokens wanted(1 + random() % 9);
            for (llama_token & token : wanted) token = static_cast<llama_token>(random() % 3);
            size_t longest = 0;
            size_t contained = 0;
            for (const auto & [other, id] : stored) {
                const size_t length = shared(other, wanted);
                longest = std::max(longest, length);
                if (length == other.size()) contained = std::max(contained, length);
            }
            const PrefixMatch match = tree.longest_shared(wanted);
            CHECK_EQ(match.length, longest);
            for (const auto & [other, id] : stored) {
                if (id == match.id) CHECK_EQ(shared(other, wanted), longest);
            }
            CHECK_EQ(tree.longest_contained(wanted).length, contained);
        }
    }
}
