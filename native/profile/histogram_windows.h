// Durations of the last minute, the last five minutes, the last hour and of all time.
//
// A sample is recorded into the current slot of five seconds, and into the histogram of all time. Slots of 30 s and of
// five minutes are made of the shorter ones when their time is over, on the writer's next record:
//
//   5 s     │ │ │ │ │ │ │ │ │ │ │ │ │*    14 slots
//   30 s    │     │     │     │     │     11 slots     each made of six of 5 s
//   5 min   │                             13 slots     each made of ten of 30 s
//
// A window is the slot of its length that is going on and the 12 (10, 12) before it: it holds at least a minute (five,
// an hour), at most 5 s (30 s, 5 min) more. A slot that is not made yet is read as the shorter ones it will be made of,
// so a sample is in a window exactly once, also when nothing was recorded for a while.
//
// Thread safety: record() by one thread, collect() from any; nobody waits. A slot carries its number (time divided by
// its length); it is taken away before the slot is reused, so a reader notices and turns to the slot that was made of
// it.
//
// Time is passed in: microseconds of any monotonic clock, the same for all whose snapshots are merged.
//
// Memory: 19 KiB, and 38 histograms' powers of two: with five that occur (they mostly do) 49 KiB more after an hour.
#pragma once

#include <array>
#include <atomic>
#include <cstddef>
#include <cstdint>
#include <vector>

#include "native/profile/histogram.h"

namespace inferno::profile {

enum class Window : uint8_t { Minute = 0, FiveMinutes = 1, Hour = 2, All = 3 };
inline constexpr size_t kWindowCount = 4;

// A slot of a window, as far as its time has come.
struct WindowSlot {
    int64_t number = 0;  // its time divided by its length
    uint64_t count = 0;
    uint64_t sum_ns = 0;
};

inline constexpr size_t kWindowLevels = 3;  // lengths of slots

// What one or several HistogramWindows hold of one window. REQUIRES: all were collected with the same window. It has
// 76 KiB: to be reused, and not for the stack.
class WindowSnapshot {
  public:
    const HistogramSnapshot & histogram() const { return histogram_; }
    // Those in which something was recorded, oldest first. None for Window::All.
    const std::vector<WindowSlot> & slots() const { return slots_; }
    void clear();

  private:
    friend class HistogramWindows;

    void add_slot(int64_t number, const HistogramSnapshot & part);

    HistogramSnapshot histogram_;
    std::vector<WindowSlot> slots_;
    // Of HistogramWindows::collect(): the slot of each length that is being read.
    std::array<HistogramSnapshot, kWindowLevels> parts_;
};

// Middle of the part of a slot that lies before `now_us`, as microseconds before `now_us`.
int64_t slot_age_us(Window window, const WindowSlot & slot, int64_t now_us);

class alignas(kCacheLine) HistogramWindows {
  public:
    HistogramWindows() = default;
    HistogramWindows(const HistogramWindows &) = delete;
    HistogramWindows & operator=(const HistogramWindows &) = delete;

    // Writer only. A `now_us` before the last one counts as the last one.
    void record(int64_t duration_ns, int64_t now_us) {
        // Relaxed: this thread wrote it.
        if (now_us >= next_turn_us_) turn(now_us);
        current_->record(duration_ns);
        all_.record(duration_ns);
    }

    // Any thread: adds what `window` holds at `now_us` to `into`.
    void collect(Window window, int64_t now_us, WindowSnapshot & into) const;

  private:
    using SlotHistogram = Histogram<uint32_t>;
    static constexpr int64_t kNoNumber = -1;

    struct Slot {
        std::atomic<int64_t> number{kNoNumber};
        SlotHistogram histogram;
    };

    // Writer: makes the slots whose time is over, and the one of `now_us` current.
    void turn(int64_t now_us);
    void make_from_shorter(size_t level, int64_t number);
    // Writer: takes the slot's number away and empties it.
    Slot & take(size_t level, int64_t number);
    // Reader: `part` becomes what the slot holds. False when it is not made, not yet or no longer.
    bool copy(size_t level, int64_t number, HistogramSnapshot & part) const;
    // Reader: parts[level] becomes what the slot holds, or will when it is made.
    void collect_slot(size_t level, int64_t number, std::array<HistogramSnapshot, kWindowLevels> & parts) const;
    // The place of a slot, whatever lies there.
    template <typename Windows>
    static auto & find(Windows & windows, size_t level, int64_t number) {
        const auto at = [number](auto & slots) -> auto & { return slots[static_cast<size_t>(number) % slots.size()]; };
        if (level == 0) return at(windows.seconds_);
        return level == 1 ? at(windows.half_minutes_) : at(windows.minutes_);
    }

    // Writer only.
    int64_t next_turn_us_ = INT64_MIN;
    int64_t current_number_ = kNoNumber;
    SlotHistogram * current_ = nullptr;

    // Written by the writer, read by any.
    Histogram<uint64_t> all_;
    std::array<Slot, 14> seconds_;       // of 5 s
    std::array<Slot, 11> half_minutes_;  // of 30 s
    std::array<Slot, 13> minutes_;       // of 5 min
};

}  // namespace inferno::profile
