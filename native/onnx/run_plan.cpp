#include "native/onnx/run_plan.h"

#include <algorithm>

namespace inferno::onnx {

std::vector<RunGroup> plan_decode(std::span<const RunCandidate> candidates, const CanBatch & can_batch) {
    struct Open {
        RunGroup group;
        int32_t length;  // of its first row; who can be batched with that one can with all
    };
    std::vector<Open> open;
    for (const RunCandidate & candidate : candidates) {
        const auto found = std::find_if(
            open.begin(), open.end(), [&](const Open & entry) { return can_batch(entry.length, candidate.length, 1); });
        if (found != open.end()) {
            found->group.slots.push_back(candidate.slot);
        } else {
            open.push_back({{{candidate.slot}, 1}, candidate.length});
        }
    }
    std::vector<RunGroup> groups;
    for (Open & entry : open) groups.push_back(std::move(entry.group));
    return groups;
}

RunGroup plan_prefill(std::span<const RunCandidate> candidates, int32_t budget, bool chunks,
                      const CanBatch & can_batch) {
    RunGroup group;
    if (candidates.empty()) return group;
    const RunCandidate & first = candidates.front();
    group.slots.push_back(first.slot);
    group.count = chunks ? std::min(first.left, std::max(1, budget)) : first.left;
    for (const RunCandidate & candidate : candidates.subspan(1)) {
        // Without pieces, a prompt joins only with those of its own length.
        if (!chunks && candidate.left != group.count) continue;
        const int32_t count = std::min(group.count, candidate.left);
        const int32_t tokens = count * static_cast<int32_t>(group.slots.size() + 1);
        if (tokens > budget || tokens < group.tokens() || !can_batch(first.length, candidate.length, count)) continue;
        group.slots.push_back(candidate.slot);
        group.count = count;
    }
    return group;
}

}  // namespace inferno::onnx
