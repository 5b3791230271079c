// Which sequences share a run of a decoder graph, whose batch is a rectangle: every row gets as many tokens as the
// others. Pure: decides from lengths alone.
#pragma once

#include <cstdint>
#include <functional>
#include <span>
#include <vector>

namespace inferno::onnx {

struct RunCandidate {
    int32_t slot;
    int32_t length;  // tokens in its KV cache
    int32_t left;    // tokens to be computed before the next one can be chosen
};

// Rows that get `count` tokens each.
struct RunGroup {
    std::vector<int32_t> slots;
    int32_t count = 0;

    int32_t tokens() const { return count * static_cast<int32_t>(slots.size()); }
};

// See KvCache::batches.
using CanBatch = std::function<bool(int32_t length, int32_t other_length, int32_t count)>;

// One token for each; as few groups as their lengths allow.
std::vector<RunGroup> plan_decode(std::span<const RunCandidate> candidates, const CanBatch & can_batch);

// The next prompt tokens: of the first candidate as many as `budget` allows, or all of them when prompts cannot come in
// pieces; others join while that makes the run compute more. Empty without candidates.
RunGroup plan_prefill(std::span<const RunCandidate> candidates, int32_t budget, bool chunks,
                      const CanBatch & can_batch);

}  // namespace inferno::onnx
