// The last records of one writer, for any number of readers. Nobody waits for anybody: the writer overwrites the oldest
// record, and a reader that was overtaken notices and drops it.
//
//   slot 0                        slot 1
//   ┌─────────┬──────────────┐    ┌─────────┬──────────────┐
//   │ version │ words of the │    │ version │ words of the │   …   Capacity slots, each on cache lines of its own
//   └─────────┴──────────────┘    └─────────┴──────────────┘
//
// Record i lies in slot i mod Capacity. The version is 0 while it is written and i + 1 when it is whole.
//
// Thread safety: push() by one thread at a time, the rest from any thread. Owns its slots; allocates only when it is
// made. A reader sees the last Capacity - n records in full when n are written while it reads, so at least 1,000 of
// 1,024 unless more than 24 come meanwhile; what it misses then are always the oldest.
#pragma once

#include <algorithm>
#include <array>
#include <atomic>
#include <bit>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <memory>
#include <optional>
#include <type_traits>
#include <utility>
#include <vector>

namespace inferno::profile {

// What a reader that comes again and again gets.
template <typename Record>
struct RecordsSince {
    std::vector<Record> records;  // oldest first
    uint64_t next = 0;            // to ask for the next time
    uint64_t lost = 0;            // of the records up to `next`, those that were overwritten before they were read
};

template <typename Record, size_t Capacity = 1024>
class ProfileRing {
    static_assert(std::is_trivially_copyable_v<Record>, "records are copied word by word");
    static_assert(sizeof(Record) % sizeof(uint64_t) == 0, "a record consists of whole words");
    static_assert(std::has_single_bit(Capacity), "a slot is found with a mask");

  public:
    ProfileRing() : slots_(std::make_unique<Slot[]>(Capacity)) {}

    // Writer only.
    void push(const Record & record) {
        // Relaxed: this thread wrote it.
        const uint64_t index = written_.load(std::memory_order_relaxed);
        Slot & slot = slots_[index & (Capacity - 1)];
        // Relaxed: the release of each word below orders it before that word.
        slot.version.store(kBeingWritten, std::memory_order_relaxed);
        // Release, pairs with the acquire of the same word in read(): who sees one of these words also sees that the
        // slot is being written (or something later), and so drops what it read. A plain store on x86.
        const auto * bytes = reinterpret_cast<const std::byte *>(&record);
        for_each_word([&](auto i) {
            uint64_t word;
            std::memcpy(&word, bytes + i * sizeof word, sizeof word);
            slot.words[i].store(word, std::memory_order_release);
        });
        // Release, pairs with the first load in read(): who sees it sees the words.
        slot.version.store(index + 1, std::memory_order_release);
        // Release, pairs with written(): who sees it finds the record. A reader with a stale number misses the newest.
        written_.store(index + 1, std::memory_order_release);
    }

    // Records ever written; the next one's sequence.
    uint64_t written() const { return written_.load(std::memory_order_acquire); }

    // The last records, newest first, at most `limit`.
    std::vector<Record> recent(size_t limit) const {
        const uint64_t end = written();
        const uint64_t count = std::min<uint64_t>({limit, Capacity, end});
        std::vector<Record> records;
        records.reserve(count);
        for (uint64_t i = 0; i < count; ++i) {
            const std::optional<Record> record = read(end - 1 - i);
            if (!record) break;  // overwritten, and so is everything older
            records.push_back(*record);
        }
        return records;
    }

    // The records from `sequence` on, oldest first, at most `limit`.
    RecordsSince<Record> since(uint64_t sequence, size_t limit) const {
        const uint64_t end = written();
        RecordsSince<Record> result;
        const uint64_t oldest = end > Capacity ? end - Capacity : 0;
        uint64_t index = std::clamp(sequence, oldest, end);
        for (; index < end && result.records.size() < limit; ++index) {
            const std::optional<Record> record = read(index);
            if (record) result.records.push_back(*record);
        }
        result.next = index;
        result.lost = index - std::min(index, sequence) - result.records.size();
        return result;
    }

  private:
    static constexpr size_t kWords = sizeof(Record) / sizeof(uint64_t);
    static constexpr size_t kCacheLine = 64;
    static constexpr uint64_t kBeingWritten = 0;
    using Words = std::array<uint64_t, kWords>;

    // Unrolled, so that words go from where the record was made straight to the slot. A copy of the whole record before
    // would read with wide loads what was just written with narrow stores, and wait for them.
    template <typename Visit>
    static void for_each_word(Visit visit) {
        [&]<size_t... I>(std::index_sequence<I...>) {
            (visit(std::integral_constant<size_t, I>()), ...);
        }(std::make_index_sequence<kWords>());
    }

    struct alignas(kCacheLine) Slot {
        std::atomic<uint64_t> version{kBeingWritten};
        std::array<std::atomic<uint64_t>, kWords> words{};
    };

    // Nothing when another record lies there, or is being written.
    std::optional<Record> read(uint64_t index) const {
        const Slot & slot = slots_[index & (Capacity - 1)];
        const uint64_t whole = index + 1;
        // Acquire, pairs with the last store of the slot in push(): the words of this record, or later ones.
        if (slot.version.load(std::memory_order_acquire) != whole) return std::nullopt;
        Words words;
        // Acquire: see push(). It also keeps the load below after these.
        for (size_t i = 0; i < kWords; ++i) words[i] = slot.words[i].load(std::memory_order_acquire);
        // Relaxed: if a word above was of a later record, then it is visible by now that the slot was being written.
        if (slot.version.load(std::memory_order_relaxed) != whole) return std::nullopt;
        return std::bit_cast<Record>(words);
    }

    // Constant after construction.
    const std::unique_ptr<Slot[]> slots_;
    // Apart from what neighbours in memory write.
    alignas(kCacheLine) std::atomic<uint64_t> written_{0};
};

}  // namespace inferno::profile
