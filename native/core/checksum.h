// A 64-bit checksum (XXH64) of bytes that may come back damaged; against accidents, not against attackers.
// Thread safety: a free function without state.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>

namespace inferno {

// `seed` binds the checksum to what is not among the bytes, or to the checksum of what comes before them.
uint64_t checksum64(std::span<const std::byte> bytes, uint64_t seed);

}  // namespace inferno
