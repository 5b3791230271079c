// The header of a GGUF file as data: what is known after reading it, before its meaning is checked. Values only.
#pragma once

#include <array>
#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "native/core/status.h"
#include "native/gguf/byte_source.h"

namespace inferno::gguf {

// Numbers of the file format.
enum class ValueType : uint32_t {
    Uint8 = 0,
    Int8 = 1,
    Uint16 = 2,
    Int16 = 3,
    Uint32 = 4,
    Int32 = 5,
    Float32 = 6,
    Bool = 7,
    String = 8,
    Array = 9,
    Uint64 = 10,
    Int64 = 11,
    Float64 = 12,
};

constexpr uint32_t kMaxDimensions = 4;

struct Value {
    ValueType type = ValueType::Uint8;
    // Arrays only: type and number of the items, and where the first one lies in the file. Items are read when needed.
    ValueType item_type = ValueType::Uint8;
    uint64_t count = 0;
    uint64_t items_offset = 0;
    // Scalars: the bytes of the number, zero-extended.
    uint64_t bits = 0;
    // Strings: the beginning; see kKeptTextBytes.
    std::string text;
};

struct Tensor {
    std::string name;
    // The length of a row first; 1 from `dimension_count` on.
    std::array<uint64_t, kMaxDimensions> dimensions{1, 1, 1, 1};
    uint32_t dimension_count = 0;
    uint32_t type = 0;
    // From the beginning of the data.
    uint64_t offset = 0;
    uint64_t size_bytes = 0;

    // At most 2^63: checked when read.
    uint64_t element_count() const { return dimensions[0] * dimensions[1] * dimensions[2] * dimensions[3]; }
};

// A header whose structure is sound: everything lies inside the file, types are known, names are unique.
struct Header {
    uint32_t version = 0;
    uint64_t alignment = 32;
    uint64_t data_offset = 0;
    std::map<std::string, Value, std::less<>> values;
    std::vector<Tensor> tensors;

    const Value * find(std::string_view key) const;
    // Nothing when the key is missing or of another type.
    std::optional<uint32_t> uint32(std::string_view key) const;
    std::optional<float> float32(std::string_view key) const;
    std::optional<bool> boolean(std::string_view key) const;
    std::string_view text(std::string_view key) const;
};

// Longer strings are checked but only their beginning is kept: no string that decides anything is longer.
constexpr size_t kKeptTextBytes = 4096;

// Fails with InvalidModelFile, or UnsupportedModel for versions, byte orders and tensor types that llama.cpp does not
// read.
Result<Header> read_header(ByteSource & source);

std::string_view value_type_name(ValueType type);
// Bytes of a number; 0 for strings and arrays.
uint64_t value_type_bytes(ValueType type);

// The items of an array. REQUIRES: `value` was read from `source` and is an array of strings.
std::vector<std::string> read_strings(ByteSource & source, const Value & value);
// REQUIRES: `value` was read from `source` and is an array of integers of at most 32 bits or of booleans.
std::vector<int64_t> read_integers(ByteSource & source, const Value & value);

// For messages: text from a file, shortened, with everything unprintable escaped, in quotes.
std::string quoted(std::string_view text);

}  // namespace inferno::gguf
