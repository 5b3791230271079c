// A radix tree over token sequences: which stored sequence shares the longest beginning with a prompt. Pure.
//
// Edges carry runs of tokens; every leaf is a stored sequence, and inner nodes may be. Thread safety: none.
#pragma once

#include <cstdint>
#include <map>
#include <memory>
#include <span>
#include <vector>

#include "llama.h"

namespace inferno::llama {

using PrefixId = uint64_t;  // > 0
inline constexpr PrefixId kNoPrefix = 0;

struct PrefixMatch {
    PrefixId id = kNoPrefix;
    size_t length = 0;  // tokens shared
};

class PrefixTree {
  public:
    PrefixTree();
    ~PrefixTree();

    // What was stored under exactly these tokens before, or kNoPrefix. REQUIRES: tokens is not empty, id is new.
    PrefixId insert(std::span<const llama_token> tokens, PrefixId id);
    // REQUIRES: stored under these tokens.
    void erase(std::span<const llama_token> tokens);

    // A stored sequence that shares the most tokens with the beginning of `tokens`.
    PrefixMatch longest_shared(std::span<const llama_token> tokens) const;
    // The longest stored sequence that is wholly a beginning of `tokens`, for models whose state cannot be cut.
    PrefixMatch longest_contained(std::span<const llama_token> tokens) const;
    // Tokens of a stored sequence that no other stored sequence begins with.
    size_t unique_tokens(std::span<const llama_token> tokens) const;

  private:
    struct Node {
        std::vector<llama_token> edge;  // from the parent
        PrefixId id = kNoPrefix;
        std::map<llama_token, std::unique_ptr<Node>> children;
    };
    static PrefixId any_id(const Node & node);

    std::unique_ptr<Node> root_;
};

}  // namespace inferno::llama
