#include "native/profile/histogram_windows.h"

#include <algorithm>

namespace inferno::profile {
namespace {

constexpr int64_t kUsPerSecond = 1'000'000;

struct Level {
    int64_t slot_us;
    int64_t shorter;  // slots of the level before that make one
    int64_t before;   // slots of the window before the one that is going on
};
constexpr std::array<Level, kWindowLevels> kLevels = {{
    {5 * kUsPerSecond, 0, 12},
    {30 * kUsPerSecond, 6, 10},
    {300 * kUsPerSecond, 10, 12},
}};

constexpr size_t level_of(Window window) { return static_cast<size_t>(window); }

int64_t number_at(size_t level, int64_t now_us) { return std::max<int64_t>(now_us, 0) / kLevels[level].slot_us; }

}  // namespace

void WindowSnapshot::clear() {
    histogram_.clear();
    slots_.clear();
}

void WindowSnapshot::add_slot(int64_t number, const HistogramSnapshot & part) {
    histogram_.add(part);
    const auto is_before = [](const WindowSlot & slot, int64_t wanted) { return slot.number < wanted; };
    auto at = std::lower_bound(slots_.begin(), slots_.end(), number, is_before);
    if (at == slots_.end() || at->number != number) at = slots_.insert(at, WindowSlot{number, 0, 0});
    at->count += part.count();
    at->sum_ns += part.sum_ns();
}

int64_t slot_age_us(Window window, const WindowSlot & slot, int64_t now_us) {
    const int64_t length = kLevels[level_of(window)].slot_us;
    const int64_t start = slot.number * length;
    return std::max<int64_t>(0, now_us - (start + std::min(start + length, now_us)) / 2);
}

HistogramWindows::Slot & HistogramWindows::take(size_t level, int64_t number) {
    Slot & taken = find(*this, level, number);
    // Release, pairs with the acquires in copy(): who misses the number finds the longer slot that was made of this
    // one.
    taken.number.store(kNoNumber, std::memory_order_release);
    taken.histogram.clear();
    return taken;
}

void HistogramWindows::turn(int64_t now_us) {
    const int64_t number = number_at(0, now_us);
    if (current_number_ != kNoNumber) {
        int64_t old_number = current_number_;
        int64_t new_number = number;
        for (size_t level = 1; level < kWindowLevels; ++level) {
            old_number /= kLevels[level].shorter;
            new_number /= kLevels[level].shorter;
            if (old_number != new_number) make_from_shorter(level, old_number);
        }
    }
    Slot & started = take(0, number);
    // Release: who sees the number sees the slot emptied.
    started.number.store(number, std::memory_order_release);
    current_ = &started.histogram;
    current_number_ = number;
    next_turn_us_ = (number + 1) * kLevels[0].slot_us;
}

void HistogramWindows::make_from_shorter(size_t level, int64_t number) {
    Slot & made = take(level, number);
    const int64_t first = number * kLevels[level].shorter;
    for (int64_t part = first; part < first + kLevels[level].shorter; ++part) {
        const Slot & shorter = find(*this, level - 1, part);
        // Relaxed: this thread wrote it.
        if (shorter.number.load(std::memory_order_relaxed) == part) made.histogram.add(shorter.histogram);
    }
    // Release: who sees the number sees the sum.
    made.number.store(number, std::memory_order_release);
}

bool HistogramWindows::copy(size_t level, int64_t number, HistogramSnapshot & part) const {
    part.clear();
    const Slot & from = find(*this, level, number);
    // Acquire, pairs with the stores of numbers: the histogram is that of this number or a later one.
    if (from.number.load(std::memory_order_acquire) != number) return false;
    from.histogram.add_to(part);
    // If a figure above was of a later number, then its acquire made the missing number visible. Acquire for the
    // caller, who looks for the longer slot next.
    if (from.number.load(std::memory_order_acquire) == number) return true;
    part.clear();
    return false;
}

void HistogramWindows::collect_slot(size_t level, int64_t number,
                                    std::array<HistogramSnapshot, kWindowLevels> & parts) const {
    HistogramSnapshot & whole = parts[level];
    if (copy(level, number, whole) || level == 0) return;
    const int64_t first = number * kLevels[level].shorter;
    for (int64_t part = first; part < first + kLevels[level].shorter; ++part) {
        collect_slot(level - 1, part, parts);
        whole.add(parts[level - 1]);
    }
    // A shorter slot is reused only after the longer one was made. If that happened meanwhile, the longer one has it
    // all; if even that was reused meanwhile, its time is before every window.
    if (find(*this, level, number).number.load(std::memory_order_acquire) == number) copy(level, number, whole);
}

void HistogramWindows::collect(Window window, int64_t now_us, WindowSnapshot & into) const {
    if (window == Window::All) {
        all_.add_to(into.histogram_);
        return;
    }
    const size_t level = level_of(window);
    const int64_t last = number_at(level, now_us);
    for (int64_t number = std::max<int64_t>(0, last - kLevels[level].before); number <= last; ++number) {
        collect_slot(level, number, into.parts_);
        if (!into.parts_[level].empty()) into.add_slot(number, into.parts_[level]);
    }
}

}  // namespace inferno::profile
