#include "native/gguf/byte_cursor.h"

#include <algorithm>

namespace inferno::gguf {

std::string ByteCursor::text(uint64_t length) {
    if (failed_ || length > remaining()) {
        failed_ = true;
        return {};
    }
    std::string value(static_cast<size_t>(length), '\0');
    copy(value.data(), value.size());
    return value;
}

void ByteCursor::skip(uint64_t length) {
    if (failed_ || length > remaining()) {
        failed_ = true;
        return;
    }
    position_ += length;
}

void ByteCursor::copy(void * out, size_t length) {
    auto * target = static_cast<std::byte *>(out);
    while (length > 0 && !failed_) {
        const bool is_inside = position_ >= window_start_ && position_ - window_start_ < window_.size();
        if (!is_inside && !fill_window()) {
            failed_ = true;
            return;
        }
        const auto start = static_cast<size_t>(position_ - window_start_);
        const size_t count = std::min(length, window_.size() - start);
        std::memcpy(target, window_.data() + start, count);
        target += count;
        length -= count;
        position_ += count;
    }
}

bool ByteCursor::fill_window() {
    const auto wanted = static_cast<size_t>(std::min<uint64_t>(kWindowBytes, remaining()));
    window_.resize(wanted);
    window_start_ = position_;
    if (wanted > 0) window_.resize(source_.read(position_, window_));
    return !window_.empty();
}

}  // namespace inferno::gguf
