// Little-endian numbers to and from bytes, and a reader that cannot run past its end. Thread safety: values.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <string_view>
#include <type_traits>
#include <vector>

namespace inferno::queue {

template <typename T>
void store_number(std::span<std::byte> out, T value) {
    static_assert(std::is_unsigned_v<T>);
    for (size_t i = 0; i < sizeof(T); ++i) out[i] = static_cast<std::byte>(static_cast<uint64_t>(value) >> (8 * i));
}

template <typename T>
void append_number(std::vector<std::byte> & out, T value) {
    out.resize(out.size() + sizeof(T));
    store_number(std::span(out).last(sizeof(T)), value);
}

inline void append_bytes(std::vector<std::byte> & out, std::span<const std::byte> bytes) {
    out.insert(out.end(), bytes.begin(), bytes.end());
}

inline std::span<const std::byte> bytes_of(std::string_view text) { return std::as_bytes(std::span(text)); }

inline std::string_view text_of(std::span<const std::byte> bytes) {
    return {reinterpret_cast<const char *>(bytes.data()), bytes.size()};
}

class ByteReader {
  public:
    explicit ByteReader(std::span<const std::byte> bytes) : rest_(bytes) {}

    std::span<const std::byte> rest() const { return rest_; }

    // Empty when fewer bytes are left.
    std::optional<std::span<const std::byte>> take(uint64_t count) {
        if (count > rest_.size()) return std::nullopt;
        const auto taken = rest_.first(static_cast<size_t>(count));
        rest_ = rest_.subspan(static_cast<size_t>(count));
        return taken;
    }

    template <typename T>
    bool read(T & value) {
        const auto taken = take(sizeof(T));
        if (!taken) return false;
        uint64_t number = 0;
        for (size_t i = 0; i < sizeof(T); ++i) number |= static_cast<uint64_t>((*taken)[i]) << (8 * i);
        value = static_cast<T>(number);
        return true;
    }

  private:
    std::span<const std::byte> rest_;
};

}  // namespace inferno::queue
