// What a graph says about one of its inputs or outputs. Thread safety: values.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "native/core/status.h"
#include "native/onnx/element_type.h"

struct OrtSession;

namespace inferno::onnx {

enum class ValueKind : uint8_t { Tensor, Sequence, Map, Optional, SparseTensor, Unknown };

// "tensor", "sequence", …
const char * value_kind_name(ValueKind kind);

struct ValueInfo {
    std::string name;
    ValueKind kind = ValueKind::Tensor;
    // Of the tensor, of the tensors in a sequence, of a map's values, of what an optional holds.
    ElementType type = ElementType::Undefined;
    // -1 where the graph leaves it open. Meaningless when the rank itself is open.
    std::vector<int64_t> dims;
    // The name of an open dimension, empty when it has none or is fixed; one for each dimension.
    std::vector<std::string> symbols;
    bool has_rank = true;
    // An initializer that may be replaced by a feed.
    bool has_default = false;
};

struct GraphSignature {
    std::vector<ValueInfo> inputs;  // those with defaults last
    std::vector<ValueInfo> outputs;
};

Result<GraphSignature> read_signature(const OrtSession * session);

}  // namespace inferno::onnx
