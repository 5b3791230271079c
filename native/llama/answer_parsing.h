// Parses the answers that need it on a thread of its own, so that neither decoding nor the JS thread waits for it. The
// engine gives it what it would have put into the outbox; the events come out of drain() in the same order, text turned
// into reasoning, content and tool calls.
//
// Every pass reads a whole answer anew, so passes are spaced: the thread rests four times as long as the last pass
// took, and what comes meanwhile is parsed together. A first text and an end do not wait. The thread starts with the
// first answer that needs it.
//
// Thread safety: add_*, publish and has_room belong to the engine thread; drain to the drainer; stop to the owner, when
// the engine thread has ended.
#pragma once

#include <atomic>
#include <condition_variable>
#include <cstdint>
#include <functional>
#include <memory>
#include <mutex>
#include <optional>
#include <random>
#include <span>
#include <string>
#include <thread>
#include <unordered_map>
#include <vector>

#include "native/llama/answer_parser.h"
#include "native/llama/event_outbox.h"

namespace inferno::llama {

class AnswerParsing {
  public:
    // `wake` is called on the parsing thread; see EventOutbox. `count_tokens` tells how many tokens a text has, on the
    // parsing thread as well.
    AnswerParsing(std::function<void()> wake, std::function<int32_t(std::string_view)> count_tokens);
    ~AnswerParsing();

    // `syntax` is the same in every call for one generation. `logprobs`: JSON or empty.
    void add_text(GenerationId id, const std::shared_ptr<const AnswerSyntax> & syntax, bool escape_json,
                  std::string_view text, int32_t tokens, std::string_view logprobs);
    void add_end(GenerationId id, GenerationEnd end);
    // Hands over what was added.
    void publish();
    bool has_room() const;

    // See EventOutbox::drain.
    size_t drain(std::span<int32_t> records, std::span<uint8_t> text) { return outbox_.drain(records, text); }
    // Parses what is left and joins. Idempotent.
    void stop();

    uint64_t wake_count() const { return outbox_.wake_count(); }

  private:
    struct Mail {
        GenerationId id = 0;
        std::shared_ptr<const AnswerSyntax> syntax;
        bool escape_json = false;
        std::string text;
        int32_t tokens = 0;
        std::string logprobs;
        std::optional<GenerationEnd> end;
    };
    struct Answer {
        explicit Answer(AnswerParser parser) : parser(std::move(parser)) {}
        AnswerParser parser;
        bool escape_json = false;
        bool is_waiting = false;  // text came since it was last parsed
        bool is_urgent = true;    // nothing was parsed yet, or it has ended
        int32_t tokens = 0;       // whose text was not reported yet
        std::string logprobs;     // of them: the inside of a JSON array
        std::optional<GenerationEnd> end;
    };

    void run();
    void take(Mail mail);
    void pass(bool everything);
    void report(GenerationId id, Answer & answer);
    void add_delta(GenerationId id, Answer & answer, const AnswerDelta & delta);
    void add_event(GenerationId id, Answer & answer, const AnswerDelta & delta, std::string_view text);
    std::string make_id(size_t length);

    const std::function<int32_t(std::string_view)> count_tokens_;
    EventOutbox outbox_;  // produced by the parsing thread

    // Engine thread.
    std::vector<Mail> staged_;

    // Guarded by mutex_.
    std::mutex mutex_;
    std::condition_variable wakeup_;
    std::vector<Mail> mail_;
    bool stopping_ = false;

    // Parsing thread.
    std::unordered_map<GenerationId, Answer> answers_;
    std::vector<AnswerDelta> deltas_;
    std::string valid_;
    std::string escaped_;
    std::mt19937_64 random_;

    // Bytes handed over and not taken up. Relaxed: a stale value only lets the engine run a step more or less.
    std::atomic<size_t> waiting_bytes_{0};
    std::thread thread_;  // engine thread until stop()
};

}  // namespace inferno::llama
