#include "native/llama/event_outbox.h"

#include <algorithm>
#include <cstring>

#include "native/core/clock.h"
#include "native/core/utf8.h"

namespace inferno::llama {
namespace {

// A drainer this far behind is not keeping up; the engine then waits instead of growing the queue.
constexpr size_t kMaxUndrainedBytes = 4 * 1024 * 1024;
// Wakes closer together than this are merged, which a reader cannot notice but a shared core can.
constexpr int64_t kMinWakeIntervalUs = 250;
constexpr size_t kMaxErrorMessageBytes = 4096;

const char * reason_name(StopReason reason) {
    switch (reason) {
        case StopReason::Stop:
            return "stop";
        case StopReason::Length:
            return "length";
        case StopReason::Cancelled:
            return "cancelled";
        case StopReason::Error:
            return "error";
    }
    return "error";
}

void append_field(std::string & json, const char * name, int64_t value) {
    json += ",\"";
    json += name;
    json += "\":";
    json += std::to_string(value);
}

std::string end_to_json(const GenerationEnd & end) {
    std::string json = "{\"reason\":\"";
    json += reason_name(end.reason);
    json += '"';
    if (!end.stop_string.empty()) {
        json += ",\"stopSequence\":";
        append_json_string(end.stop_string, json);
    }
    append_field(json, "promptTokens", end.prompt_tokens);
    append_field(json, "cachedTokens", end.cached_tokens);
    append_field(json, "completionTokens", end.completion_tokens);
    append_field(json, "tokenizeUs", end.times.tokenize_us);
    append_field(json, "queueUs", end.times.queue_us);
    append_field(json, "prefillUs", end.times.prefill_us);
    append_field(json, "decodeUs", end.times.decode_us);
    append_field(json, "detokenizeUs", end.times.detokenize_us);
    append_field(json, "submittedUs", end.submitted_us);
    append_field(json, "firstTokenUs", end.first_token_us);
    append_field(json, "endedUs", end.ended_us);
    append_field(json, "draftedTokens", end.drafted_tokens);
    append_field(json, "acceptedTokens", end.accepted_tokens);
    append_field(json, "preemptions", end.preemptions);
    append_field(json, "reasoningTokens", end.reasoning_tokens);
    append_field(json, "toolCalls", end.tool_calls);
    if (!end.error.is_ok()) {
        json += ",\"error\":{\"code\":\"";
        json += error_code_name(end.error.code());
        json += "\",\"message\":";
        append_json_string(std::string_view(end.error.message()).substr(0, kMaxErrorMessageBytes), json);
        json += '}';
    }
    json += '}';
    return json;
}

}  // namespace

EventOutbox::EventOutbox(std::function<void()> wake) : wake_(std::move(wake)) {}

void EventOutbox::add_text(GenerationId id, std::string_view text, int32_t tokens, std::string_view aux) {
    add_part(id, kEventText, 0, text, tokens, aux);
}

void EventOutbox::add_end(GenerationId id, const GenerationEnd & end) {
    add_part(id, kEventEnd, 0, {}, 0, end_to_json(end));
}

void EventOutbox::add_part(GenerationId id, EventKind kind, int32_t call, std::string_view text, int32_t tokens,
                           std::string_view aux) {
    const size_t offset = staged_.text.size();
    staged_.text.append(text).append(aux);
    const int32_t record[kEventStride] = {
        id,
        kind,
        static_cast<int32_t>(offset),
        static_cast<int32_t>(text.size()),
        tokens,
        static_cast<int32_t>(offset + text.size()),
        static_cast<int32_t>(aux.size()),
        is_ascii(text) ? 1 : 0,
        call,
    };
    staged_.records.insert(staged_.records.end(), record, record + kEventStride);
    undrained_bytes_.fetch_add(text.size() + aux.size() + sizeof(record), std::memory_order_relaxed);
}

void EventOutbox::publish(bool urgent) {
    if (staged_.records.empty()) return;
    {
        const std::lock_guard lock(mutex_);
        if (shared_.records.empty()) {
            std::swap(shared_, staged_);
        } else {
            const auto shift = static_cast<int32_t>(shared_.text.size());
            for (size_t i = 0; i < staged_.records.size(); i += kEventStride) {
                staged_.records[i + kEventTextOffset] += shift;
                staged_.records[i + kEventAuxOffset] += shift;
            }
            shared_.records.insert(shared_.records.end(), staged_.records.begin(), staged_.records.end());
            shared_.text += staged_.text;
        }
    }
    staged_.clear();
    unsignalled_ = true;
    if (urgent || now_us() - last_wake_us_ >= kMinWakeIntervalUs) flush();
}

void EventOutbox::flush() {
    if (!unsignalled_) return;
    unsignalled_ = false;
    last_wake_us_ = now_us();
    wake();
}

void EventOutbox::wake() {
    if (wake_pending_.exchange(true, std::memory_order_acq_rel)) return;
    wake_count_.fetch_add(1, std::memory_order_relaxed);
    wake_();
}

bool EventOutbox::has_room() const { return undrained_bytes_.load(std::memory_order_relaxed) < kMaxUndrainedBytes; }

size_t EventOutbox::drain(std::span<int32_t> records, std::span<uint8_t> text) {
    wake_pending_.store(false, std::memory_order_release);
    if (drained_records_ * kEventStride == draining_.records.size()) {
        draining_.clear();
        drained_records_ = 0;
        const std::lock_guard lock(mutex_);
        std::swap(draining_, shared_);
    }
    const size_t capacity = records.size() / kEventStride;
    size_t count = 0;
    size_t bytes = 0;
    while (count < capacity && drained_records_ * kEventStride < draining_.records.size()) {
        const int32_t * source = draining_.records.data() + drained_records_ * kEventStride;
        const auto size = static_cast<size_t>(source[kEventTextLength] + source[kEventAuxLength]);
        if (bytes + size > text.size()) break;
        int32_t * target = records.data() + count * kEventStride;
        std::copy_n(source, kEventStride, target);
        std::memcpy(text.data() + bytes, draining_.text.data() + source[kEventTextOffset], size);
        target[kEventTextOffset] = static_cast<int32_t>(bytes);
        target[kEventAuxOffset] = static_cast<int32_t>(bytes) + source[kEventTextLength];
        bytes += size;
        ++count;
        ++drained_records_;
        undrained_bytes_.fetch_sub(size + kEventStride * sizeof(int32_t), std::memory_order_relaxed);
    }
    return count;
}

}  // namespace inferno::llama
