// Reads the wire format of protocol buffers from a file or from bytes, without a schema and without trusting a length
// in it. Long fields are skipped, not read, so that a model of gigabytes is walked in milliseconds.
//
// Thread safety: none; one reader per thread.
#pragma once

#include <cstddef>
#include <cstdint>
#include <fstream>
#include <optional>
#include <span>
#include <string>
#include <vector>

namespace inferno::onnx {

class WireSource {
  public:
    // Bytes that outlive the source.
    explicit WireSource(std::span<const std::byte> bytes) : bytes_(bytes), size_(bytes.size()) {}
    // Size 0 and is_open() false when it cannot be read.
    explicit WireSource(const std::string & path);

    bool is_open() const { return is_open_; }
    uint64_t size() const { return size_; }
    // Nothing at the end, and when reading fails.
    std::optional<uint8_t> byte_at(uint64_t offset);
    // REQUIRES: the range lies within the source.
    std::string text(uint64_t offset, uint64_t length);

  private:
    std::span<const std::byte> bytes_;
    std::ifstream file_;
    bool is_open_ = true;
    uint64_t size_ = 0;
    std::vector<char> window_;
    uint64_t window_at_ = 0;
};

// One field of a message.
struct WireField {
    enum class Kind : uint8_t { Varint, Bytes, Fixed };
    uint32_t number = 0;
    Kind kind = Kind::Varint;
    uint64_t value = 0;   // of a varint
    uint64_t offset = 0;  // of bytes and fixed fields: where their content lies
    uint64_t length = 0;
};

// The fields of the message in [begin, end), one after the other.
class WireReader {
  public:
    WireReader(WireSource & source, uint64_t begin, uint64_t end) : source_(source), at_(begin), end_(end) {}

    // Nothing at the end of the message, or when it is malformed: see failed().
    std::optional<WireField> next();
    bool failed() const { return failed_; }
    // Where it is, or where it failed.
    uint64_t offset() const { return at_; }
    bool at_end() const { return at_ >= end_; }
    // A number in the message's content, for packed fields.
    std::optional<uint64_t> varint();

  private:
    std::optional<WireField> fail() {
        failed_ = true;
        return std::nullopt;
    }

    WireSource & source_;
    uint64_t at_;
    const uint64_t end_;
    bool failed_ = false;
};

}  // namespace inferno::onnx
