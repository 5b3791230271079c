// Turns token bytes into text that may be shown: whole UTF-8 characters only, and nothing that could still become part
// of a stop string. Thread safety: none; owned by one generation on the engine thread.
#pragma once

#include <string>
#include <string_view>
#include <vector>

namespace inferno::llama {

class TextStream {
  public:
    // Empty stop strings are ignored.
    explicit TextStream(std::vector<std::string> stop_strings);

    // Appends the bytes of one token and appends to `out` (valid UTF-8) what has become final.
    // Returns true when a stop string was found: `out` then ends right before it and the stream is over.
    bool push(std::string_view piece, std::string & out);

    // Appends what was held back; an unfinished character becomes U+FFFD.
    void finish(std::string & out);

    // The stop string that was found; empty before.
    const std::string & matched_stop() const { return matched_stop_; }

  private:
    // Bytes at the end of `held_` that are a prefix of some stop string.
    size_t possible_stop_length() const;

    std::vector<std::string> stop_strings_;
    std::string held_;
    std::string matched_stop_;
};

}  // namespace inferno::llama
