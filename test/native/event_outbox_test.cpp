#include "native/llama/event_outbox.h"

#include <atomic>
#include <condition_variable>
#include <map>
#include <mutex>
#include <thread>

#include "test/native/check.h"

using namespace inferno;
using namespace inferno::llama;

namespace {

struct Buffers {
    std::vector<int32_t> records = std::vector<int32_t>(64 * kEventStride);
    std::vector<uint8_t> text = std::vector<uint8_t>(EventOutbox::kMaxRecordBytes);

    std::string slice(size_t record, EventField offset, EventField length) const {
        const int32_t * fields = records.data() + record * kEventStride;
        return {reinterpret_cast<const char *>(text.data()) + fields[offset], static_cast<size_t>(fields[length])};
    }
    int32_t field(size_t record, EventField field) const { return records[record * kEventStride + field]; }
};

}  // namespace

INFERNO_TEST(event_outbox_delivers_text_and_end_in_order) {
    int wakes = 0;
    EventOutbox outbox([&] { ++wakes; });
    Buffers buffers;
    outbox.add_text(1, "Hi", 1, "");
    outbox.add_text(2, "\xE2\x82\xAC", 2, "[1]");
    GenerationEnd end;
    end.reason = StopReason::Length;
    end.completion_tokens = 3;
    outbox.add_end(1, end);
    outbox.publish(true);
    CHECK_EQ(wakes, 1);
    CHECK_EQ(outbox.drain(buffers.records, buffers.text), 3u);
    CHECK_EQ(buffers.slice(0, kEventTextOffset, kEventTextLength), std::string("Hi"));
    CHECK_EQ(buffers.field(0, kEventAscii), 1);
    CHECK_EQ(buffers.field(1, kEventGeneration), 2);
    CHECK_EQ(buffers.field(1, kEventTokens), 2);
    CHECK_EQ(buffers.field(1, kEventAscii), 0);
    CHECK_EQ(buffers.slice(1, kEventAuxOffset, kEventAuxLength), std::string("[1]"));
    CHECK_EQ(buffers.field(2, kEventKind), static_cast<int32_t>(kEventEnd));
    CHECK(buffers.slice(2, kEventAuxOffset, kEventAuxLength).find("\"reason\":\"length\"") != std::string::npos);
    CHECK_EQ(outbox.drain(buffers.records, buffers.text), 0u);
}

INFERNO_TEST(event_outbox_an_error_end_carries_code_and_escaped_message) {
    EventOutbox outbox([] {});
    Buffers buffers;
    GenerationEnd end;
    end.reason = StopReason::Error;
    end.error = Status(ErrorCode::DecodeFailed, "It \"broke\"\n");
    outbox.add_end(5, end);
    outbox.publish(true);
    CHECK_EQ(outbox.drain(buffers.records, buffers.text), 1u);
    const std::string json = buffers.slice(0, kEventAuxOffset, kEventAuxLength);
    CHECK(json.find(R"("error":{"code":"decode_failed","message":"It \"broke\"\n"})") != std::string::npos);
}

INFERNO_TEST(event_outbox_one_wake_until_the_drainer_starts) {
    int wakes = 0;
    EventOutbox outbox([&] { ++wakes; });
    Buffers buffers;
    for (int i = 0; i < 5; ++i) {
        outbox.add_text(1, "x", 1, "");
        outbox.publish(true);
    }
    CHECK_EQ(wakes, 1);
    CHECK_EQ(outbox.drain(buffers.records, buffers.text), 5u);
    outbox.add_text(1, "y", 1, "");
    outbox.publish(true);
    CHECK_EQ(wakes, 2);
}

INFERNO_TEST(event_outbox_a_merged_wake_is_made_up_for_by_flush) {
    int wakes = 0;
    EventOutbox outbox([&] { ++wakes; });
    Buffers buffers;
    outbox.add_text(1, "a", 1, "");
    outbox.publish(true);
    CHECK_EQ(outbox.drain(buffers.records, buffers.text), 1u);
    outbox.add_text(1, "b", 1, "");
    outbox.publish(false);  // right after the first wake, so it may be merged
    outbox.flush();
    CHECK_EQ(wakes, 2);
    outbox.flush();
    CHECK_EQ(wakes, 2);
}

INFERNO_TEST(event_outbox_small_buffers_take_several_drains_and_lose_nothing) {
    EventOutbox outbox([] {});
    Buffers buffers;
    for (int i = 0; i < 200; ++i) outbox.add_text(i + 1, std::to_string(i), 1, "");
    outbox.publish(true);
    int next = 0;
    while (const size_t count = outbox.drain(buffers.records, buffers.text)) {
        for (size_t i = 0; i < count; ++i) {
            CHECK_EQ(buffers.slice(i, kEventTextOffset, kEventTextLength), std::to_string(next));
            ++next;
        }
    }
    CHECK_EQ(next, 200);
}

INFERNO_TEST(event_outbox_says_when_the_drainer_is_too_far_behind) {
    EventOutbox outbox([] {});
    Buffers buffers;
    const std::string large(100 * 1024, 'x');
    CHECK(outbox.has_room());
    for (int i = 0; i < 60; ++i) outbox.add_text(1, large, 1, "");
    outbox.publish(true);
    CHECK(!outbox.has_room());
    while (outbox.drain(buffers.records, buffers.text) > 0) {
    }
    CHECK(outbox.has_room());
}

// Provable: every event arrives once and in order per generation, and the drainer never sleeps while events lie there
// (otherwise this test would hang until its runner's deadline). Run under TSan.
INFERNO_TEST(event_outbox_producer_and_drainer_race_without_loss) {
    constexpr int kEvents = 60000;
    std::mutex mutex;
    std::condition_variable wakeup;
    bool woken = false;
    EventOutbox outbox([&] {
        const std::lock_guard lock(mutex);
        woken = true;
        wakeup.notify_one();
    });
    std::thread producer([&] {
        for (int i = 0; i < kEvents; ++i) {
            while (!outbox.has_room()) std::this_thread::yield();
            outbox.add_text(1 + i % 3, std::to_string(i / 3), 1, "");
            outbox.publish(i % 7 == 0);
            if (i % 11 == 0) outbox.flush();
        }
        outbox.flush();
    });
    Buffers buffers;
    std::map<int32_t, int> next;
    int received = 0;
    while (received < kEvents) {
        {
            std::unique_lock lock(mutex);
            wakeup.wait(lock, [&] { return woken; });
            woken = false;
        }
        while (const size_t count = outbox.drain(buffers.records, buffers.text)) {
            for (size_t i = 0; i < count; ++i) {
                const int32_t id = buffers.field(i, kEventGeneration);
                CHECK_EQ(buffers.slice(i, kEventTextOffset, kEventTextLength), std::to_string(next[id]++));
            }
            received += static_cast<int>(count);
        }
    }
    producer.join();
    CHECK_EQ(received, kEvents);
}
