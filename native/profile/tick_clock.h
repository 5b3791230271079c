// Timestamps for the price of one instruction: the processor's counter, turned into time of the steady clock (the clock
// of native/core/clock.h and of process.hrtime) when somebody wants to read them.
//
// now_ticks() is rdtsc on x86-64 when the TSC is invariant and the system's own clock is made of it, cntvct_el0 on
// arm64, and steady_clock elsewhere. Any thread, after static initialization.
//
// TickClock: owned by the one thread that converts; ticks may come from any thread. Nothing waits for a calibration:
// the rate is what both clocks advanced since the program was loaded, and then since the last comparison, of which
// there is at most one a second, when something is converted.
//
// Bounds, with e the error of reading both clocks at once (the best of three, below 100 ns where rdtsc takes 10):
// - A moment at most a second old: 4 e, plus a second times the change of the steady clock's rate within the last two.
//   The kernel limits its steering to 500 ppm (0.5 ms); in practice the rate changes by less than 1 ppm (1 us).
// - A moment older by d: in addition d times the change of the rate since then. Nothing grows with the age of the
// clock,
//   since each comparison starts anew; that is what keeps it right over days.
// - A counter that jumped (suspend, migration of a virtual machine) is noticed with the next comparison.
// Conversions before and after a comparison may differ by e, so who needs a difference that is not negative takes
// interval_ns().
#pragma once

#include <chrono>
#include <cstdint>

#if defined(_MSC_VER) && defined(_M_X64)
#include <intrin.h>
#elif defined(__x86_64__)
#include <x86intrin.h>
#endif

namespace inferno::profile {

// Nanoseconds on the clock whose microseconds native/core/clock.h tells.
inline int64_t steady_ns() {
    return std::chrono::duration_cast<std::chrono::nanoseconds>(std::chrono::steady_clock::now().time_since_epoch())
        .count();
}

// True when the counter runs at one rate on all cores. Reads one small file on Linux; called once.
bool detect_usable_counter();

inline const bool kHasUsableCounter = detect_usable_counter();

// Moments as the counter tells them; only a TickClock knows what they mean.
inline int64_t now_ticks() {
#if defined(__x86_64__) || (defined(_MSC_VER) && defined(_M_X64))
    if (kHasUsableCounter) return static_cast<int64_t>(__rdtsc());
#elif defined(__aarch64__)
    if (kHasUsableCounter) {
        int64_t ticks;
        asm volatile("mrs %0, cntvct_el0" : "=r"(ticks));
        return ticks;
    }
#endif
    return steady_ns();
}

class TickClock {
  public:
    TickClock();

    // Nanoseconds on the steady clock.
    int64_t to_ns(int64_t ticks) {
        compare_if_due(ticks);
        return base_ns_ + static_cast<int64_t>(static_cast<double>(ticks - base_ticks_) * ns_per_tick_);
    }
    // Microseconds; may differ from to_ns() by one at the border between two. The cheap one: whole numbers and one
    // branch, exact to 0.3 us for the last half minute.
    int64_t to_us(int64_t ticks) {
        const uint64_t since_floor = static_cast<uint64_t>(ticks - us_floor_ticks_);
        if (since_floor > us_range_) [[unlikely]]
            return to_ns(ticks) / kNsPerUs;
        return us_floor_ + static_cast<int64_t>((since_floor * us_per_tick_ + us_floor_rest_) >> kShift);
    }

    // Length of an interval at the present rate; 0 when it is negative.
    int64_t interval_ns(int64_t from_ticks, int64_t to_ticks) {
        compare_if_due(to_ticks);
        const int64_t ticks = to_ticks - from_ticks;
        return ticks > 0 ? static_cast<int64_t>(static_cast<double>(ticks) * ns_per_tick_) : 0;
    }

  private:
    static constexpr int64_t kNsPerUs = 1000;
    static constexpr int kShift = 37;  // binary places of us_per_tick_ and us_floor_rest_

    void compare_if_due(int64_t ticks) {
        const int64_t since_base = ticks - base_ticks_;
        // Long before the base: perhaps the counter was set back.
        if (since_base > compare_after_ || since_base < long_ago_) [[unlikely]]
            compare();
    }
    // Reads both clocks, and makes that moment the base if the next comparison is due.
    void compare();
    void prepare_us();

    int64_t base_ticks_;
    int64_t base_ns_;
    double ns_per_tick_ = 1;
    // The next comparison is due that many ticks after the base: as many as the rate was measured over, up to a second.
    // So a rate is never used for longer than twice the time it comes from. 0: the rate is not known yet.
    int64_t compare_after_ = 0;
    // Ticks that are older are of the distant past, or the counter was set back.
    int64_t long_ago_ = 0;

    // The same for to_us(): what lies between long ago and the next comparison is counted from a floor.
    int64_t us_floor_ticks_ = 0;
    uint64_t us_range_ = 0;
    uint64_t us_per_tick_ = 0;
    uint64_t us_floor_rest_ = 0;
    int64_t us_floor_ = 0;
};

}  // namespace inferno::profile
