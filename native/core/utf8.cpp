#include "native/core/utf8.h"

#include <algorithm>
#include <cstdint>

namespace inferno {
namespace {

struct Character {
    size_t length;    // bytes looked at
    bool valid;       // a whole, well-formed character
    bool incomplete;  // ends before it could be decided; more bytes may complete it
};

// Range of the second byte, which alone rules out overlong forms, surrogates and values over U+10FFFF
// (Unicode 15, table 3-7).
struct SecondByte {
    uint8_t low;
    uint8_t high;
};

constexpr SecondByte second_byte_range(uint8_t lead) {
    switch (lead) {
        case 0xE0:
            return {0xA0, 0xBF};
        case 0xED:
            return {0x80, 0x9F};
        case 0xF0:
            return {0x90, 0xBF};
        case 0xF4:
            return {0x80, 0x8F};
        default:
            return {0x80, 0xBF};
    }
}

constexpr size_t sequence_length(uint8_t lead) {
    if (lead < 0x80) return 1;
    if (lead >= 0xC2 && lead <= 0xDF) return 2;
    if (lead >= 0xE0 && lead <= 0xEF) return 3;
    if (lead >= 0xF0 && lead <= 0xF4) return 4;
    return 0;
}

// REQUIRES: !bytes.empty()
Character read_character(std::string_view bytes) {
    const auto lead = static_cast<uint8_t>(bytes[0]);
    const size_t length = sequence_length(lead);
    if (length == 0) return {1, false, false};
    for (size_t i = 1; i < length; ++i) {
        if (i == bytes.size()) return {i, false, true};
        const auto byte = static_cast<uint8_t>(bytes[i]);
        const SecondByte range = i == 1 ? second_byte_range(lead) : SecondByte{0x80, 0xBF};
        if (byte < range.low || byte > range.high) return {i, false, false};
    }
    return {length, true, false};
}

constexpr std::string_view kReplacement = "\xEF\xBF\xBD";

}  // namespace

size_t complete_utf8_prefix(std::string_view bytes) {
    // Only the last three bytes can belong to an unfinished character.
    const size_t first = bytes.size() > 3 ? bytes.size() - 3 : 0;
    for (size_t i = bytes.size(); i-- > first;) {
        const auto byte = static_cast<uint8_t>(bytes[i]);
        if ((byte & 0xC0) == 0x80) continue;
        return read_character(bytes.substr(i)).incomplete ? i : bytes.size();
    }
    return bytes.size();
}

void append_valid_utf8(std::string_view bytes, std::string & out) {
    while (!bytes.empty()) {
        const Character character = read_character(bytes);
        out.append(character.valid ? bytes.substr(0, character.length) : kReplacement);
        bytes.remove_prefix(character.length);
    }
}

void append_json_escaped(std::string_view text, std::string & out) {
    static constexpr char kHex[] = "0123456789abcdef";
    for (const char c : text) {
        switch (c) {
            case '"':
                out += "\\\"";
                break;
            case '\\':
                out += "\\\\";
                break;
            case '\n':
                out += "\\n";
                break;
            case '\r':
                out += "\\r";
                break;
            case '\t':
                out += "\\t";
                break;
            default:
                if (static_cast<uint8_t>(c) < 0x20) {
                    out += "\\u00";
                    out += kHex[static_cast<uint8_t>(c) >> 4];
                    out += kHex[static_cast<uint8_t>(c) & 15];
                } else {
                    out += c;
                }
        }
    }
}

void append_json_string(std::string_view bytes, std::string & out) {
    std::string valid;
    append_valid_utf8(bytes, valid);
    out += '"';
    append_json_escaped(valid, out);
    out += '"';
}

bool is_ascii(std::string_view text) {
    return std::all_of(text.begin(), text.end(), [](char c) { return static_cast<uint8_t>(c) < 0x80; });
}

}  // namespace inferno
