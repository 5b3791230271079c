// Bytes to and from one zstd frame with a checksum of its content. Thread safety: free functions without state.
#pragma once

#include <cstddef>
#include <span>
#include <vector>

#include "native/core/status.h"

namespace inferno {

// `level` 1 (fast) to 22 (small); negative ones are faster still.
std::vector<std::byte> compress(std::span<const std::byte> bytes, int level);

// Fails with Internal when the frame is damaged or its content is larger than `max_bytes`.
Result<std::vector<std::byte>> decompress(std::span<const std::byte> frame, size_t max_bytes);

}  // namespace inferno
