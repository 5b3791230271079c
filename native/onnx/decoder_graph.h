// Which inputs and outputs of a graph are the parts of a decoder with a KV cache, found by their names, types and
// shapes: input_ids, attention_mask, position_ids, past_key_values.N.key → present.N.key, logits. Pure.
//
// Names vary with who exported the graph ("past.0.key", "past_key_0", …); what no decoder has makes it fail rather than
// guess. Thread safety: values and free functions.
#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <vector>

#include "native/core/status.h"
#include "native/onnx/value_info.h"

namespace inferno::onnx {

struct GraphInput {
    uint32_t index = 0;
    ElementType type = ElementType::Undefined;
    size_t rank = 0;
};

// The keys or the values of one layer: [batch, heads, tokens, head size].
struct CacheTensor {
    uint32_t past = 0;     // input
    uint32_t present = 0;  // output
    int64_t heads = 0;
    int64_t head_size = 0;
};

struct DecoderGraph {
    GraphInput input_ids;
    std::optional<GraphInput> attention_mask;
    std::optional<GraphInput> position_ids;
    std::optional<GraphInput> use_cache_branch;  // of merged decoders: whether there is a past
    std::optional<GraphInput> logits_to_keep;    // last positions whose logits are wanted
    std::vector<CacheTensor> caches;             // by layer, keys before values
    ElementType cache_type = ElementType::Undefined;
    uint32_t logits = 0;  // output

    // Of one token of one sequence in all caches.
    size_t token_bytes() const;
};

// UnsupportedModel, naming what is missing or unknown.
Result<DecoderGraph> read_decoder_graph(std::span<const ValueInfo> inputs, std::span<const ValueInfo> outputs);

}  // namespace inferno::onnx
