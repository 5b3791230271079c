#include "native/onnx/element_type.h"

#include <array>

namespace inferno::onnx {
namespace {

struct Row {
    std::string_view name;
    size_t bits;
};

constexpr std::array<Row, kElementTypeCount> kRows = {{
    {"undefined", 0},      {"float32", 32},  {"uint8", 8},        {"int8", 8},           {"uint16", 16},
    {"int16", 16},         {"int32", 32},    {"int64", 64},       {"string", 0},         {"bool", 8},
    {"float16", 16},       {"float64", 64},  {"uint32", 32},      {"uint64", 64},        {"complex64", 64},
    {"complex128", 128},   {"bfloat16", 16}, {"float8e4m3fn", 8}, {"float8e4m3fnuz", 8}, {"float8e5m2", 8},
    {"float8e5m2fnuz", 8}, {"uint4", 4},     {"int4", 4},         {"float4e2m1", 4},
}};

const Row & row(ElementType type) {
    const auto index = static_cast<size_t>(type);
    return kRows[index < kRows.size() ? index : 0];
}

}  // namespace

std::string_view element_type_name(ElementType type) { return row(type).name; }

size_t element_bits(ElementType type) { return row(type).bits; }

std::optional<int64_t> element_count(std::span<const int64_t> dims) {
    int64_t count = 1;
    bool is_empty = false;
    for (const int64_t dim : dims) {
        if (dim < 0) return std::nullopt;
        // A zero makes the whole product zero, but the others must still be sane.
        if (dim == 0) {
            is_empty = true;
        } else if (count > INT64_MAX / dim) {
            return std::nullopt;
        } else {
            count *= dim;
        }
    }
    return is_empty ? 0 : count;
}

std::optional<size_t> tensor_bytes(ElementType type, std::span<const int64_t> dims) {
    const std::optional<int64_t> count = element_count(dims);
    const size_t bits = element_bits(type);
    constexpr size_t kBitsPerByte = 8;
    if (!count || static_cast<uint64_t>(*count) > (SIZE_MAX - kBitsPerByte) / bits) return std::nullopt;
    return (static_cast<size_t>(*count) * bits + kBitsPerByte - 1) / kBitsPerByte;
}

}  // namespace inferno::onnx
