#include "native/llama/text_stream.h"

#include <algorithm>

#include "native/core/utf8.h"

namespace inferno::llama {

TextStream::TextStream(std::vector<std::string> stop_strings) : stop_strings_(std::move(stop_strings)) {
    std::erase_if(stop_strings_, [](const std::string & stop) { return stop.empty(); });
}

bool TextStream::push(std::string_view piece, std::string & out) {
    held_ += piece;
    size_t stop_at = std::string::npos;
    for (const std::string & stop : stop_strings_) {
        const size_t found = held_.find(stop);
        // The earliest match wins; at the same place the longest, so that "\n\n" is reported before "\n".
        if (found < stop_at || (found == stop_at && found != std::string::npos && stop.size() > matched_stop_.size())) {
            stop_at = found;
            matched_stop_ = stop;
        }
    }
    if (stop_at != std::string::npos) {
        append_valid_utf8(std::string_view(held_).substr(0, stop_at), out);
        held_.clear();
        return true;
    }
    const size_t free_of_stop = held_.size() - possible_stop_length();
    const size_t final_length = complete_utf8_prefix(std::string_view(held_).substr(0, free_of_stop));
    append_valid_utf8(std::string_view(held_).substr(0, final_length), out);
    held_.erase(0, final_length);
    return false;
}

void TextStream::finish(std::string & out) {
    append_valid_utf8(held_, out);
    held_.clear();
}

size_t TextStream::possible_stop_length() const {
    size_t longest = 0;
    for (const std::string & stop : stop_strings_) {
        size_t length = std::min(stop.size() - 1, held_.size());
        for (; length > longest; --length) {
            if (std::string_view(held_).ends_with(std::string_view(stop).substr(0, length))) {
                longest = length;
                break;
            }
        }
    }
    return longest;
}

}  // namespace inferno::llama
