// Reads little-endian numbers and strings one after another. A read behind the end gives zeros and sets `failed()`,
// which stays set: check it once per item instead of once per number. Thread safety: one thread at a time.
#pragma once

#include <bit>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <string>
#include <vector>

#include "native/gguf/byte_source.h"

namespace inferno::gguf {

static_assert(std::endian::native == std::endian::little, "GGUF numbers are copied as they are.");

class ByteCursor {
  public:
    // `source` must outlive the cursor.
    explicit ByteCursor(ByteSource & source, uint64_t position = 0) : source_(source), position_(position) {}

    bool failed() const { return failed_; }
    uint64_t position() const { return position_; }
    uint64_t remaining() const { return position_ < source_.size() ? source_.size() - position_ : 0; }

    template <typename T>
    T number() {
        T value{};
        copy(&value, sizeof value);
        return value;
    }

    // REQUIRES: the caller has limited `length`.
    std::string text(uint64_t length);
    void skip(uint64_t length);

  private:
    void copy(void * out, size_t length);
    bool fill_window();

    static constexpr size_t kWindowBytes = 1 << 16;

    ByteSource & source_;
    uint64_t position_;
    // Bytes of the file from `window_start_` on.
    std::vector<std::byte> window_;
    uint64_t window_start_ = 0;
    bool failed_ = false;
};

}  // namespace inferno::gguf
