// Monotonic time. Thread safety: free functions without state.
#pragma once

#include <chrono>
#include <cstdint>

namespace inferno {

// Microseconds on the monotonic clock; only differences mean anything.
inline int64_t now_us() {
    return std::chrono::duration_cast<std::chrono::microseconds>(std::chrono::steady_clock::now().time_since_epoch())
        .count();
}

}  // namespace inferno
