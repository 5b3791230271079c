// Cores this process may really use. Thread safety: free functions.
#pragma once

#include <cstdint>

namespace inferno {

// The smallest of the machine's cores, the calling thread's affinity mask and the cgroup's CPU quota (rounded up);
// at least 1. Reads /proc and /sys on Linux: microseconds, so not per token.
int available_cores();

// Bytes that can be allocated without swapping: the smaller of the machine's available memory and what is left of the
// cgroup's limit. 0 when unknown.
uint64_t available_memory_bytes();

}  // namespace inferno
