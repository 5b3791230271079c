// The simulation's source of chance: SplitMix64 with integer draws, so that a seed means the same history with every
// compiler and library. std's distributions differ between libraries. Thread safety: none.
#pragma once

#include <bit>
#include <cstdint>

namespace inferno::sim {

class Random {
  public:
    explicit Random(uint64_t seed) : state_(seed) {}

    // Source: S. Vigna, splitmix64.c, public domain.
    uint64_t next() {
        uint64_t z = (state_ += 0x9E3779B97F4A7C15u);
        z = (z ^ (z >> 30)) * 0xBF58476D1CE4E5B9u;
        z = (z ^ (z >> 27)) * 0x94D049BB133111EBu;
        return z ^ (z >> 31);
    }

    // 0 to n - 1. REQUIRES: n > 0. The bias of the remainder is below n / 2^64.
    int64_t below(int64_t n) { return static_cast<int64_t>(next() % static_cast<uint64_t>(n)); }
    int64_t between(int64_t low, int64_t high) { return low + below(high - low + 1); }
    bool chance(int64_t per_mille) { return below(1000) < per_mille; }

    // About log-uniform over powers of two: an octave, then a number in it. REQUIRES: 1 <= low < high.
    int64_t octaves(int64_t low, int64_t high) {
        const int64_t count = std::bit_width(static_cast<uint64_t>(high / low)) - 1;
        const int64_t start = low << below(count > 0 ? count : 1);
        return between(start, 2 * start - 1 < high ? 2 * start - 1 : high);
    }

    // Exponential with that mean: the distances of a Poisson process.
    int64_t exponential(int64_t mean) {
        return static_cast<int64_t>(static_cast<double>(mean) * minus_log(next() >> 11 | 1));
    }

  private:
    // -ln(bits / 2^53) with additions and multiplications alone, because libraries round std::log differently.
    static double minus_log(uint64_t bits) {
        const int exponent = static_cast<int>(std::bit_width(bits)) - 1;
        const double mantissa = static_cast<double>(bits) / static_cast<double>(uint64_t{1} << exponent);
        const double z = (mantissa - 1.0) / (mantissa + 1.0);
        double sum = 0.0;
        double power = z;
        for (int i = 1; i < 30; i += 2) {
            sum += power / i;
            power *= z * z;
        }
        return (53 - exponent) * 0.69314718055994531 - 2.0 * sum;
    }

    uint64_t state_;
};

}  // namespace inferno::sim
