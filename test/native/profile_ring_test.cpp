#include "native/profile/profile_ring.h"

#include <array>
#include <atomic>
#include <cstring>
#include <thread>
#include <vector>

#include "native/profile/generation_profile.h"
#include "native/profile/resident_memory.h"
#include "test/native/check.h"

using namespace inferno::profile;

namespace {

// Every word follows from the first, so a record of two generations does not agree with itself.
struct Sealed {
    uint64_t number;
    std::array<uint64_t, 14> words;

    static uint64_t word_of(uint64_t number, size_t i) { return (number + 1) * 0x9E3779B97F4A7C15u * (2 * i + 1) ^ i; }
    static Sealed make(uint64_t number) {
        Sealed sealed{number, {}};
        for (size_t i = 0; i < sealed.words.size(); ++i) sealed.words[i] = word_of(number, i);
        return sealed;
    }
    bool is_whole() const {
        for (size_t i = 0; i < words.size(); ++i) {
            if (words[i] != word_of(number, i)) return false;
        }
        return true;
    }
};

// Reads of one thread while another writes; counts, so that nothing is reported from threads.
struct Reading {
    uint64_t torn = 0;
    uint64_t out_of_order = 0;
    uint64_t records = 0;

    void check(const std::vector<Sealed> & found, int64_t step) {
        for (size_t i = 0; i < found.size(); ++i) {
            torn += found[i].is_whole() ? 0 : 1;
            if (i > 0 && found[i].number != found[i - 1].number + static_cast<uint64_t>(step)) ++out_of_order;
        }
        records += found.size();
    }
};

template <typename Ring>
Ring & filled(Ring & ring, uint64_t count) {
    for (uint64_t i = 0; i < count; ++i) ring.push(Sealed::make(i));
    return ring;
}

}  // namespace

INFERNO_TEST(profile_ring_gives_the_newest_first_up_to_the_limit) {
    ProfileRing<Sealed, 8> ring;
    CHECK(ring.recent(5).empty());
    filled(ring, 3);
    CHECK_EQ(ring.recent(8).size(), size_t{3});
    const auto two = ring.recent(2);
    CHECK_EQ(two.size(), size_t{2});
    CHECK_EQ(two[0].number, uint64_t{2});
    CHECK_EQ(two[1].number, uint64_t{1});
    CHECK(ring.recent(0).empty());
}

INFERNO_TEST(profile_ring_keeps_all_its_capacity_when_nobody_writes) {
    ProfileRing<Sealed> ring;
    filled(ring, 5000);
    const auto records = ring.recent(5000);
    CHECK_EQ(records.size(), size_t{1024});
    for (size_t i = 0; i < records.size(); ++i) CHECK(records[i].number == 4999 - i && records[i].is_whole());
    CHECK_EQ(ring.written(), uint64_t{5000});
}

INFERNO_TEST(profile_ring_since_goes_on_where_it_ended_and_counts_the_lost) {
    ProfileRing<Sealed, 8> ring;
    filled(ring, 5);
    auto part = ring.since(0, 3);
    CHECK_EQ(part.records.size(), size_t{3});
    CHECK_EQ(part.records[0].number, uint64_t{0});
    CHECK_EQ(part.next, uint64_t{3});
    CHECK_EQ(part.lost, uint64_t{0});
    for (uint64_t i = 5; i < 20; ++i) ring.push(Sealed::make(i));
    part = ring.since(part.next, 100);
    CHECK_EQ(part.records.size(), size_t{8});
    CHECK_EQ(part.records[0].number, uint64_t{12});
    CHECK_EQ(part.lost, uint64_t{9});
    CHECK_EQ(part.next, uint64_t{20});
    part = ring.since(part.next, 100);
    CHECK(part.records.empty() && part.lost == 0 && part.next == 20);
    // From the future: nothing, and the present to go on from.
    part = ring.since(1000, 100);
    CHECK(part.records.empty() && part.lost == 0 && part.next == 20);
}

INFERNO_TEST(profile_ring_readers_see_whole_records_in_order_while_the_writer_overtakes_them) {
    constexpr int kReaders = 4;
    constexpr uint64_t kRecords = 300'000;
    ProfileRing<Sealed, 16> ring;  // small, so that readers are overtaken all the time
    std::atomic<bool> is_done{false};
    std::array<Reading, kReaders> readings;
    std::array<uint64_t, kReaders> lost{};
    std::vector<std::thread> readers;
    for (int r = 0; r < kReaders; ++r) {
        readers.emplace_back([&, r] {
            Reading & reading = readings[static_cast<size_t>(r)];
            uint64_t next = 0;
            for (bool is_last = false; !is_last;) {
                is_last = is_done.load();
                if (r % 2 == 0) {
                    reading.check(ring.recent(16), -1);
                } else {
                    const auto part = ring.since(next, 1000);
                    reading.check(part.records, 1);
                    next = part.next;
                    lost[static_cast<size_t>(r)] += part.lost;
                }
            }
        });
    }
    for (uint64_t i = 0; i < kRecords; ++i) {
        ring.push(Sealed::make(i));
        if (i % 1024 == 0) std::this_thread::yield();
    }
    is_done.store(true);
    for (std::thread & reader : readers) reader.join();
    for (size_t r = 0; r < kReaders; ++r) {
        CHECK_EQ(readings[r].torn, uint64_t{0});
        // `since` may miss records in the middle of a part when it is overtaken there, and says how many.
        if (r % 2 == 0) CHECK_EQ(readings[r].out_of_order, uint64_t{0});
        if (r % 2 == 1) CHECK_EQ(readings[r].records + lost[r], kRecords);
        CHECK(readings[r].records > 0);
    }
}

INFERNO_TEST(profile_ring_carries_a_generation_unchanged) {
    GenerationRing ring;
    GenerationProfile profile;
    profile.submitted_us = 1;
    profile.ended_us = -1;
    profile.resident_bytes = UINT64_MAX;
    profile.generation = 7;
    profile.preemptions = INT32_MAX;
    profile.tier = 3;
    profile.outcome = Outcome::Error;
    ring.push(profile);
    const auto records = ring.recent(1);
    CHECK_EQ(records.size(), size_t{1});
    CHECK(std::memcmp(&records[0], &profile, sizeof profile) == 0);
}

INFERNO_TEST(resident_memory_grows_by_what_is_written_to) {
    const uint64_t before = resident_memory_bytes();
    constexpr size_t kBytes = 64u << 20;
    std::vector<char> bytes(kBytes, 'x');
    const uint64_t after = resident_memory_bytes();
#if defined(__linux__) || defined(__APPLE__) || defined(_WIN32)
    // Half of it, since other tests may have left pages that the allocator gives again.
    CHECK(before > 0 && after >= before + kBytes / 2);
#endif
    CHECK_EQ(bytes[kBytes - 1], 'x');
}
