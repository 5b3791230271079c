// The four tiers of priority and their shares. Thread safety: constants and values.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>

namespace inferno::queue {

// In the order in which they are served within a round.
enum class Tier : uint8_t { Vip = 0, High = 1, Normal = 2, Low = 3 };

inline constexpr size_t kTierCount = 4;
// Shares of tokens when all tiers have work.
inline constexpr std::array<int64_t, kTierCount> kTierWeights = {8, 4, 2, 1};

constexpr size_t index_of(Tier tier) { return static_cast<size_t>(tier); }
constexpr Tier better(Tier tier) { return static_cast<Tier>(static_cast<uint8_t>(tier) - 1); }

}  // namespace inferno::queue
