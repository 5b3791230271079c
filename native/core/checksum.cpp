#include "native/core/checksum.h"

// zstd carries XXH64 for its own content checksum, so it is there already.
#include <common/xxhash.h>

namespace inferno {

uint64_t checksum64(std::span<const std::byte> bytes, uint64_t seed) { return XXH64(bytes.data(), bytes.size(), seed); }

}  // namespace inferno
