// An invariant that did not hold; ends the simulation. Thread safety: values.
#pragma once

#include <cstdint>
#include <string>

namespace inferno::sim {

struct Violation {
    int64_t at_us;
    std::string what;
};

inline void require(bool holds, int64_t now_us, const char * invariant, uint64_t key = 0) {
    if (holds) return;
    throw Violation{now_us, std::string(invariant) + (key == 0 ? "" : " (request " + std::to_string(key) + ")")};
}

}  // namespace inferno::sim
