// Names, sizes and items of metadata values; declared in header.h.
#include <array>

#include "native/gguf/byte_cursor.h"
#include "native/gguf/header.h"

namespace inferno::gguf {
namespace {

struct ValueTypeTraits {
    std::string_view name;
    uint64_t bytes;
};

constexpr std::array<ValueTypeTraits, 13> kValueTypes{{
    {"uint8", 1},
    {"int8", 1},
    {"uint16", 2},
    {"int16", 2},
    {"uint32", 4},
    {"int32", 4},
    {"float32", 4},
    {"bool", 1},
    {"string", 0},
    {"array", 0},
    {"uint64", 8},
    {"int64", 8},
    {"float64", 8},
}};

constexpr size_t kQuotedBytes = 60;

int64_t read_integer(ByteCursor & cursor, ValueType type) {
    switch (type) {
        case ValueType::Uint8:
        case ValueType::Bool:
            return cursor.number<uint8_t>();
        case ValueType::Int8:
            return cursor.number<int8_t>();
        case ValueType::Uint16:
            return cursor.number<uint16_t>();
        case ValueType::Int16:
            return cursor.number<int16_t>();
        case ValueType::Uint32:
            return cursor.number<uint32_t>();
        default:
            return cursor.number<int32_t>();
    }
}

}  // namespace

std::string_view value_type_name(ValueType type) { return kValueTypes[static_cast<size_t>(type)].name; }

uint64_t value_type_bytes(ValueType type) { return kValueTypes[static_cast<size_t>(type)].bytes; }

std::vector<std::string> read_strings(ByteSource & source, const Value & value) {
    ByteCursor cursor(source, value.items_offset);
    std::vector<std::string> items;
    items.reserve(value.count);
    for (uint64_t i = 0; i < value.count && !cursor.failed(); ++i) {
        const auto length = cursor.number<uint64_t>();
        items.push_back(cursor.text(length));
    }
    return items;
}

std::vector<int64_t> read_integers(ByteSource & source, const Value & value) {
    ByteCursor cursor(source, value.items_offset);
    std::vector<int64_t> items;
    items.reserve(value.count);
    for (uint64_t i = 0; i < value.count && !cursor.failed(); ++i)
        items.push_back(read_integer(cursor, value.item_type));
    return items;
}

std::string quoted(std::string_view text) {
    static constexpr std::string_view kHex = "0123456789abcdef";
    std::string result = "\"";
    for (const char character : text.substr(0, kQuotedBytes)) {
        const auto byte = static_cast<unsigned char>(character);
        if (byte >= 0x20 && byte < 0x7f) {
            result += character;
        } else {
            result += "\\x";
            result += kHex[byte >> 4];
            result += kHex[byte & 15];
        }
    }
    return result + (text.size() > kQuotedBytes ? "…\"" : "\"");
}

}  // namespace inferno::gguf
