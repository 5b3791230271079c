// Tensors: views over memory that somebody else owns, and values that ONNX Runtime owns.
//
// Thread safety: values and free functions; a value belongs to one thread at a time.
#pragma once

#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <vector>

#include "native/core/status.h"
#include "native/onnx/element_type.h"
#include "native/onnx/value_info.h"

struct OrtValue;

namespace inferno::onnx {

struct ReleaseValue {
    void operator()(OrtValue * value) const;
};
using ValuePtr = std::unique_ptr<OrtValue, ReleaseValue>;

// A tensor in memory of the caller, who keeps it until the value made from it is gone. Not of strings.
struct TensorView {
    ElementType type = ElementType::Undefined;
    std::span<const int64_t> dims;
    void * data = nullptr;
    size_t bytes = 0;
};

// What a value is; `data` and `strings` live as long as the value.
struct TensorContent {
    ElementType type = ElementType::Undefined;
    std::vector<int64_t> dims;
    void * data = nullptr;  // null for strings
    size_t bytes = 0;
};

// Copies nothing. InvalidTensor when the memory is shorter than the dimensions say.
Result<ValuePtr> make_view(const TensorView & view);
// A tensor of strings owns a copy of them.
Result<ValuePtr> make_strings(std::span<const std::string> texts, std::span<const int64_t> dims);
// Owned, uninitialized memory. Not of strings.
Result<ValuePtr> make_tensor(ElementType type, std::span<const int64_t> dims);

// A sequence that shares its members' memory.
Result<ValuePtr> make_sequence(std::span<const ValuePtr> members);

// Optional stands for an optional value that is not there.
Result<ValueKind> value_kind(const OrtValue * value);
// Of a sequence its members, of a map its keys and its values, as values of their own.
Result<std::vector<ValuePtr>> value_members(const OrtValue * value);
// InvalidTensor for what is no dense tensor. Uses what `content` has allocated.
Status read_tensor(const OrtValue * value, TensorContent & content);
Result<TensorContent> tensor_content(const OrtValue * value);
// REQUIRES: a tensor of strings
Result<std::vector<std::string>> tensor_strings(const OrtValue * value);

}  // namespace inferno::onnx
