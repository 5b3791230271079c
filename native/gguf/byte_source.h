// Where the bytes of a GGUF file come from: a file, or memory in tests and fuzzing. Thread safety: one thread at a
// time.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <span>
#include <string>

#include "native/core/status.h"

namespace inferno::gguf {

class ByteSource {
  public:
    virtual ~ByteSource() = default;

    virtual uint64_t size() const = 0;
    // Fills `out` from `offset` on and returns how many bytes there were; fewer than asked only at the end or on a
    // fault.
    virtual size_t read(uint64_t offset, std::span<std::byte> out) = 0;
};

// `bytes` must outlive the source.
class MemorySource : public ByteSource {
  public:
    explicit MemorySource(std::span<const std::byte> bytes) : bytes_(bytes) {}

    uint64_t size() const override { return bytes_.size(); }
    size_t read(uint64_t offset, std::span<std::byte> out) override;

  private:
    std::span<const std::byte> bytes_;
};

// Opens a regular file; `path` is UTF-8. Fails with FileNotFound or FileUnreadable.
Result<std::unique_ptr<ByteSource>> open_file_source(const std::string & path);

}  // namespace inferno::gguf
