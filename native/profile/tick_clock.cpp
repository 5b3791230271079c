#include "native/profile/tick_clock.h"

#include <algorithm>
#include <cmath>
#include <cstdio>
#include <limits>
#include <string_view>

#if defined(__x86_64__) && !defined(_MSC_VER)
#include <cpuid.h>
#endif

namespace inferno::profile {
namespace {

constexpr double kNsPerSecond = 1e9;

// The same moment on both clocks.
struct ClockPair {
    int64_t ticks;
    int64_t ns;
};

// The thread may lose its core between two readings: of three tries the one with the shortest way around counts.
ClockPair read_both() {
    constexpr int kTries = 3;
    ClockPair best{};
    int64_t best_width = std::numeric_limits<int64_t>::max();
    for (int i = 0; i < kTries; ++i) {
        const int64_t before = now_ticks();
        const int64_t ns = steady_ns();
        const int64_t width = now_ticks() - before;
        if (width < 0 || width >= best_width) continue;
        best_width = width;
        best = {before + width / 2, ns};
    }
    return best;
}

#if defined(__x86_64__) || (defined(_MSC_VER) && defined(_M_X64))
// CPUID 80000007h, EDX bit 8: the TSC runs at one rate in all states of the processor.
bool is_tsc_invariant() {
    constexpr unsigned kLeaf = 0x80000007u;
    constexpr unsigned kBit = 1u << 8;
#ifdef _MSC_VER
    int registers[4];
    __cpuid(registers, static_cast<int>(0x80000000u));
    if (static_cast<unsigned>(registers[0]) < kLeaf) return false;
    __cpuid(registers, static_cast<int>(kLeaf));
    return (static_cast<unsigned>(registers[3]) & kBit) != 0;
#else
    unsigned eax = 0;
    unsigned ebx = 0;
    unsigned ecx = 0;
    unsigned edx = 0;
    return __get_cpuid(kLeaf, &eax, &ebx, &ecx, &edx) != 0 && (edx & kBit) != 0;
#endif
}

// Linux measures whether the TSCs of all cores agree, and uses another clock when they do not.
bool is_tsc_trusted_by_system() {
#ifdef __linux__
    std::FILE * file = std::fopen("/sys/devices/system/clocksource/clocksource0/current_clocksource", "re");
    if (file == nullptr) return false;
    char text[64] = {};
    const size_t length = std::fread(text, 1, sizeof text - 1, file);
    std::fclose(file);
    const std::string_view name(text, length);
    return name.starts_with("tsc") || name.starts_with("kvm-clock") || name.starts_with("hyperv_clocksource_tsc_page");
#else
    return true;
#endif
}
#endif

// What every TickClock begins with, so that its first rate is measured over the time since the program was loaded.
// In this file, after kHasUsableCounter (of the header) is known.
const ClockPair kLoaded = read_both();

}  // namespace

bool detect_usable_counter() {
#if defined(__x86_64__) || (defined(_MSC_VER) && defined(_M_X64))
    return is_tsc_invariant() && is_tsc_trusted_by_system();
#elif defined(__aarch64__)
    return true;  // the architecture demands one rate for all cores
#else
    return false;
#endif
}

TickClock::TickClock() : base_ticks_(kLoaded.ticks), base_ns_(kLoaded.ns) { compare(); }

void TickClock::compare() {
    // Beyond any steering of a clock: something stopped or was set.
    constexpr double kJump = 0.1;
    constexpr double kShortNs = 1e6;
    const ClockPair now = read_both();
    const auto ticks = static_cast<double>(now.ticks - base_ticks_);
    const auto ns = static_cast<double>(now.ns - base_ns_);
    const bool is_rate_known = compare_after_ > 0;
    const bool has_jumped = is_rate_known && std::abs(ticks * ns_per_tick_ - ns) > kJump * ns + kShortNs;
    if (has_jumped) {
        compare_after_ = 0;
    } else {
        // Asked about the distant past: the rate would be of too short a time.
        if (ticks <= static_cast<double>(compare_after_)) return;
        ns_per_tick_ = ns / ticks;
        const double ticks_per_second = ns > 0 ? kNsPerSecond / ns_per_tick_ : ticks;
        compare_after_ = static_cast<int64_t>(std::min(ticks, ticks_per_second));
    }
    base_ticks_ = now.ticks;
    base_ns_ = now.ns;
    prepare_us();
}

void TickClock::prepare_us() {
    constexpr double kFloorNs = 30 * kNsPerSecond;
    constexpr double kCeilingNs = 2 * kNsPerSecond;
    static_assert((kFloorNs + kCeilingNs) / kNsPerUs < (uint64_t{1} << (63 - kShift)), "products fit into 64 bits");
    // Between counters of 1 kHz and 100 GHz; else the rate is of two readings too close together, or of a broken clock.
    const bool is_plausible = ns_per_tick_ > 0.01 && ns_per_tick_ < 1e6;
    us_range_ = 0;
    long_ago_ = 0;
    if (!is_plausible) return;
    long_ago_ = -static_cast<int64_t>(kFloorNs / ns_per_tick_);
    us_range_ = static_cast<uint64_t>(compare_after_ - long_ago_);
    us_floor_ticks_ = base_ticks_ + long_ago_;
    us_per_tick_ = static_cast<uint64_t>(std::ldexp(ns_per_tick_ / kNsPerUs, kShift));
    // So that the base comes out exactly: floor + back = base.
    constexpr uint64_t kOneUs = uint64_t{1} << kShift;
    const uint64_t base_rest = static_cast<uint64_t>(base_ns_ % kNsPerUs) * kOneUs / kNsPerUs;
    const uint64_t back = static_cast<uint64_t>(-long_ago_) * us_per_tick_ - base_rest;
    const uint64_t whole_us = (back + kOneUs - 1) >> kShift;
    us_floor_ = base_ns_ / kNsPerUs - static_cast<int64_t>(whole_us);
    us_floor_rest_ = (whole_us << kShift) - back;
}

}  // namespace inferno::profile
