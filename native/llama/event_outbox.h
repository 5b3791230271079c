// Carries generation events from the engine thread to the thread that drains (JS), with at most one wake per step.
//
// The engine stages the events of a step without a lock, then hands them over in one swap under a mutex that the
// drainer holds only for a swap as well. Staging and draining reuse their memory, so a steady stream allocates nothing.
//
// Thread safety: add_*, publish, flush and has_room belong to the engine thread; drain to one other thread.
#pragma once

#include <atomic>
#include <cstdint>
#include <functional>
#include <mutex>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "native/llama/generation.h"

namespace inferno::llama {

// Layout of one record; lib/native-types.ts (EventField) says the same in TypeScript.
enum EventField : size_t {
    kEventGeneration,
    kEventKind,
    kEventTextOffset,
    kEventTextLength,
    kEventTokens,
    kEventAuxOffset,
    kEventAuxLength,
    kEventAscii,
    kEventCall,
    kEventStride,
};
static_assert(kEventStride == 9, "EVENT_STRIDE in lib/native-types.ts must be the same");

enum EventKind : int32_t {
    kEventText = 0,
    kEventEnd = 1,
    // Only of answers that are parsed.
    kEventReasoning = 2,
    kEventToolCall = 3,  // text: the function's name; aux: the call's id as a JSON string
    kEventToolArguments = 4,
};

class EventOutbox {
  public:
    // `wake` is called on the engine thread and must only schedule a drain, not drain.
    explicit EventOutbox(std::function<void()> wake);

    // `aux` is JSON beside the text or empty. REQUIRES: text and aux are valid UTF-8.
    void add_text(GenerationId id, std::string_view text, int32_t tokens, std::string_view aux);
    void add_part(GenerationId id, EventKind kind, int32_t call, std::string_view text, int32_t tokens,
                  std::string_view aux);
    void add_end(GenerationId id, const GenerationEnd & end);

    // Hands over what was added. `urgent` wakes the drainer now; otherwise a wake may wait for the next publish or
    // flush, so that steps of a few microseconds do not each cost a wake.
    void publish(bool urgent);
    // Wakes the drainer if something was published without a wake. Called before anything that takes long.
    void flush();

    // False while the drainer is so far behind that nothing more should be generated.
    bool has_room() const;

    // Moves the next events into the caller's memory and returns how many; 0 when there are none left.
    // REQUIRES: text.size() >= kMaxRecordBytes.
    size_t drain(std::span<int32_t> records, std::span<uint8_t> text);

    uint64_t wake_count() const { return wake_count_.load(std::memory_order_relaxed); }

    static constexpr size_t kMaxRecordBytes = 256 * 1024;

  private:
    struct Batch {
        std::vector<int32_t> records;
        std::string text;
        void clear() {
            records.clear();
            text.clear();
        }
    };

    void wake();

    const std::function<void()> wake_;

    // Engine thread.
    Batch staged_;
    bool unsignalled_ = false;
    int64_t last_wake_us_ = 0;

    // Guarded by mutex_.
    std::mutex mutex_;
    Batch shared_;

    // Drainer.
    Batch draining_;
    size_t drained_records_ = 0;

    // Bytes added and not yet drained. Relaxed: a stale value only lets the engine run a step more or less.
    std::atomic<size_t> undrained_bytes_{0};
    // True from a wake until the drainer starts. Acquire/release pairs the engine's exchange with the drainer's store:
    // a drainer that cleared the flag sees in `shared_` everything published before the exchange that found it clear.
    std::atomic<bool> wake_pending_{false};
    std::atomic<uint64_t> wake_count_{0};
};

}  // namespace inferno::llama
