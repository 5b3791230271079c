#include "native/llama/answer_parsing.h"

#include <algorithm>
#include <chrono>

#include "native/core/clock.h"
#include "native/core/utf8.h"

namespace inferno::llama {
namespace {

// Of the time of one core, a fifth at most.
constexpr int64_t kRestPerWork = 4;
constexpr size_t kMaxWaitingBytes = 4 * 1024 * 1024;
// Escaped, one byte may become six.
constexpr size_t kMaxPieceBytes = EventOutbox::kMaxRecordBytes / 8;

EventKind kind_of(AnswerPart part) {
    switch (part) {
        case AnswerPart::Content:
            return kEventText;
        case AnswerPart::Reasoning:
            return kEventReasoning;
        case AnswerPart::ToolCall:
            return kEventToolCall;
        case AnswerPart::ToolArguments:
            return kEventToolArguments;
    }
    return kEventText;
}

}  // namespace

AnswerParsing::AnswerParsing(std::function<void()> wake, std::function<int32_t(std::string_view)> count_tokens)
    : count_tokens_(std::move(count_tokens)), outbox_(std::move(wake)), random_(std::random_device{}()) {}

AnswerParsing::~AnswerParsing() { stop(); }

void AnswerParsing::add_text(GenerationId id, const std::shared_ptr<const AnswerSyntax> & syntax, bool escape_json,
                             std::string_view text, int32_t tokens, std::string_view logprobs) {
    staged_.push_back({id, syntax, escape_json, std::string(text), tokens, std::string(logprobs), std::nullopt});
}

void AnswerParsing::add_end(GenerationId id, GenerationEnd end) {
    staged_.push_back({id, nullptr, false, {}, 0, {}, std::move(end)});
}

void AnswerParsing::publish() {
    if (staged_.empty()) return;
    if (!thread_.joinable()) thread_ = std::thread([this] { run(); });
    size_t bytes = 0;
    for (const Mail & mail : staged_) bytes += mail.text.size() + mail.logprobs.size();
    waiting_bytes_.fetch_add(bytes, std::memory_order_relaxed);
    {
        const std::lock_guard lock(mutex_);
        std::move(staged_.begin(), staged_.end(), std::back_inserter(mail_));
    }
    staged_.clear();
    wakeup_.notify_one();
}

bool AnswerParsing::has_room() const {
    return outbox_.has_room() && waiting_bytes_.load(std::memory_order_relaxed) < kMaxWaitingBytes;
}

void AnswerParsing::stop() {
    {
        const std::lock_guard lock(mutex_);
        stopping_ = true;
    }
    wakeup_.notify_one();
    if (thread_.joinable()) thread_.join();
}

void AnswerParsing::run() {
    std::vector<Mail> mail;
    int64_t rests_until_us = 0;
    std::unique_lock lock(mutex_);
    while (true) {
        const auto has_work = [this] { return stopping_ || !mail_.empty(); };
        const bool some_wait =
            std::any_of(answers_.begin(), answers_.end(), [](const auto & entry) { return entry.second.is_waiting; });
        if (some_wait) {
            wakeup_.wait_for(lock, std::chrono::microseconds(std::max<int64_t>(0, rests_until_us - now_us())),
                             has_work);
        } else {
            wakeup_.wait(lock, has_work);
        }
        const bool is_over = stopping_ && mail_.empty();
        mail.swap(mail_);
        lock.unlock();
        for (Mail & item : mail) take(std::move(item));
        mail.clear();
        const int64_t begun_us = now_us();
        const bool has_rested = begun_us >= rests_until_us || is_over;
        pass(has_rested);
        outbox_.publish(true);
        const int64_t ended_us = now_us();
        rests_until_us = std::max(rests_until_us, ended_us + kRestPerWork * (ended_us - begun_us));
        lock.lock();
        if (is_over) return;
    }
}

void AnswerParsing::take(Mail mail) {
    waiting_bytes_.fetch_sub(mail.text.size() + mail.logprobs.size(), std::memory_order_relaxed);
    auto found = answers_.find(mail.id);
    if (found == answers_.end()) {
        if (mail.end) {
            // It ended before its first text.
            outbox_.add_end(mail.id, *mail.end);
            return;
        }
        const size_t length = mail.syntax->call_id_length;
        found =
            answers_.emplace(mail.id, Answer(AnswerParser(mail.syntax, [=, this] { return make_id(length); }))).first;
        found->second.escape_json = mail.escape_json;
    }
    Answer & answer = found->second;
    answer.is_waiting = true;
    if (mail.end) {
        answer.end = std::move(mail.end);
        answer.is_urgent = true;
        return;
    }
    answer.parser.push(mail.text);
    answer.tokens += mail.tokens;
    if (mail.logprobs.empty()) return;
    if (!answer.logprobs.empty()) answer.logprobs += ',';
    // Without its brackets.
    answer.logprobs.append(mail.logprobs, 1, mail.logprobs.size() - 2);
    if (answer.logprobs.size() > kMaxPieceBytes) add_event(mail.id, answer, {}, {});
}

void AnswerParsing::pass(bool everything) {
    for (auto entry = answers_.begin(); entry != answers_.end();) {
        Answer & answer = entry->second;
        if (!answer.is_waiting || !(everything || answer.is_urgent)) {
            ++entry;
            continue;
        }
        report(entry->first, answer);
        entry = answer.end ? answers_.erase(entry) : std::next(entry);
    }
}

void AnswerParsing::report(GenerationId id, Answer & answer) {
    answer.is_waiting = false;
    answer.is_urgent = false;
    const bool is_final = answer.end && answer.end->error.is_ok() && answer.end->reason != StopReason::Cancelled;
    deltas_.clear();
    answer.parser.parse(is_final, deltas_);
    for (const AnswerDelta & delta : deltas_) add_delta(id, answer, delta);
    if (!answer.end) return;
    if (answer.tokens > 0 || !answer.logprobs.empty()) add_event(id, answer, {}, {});
    answer.end->tool_calls = static_cast<int32_t>(answer.parser.tool_calls());
    answer.end->reasoning_tokens = std::min(count_tokens_(answer.parser.reasoning()), answer.end->completion_tokens);
    outbox_.add_end(id, *answer.end);
}

// In pieces that fit into one record of the outbox.
void AnswerParsing::add_delta(GenerationId id, Answer & answer, const AnswerDelta & delta) {
    std::string_view rest = delta.text;
    while (rest.size() > kMaxPieceBytes) {
        const size_t size = complete_utf8_prefix(rest.substr(0, kMaxPieceBytes));
        add_event(id, answer, delta, rest.substr(0, size));
        rest.remove_prefix(size);
    }
    add_event(id, answer, delta, rest);
}

void AnswerParsing::add_event(GenerationId id, Answer & answer, const AnswerDelta & delta, std::string_view text) {
    valid_.clear();
    append_valid_utf8(text, valid_);
    text = valid_;
    if (answer.escape_json) {
        escaped_.clear();
        append_json_escaped(valid_, escaped_);
        text = escaped_;
    }
    // A call's id lies where others have their logprobs.
    std::string aux;
    if (delta.part == AnswerPart::ToolCall) {
        append_json_string(delta.id, aux);
    } else if (!answer.logprobs.empty()) {
        aux = '[' + answer.logprobs + ']';
        answer.logprobs.clear();
    }
    outbox_.add_part(id, kind_of(delta.part), delta.call, text, answer.tokens, aux);
    answer.tokens = 0;
}

std::string AnswerParsing::make_id(size_t length) {
    constexpr std::string_view kLetters = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz";
    constexpr size_t kUsualLength = 29;
    std::string id = length == 0 ? "call_" : "";
    while (id.size() < (length == 0 ? kUsualLength : length)) id += kLetters[random_() % kLetters.size()];
    return id;
}

}  // namespace inferno::llama
