// Whether feeds are what a graph asks for: names, element types, ranks, fixed dimensions, amount of memory. ONNX
// Runtime checks most of this too, but stops at the first fault.
//
// Thread safety: free function.
#pragma once

#include <cstdint>
#include <span>
#include <string>

#include "native/core/status.h"
#include "native/onnx/element_type.h"
#include "native/onnx/session.h"
#include "native/onnx/value_info.h"

namespace inferno::onnx {

// One tensor of a call, before a value is made of it.
struct FeedShape {
    uint32_t index = 0;
    ValueKind kind = ValueKind::Tensor;
    ElementType type = ElementType::Undefined;
    std::span<const int64_t> dims;
    size_t bytes = 0;  // of the memory; of strings their number
};

struct Feeds {
    std::span<const FeedShape> inputs;
    std::span<const FeedShape> outputs;  // that are written into
    // What the caller named and the graph does not have.
    std::span<const std::string> unknown_inputs;
    std::span<const std::string> unknown_outputs;
};

// InvalidTensor, naming every fault. Allocates only when there is one.
Status check_feeds(const Session & session, const Feeds & feeds);

}  // namespace inferno::onnx
