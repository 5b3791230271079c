#include "native/llama/prefix_tree.h"

#include <algorithm>
#include <utility>

namespace inferno::llama {
namespace {

size_t shared(std::span<const llama_token> a, std::span<const llama_token> b) {
    const size_t length = std::min(a.size(), b.size());
    return static_cast<size_t>(std::mismatch(a.begin(), a.begin() + static_cast<ptrdiff_t>(length), b.begin()).first -
                               a.begin());
}

}  // namespace

PrefixTree::PrefixTree() : root_(std::make_unique<Node>()) {}
PrefixTree::~PrefixTree() = default;

PrefixId PrefixTree::insert(std::span<const llama_token> tokens, PrefixId id) {
    Node * node = root_.get();
    while (!tokens.empty()) {
        std::unique_ptr<Node> & child = node->children[tokens.front()];
        if (!child) {
            child = std::make_unique<Node>();
            child->edge.assign(tokens.begin(), tokens.end());
            child->id = id;
            return kNoPrefix;
        }
        const size_t length = shared(child->edge, tokens);
        if (length < child->edge.size()) {
            // The edge splits where the sequences part.
            auto middle = std::make_unique<Node>();
            middle->edge.assign(child->edge.begin(), child->edge.begin() + static_cast<ptrdiff_t>(length));
            child->edge.erase(child->edge.begin(), child->edge.begin() + static_cast<ptrdiff_t>(length));
            const llama_token next = child->edge.front();
            middle->children[next] = std::move(child);
            child = std::move(middle);
        }
        node = child.get();
        tokens = tokens.subspan(length);
    }
    return std::exchange(node->id, id);
}

void PrefixTree::erase(std::span<const llama_token> tokens) {
    std::vector<Node *> path{root_.get()};
    while (!tokens.empty()) {
        const auto child = path.back()->children.find(tokens.front());
        if (child == path.back()->children.end() || shared(child->second->edge, tokens) < child->second->edge.size()) {
            return;
        }
        path.push_back(child->second.get());
        tokens = tokens.subspan(child->second->edge.size());
    }
    path.back()->id = kNoPrefix;
    // Leaves are stored sequences, and a node with one child and nothing stored is no branch: restore both.
    for (size_t i = path.size() - 1; i > 0; --i) {
        Node & node = *path[i];
        if (node.id != kNoPrefix || node.children.size() > 1) return;
        Node & parent = *path[i - 1];
        if (node.children.empty()) {
            const llama_token first = node.edge.front();
            parent.children.erase(first);
            continue;
        }
        std::unique_ptr<Node> only = std::move(node.children.begin()->second);
        only->edge.insert(only->edge.begin(), node.edge.begin(), node.edge.end());
        parent.children[only->edge.front()] = std::move(only);
        return;
    }
}

PrefixId PrefixTree::any_id(const Node & node) {
    const Node * at = &node;
    while (at->id == kNoPrefix && !at->children.empty()) at = at->children.begin()->second.get();
    return at->id;
}

PrefixMatch PrefixTree::longest_shared(std::span<const llama_token> tokens) const {
    const Node * node = root_.get();
    size_t length = 0;
    while (length < tokens.size()) {
        const auto child = node->children.find(tokens[length]);
        if (child == node->children.end()) break;
        const size_t more = shared(child->second->edge, tokens.subspan(length));
        node = child->second.get();
        length += more;
        if (more < node->edge.size()) break;
    }
    return length == 0 ? PrefixMatch{} : PrefixMatch{any_id(*node), length};
}

PrefixMatch PrefixTree::longest_contained(std::span<const llama_token> tokens) const {
    const Node * node = root_.get();
    size_t length = 0;
    PrefixMatch best;
    while (length < tokens.size()) {
        const auto child = node->children.find(tokens[length]);
        if (child == node->children.end()) break;
        if (shared(child->second->edge, tokens.subspan(length)) < child->second->edge.size()) break;
        node = child->second.get();
        length += node->edge.size();
        if (node->id != kNoPrefix) best = {node->id, length};
    }
    return best;
}

size_t PrefixTree::unique_tokens(std::span<const llama_token> tokens) const {
    const Node * node = root_.get();
    size_t length = 0;
    size_t covered = 0;  // depth of the last node that others pass through too
    while (length < tokens.size()) {
        const auto child = node->children.find(tokens[length]);
        if (child == node->children.end()) break;
        if (node->children.size() > 1 || (node->id != kNoPrefix && node != root_.get())) covered = length;
        node = child->second.get();
        length += node->edge.size();
    }
    if (!node->children.empty()) return 0;
    return tokens.size() - covered;
}

}  // namespace inferno::llama
