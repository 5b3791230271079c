// The element types of ONNX tensors, numbered as ONNX Runtime numbers them. Thread safety: values and free functions.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <string_view>

namespace inferno::onnx {

enum class ElementType : uint8_t {
    Undefined = 0,
    Float32 = 1,
    Uint8 = 2,
    Int8 = 3,
    Uint16 = 4,
    Int16 = 5,
    Int32 = 6,
    Int64 = 7,
    String = 8,
    Bool = 9,
    Float16 = 10,
    Float64 = 11,
    Uint32 = 12,
    Uint64 = 13,
    Complex64 = 14,
    Complex128 = 15,
    Bfloat16 = 16,
    Float8e4m3fn = 17,
    Float8e4m3fnuz = 18,
    Float8e5m2 = 19,
    Float8e5m2fnuz = 20,
    Uint4 = 21,
    Int4 = 22,
    Float4e2m1 = 23,
};

inline constexpr int kElementTypeCount = 24;

// "float32"; "undefined" for what is none.
std::string_view element_type_name(ElementType type);
// Of one element; 0 for strings, whose elements have no size, and for Undefined.
size_t element_bits(ElementType type);
// Of a tensor of these dimensions, packed types rounded up to whole bytes. Nothing when the product overflows or a
// dimension is negative. REQUIRES: not String
std::optional<size_t> tensor_bytes(ElementType type, std::span<const int64_t> dims);
// Product of the dimensions; nothing when it overflows or one is negative.
std::optional<int64_t> element_count(std::span<const int64_t> dims);

}  // namespace inferno::onnx
