// UTF-8 borders and JSON text. Thread safety: pure functions.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>

namespace inferno {

// Length of the longest prefix that does not end inside a character which further bytes could still complete.
// Bytes that can never become valid count as complete, so that they are not held back for ever.
size_t complete_utf8_prefix(std::string_view bytes);

// Appends `bytes`, each maximal invalid part replaced by U+FFFD (as WHATWG decoders do).
void append_valid_utf8(std::string_view bytes, std::string & out);

// Appends `text` as the inside of a JSON string, without quotes. REQUIRES: `text` is valid UTF-8.
void append_json_escaped(std::string_view text, std::string & out);

// Appends `bytes` as a quoted JSON string; invalid UTF-8 is replaced.
void append_json_string(std::string_view bytes, std::string & out);

bool is_ascii(std::string_view text);

}  // namespace inferno
