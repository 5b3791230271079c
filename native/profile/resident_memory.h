// What this process has in RAM. Thread safety: free function.
#pragma once

#include <cstdint>

namespace inferno::profile {

// Read from the system at each call (some microseconds); 0 where the system does not tell.
uint64_t resident_memory_bytes();

}  // namespace inferno::profile
