#include "native/llama/answer_parsing.h"

#include <fstream>
#include <map>
#include <sstream>

#include "log.h"
#include "native/llama/chat_template.h"
#include "test/native/answer_cases.h"
#include "test/native/check.h"

namespace inferno::llama {
namespace {

std::shared_ptr<const AnswerSyntax> hermes_syntax() {
    common_log_set_verbosity_thold(-1);
    std::ifstream stream(std::string(INFERNO_CHAT_TEMPLATES) + "/NousResearch-Hermes-2-Pro-Llama-3-8B-tool_use.jinja");
    std::stringstream source;
    source << stream.rdbuf();
    auto created = ChatTemplate::from_source(source.str());
    CHECK(created.is_ok());
    ChatInput input;
    input.messages_json = R"([{"role": "user", "content": "Hey"}])";
    input.tools_json = test::kTools;
    auto rendered = created.value()->render(input);
    CHECK(rendered.is_ok());
    return rendered.value().syntax;
}

// What came of one generation, with its end.
struct Drained {
    std::string content;
    std::string names;
    std::string arguments;
    std::string logprobs;
    std::string end;
    int tokens = 0;
    int events = 0;
};

class Drainer {
  public:
    explicit Drainer(AnswerParsing & parsing) : parsing_(parsing) {}

    void drain() {
        while (const size_t count = parsing_.drain(records_, bytes_)) {
            for (size_t i = 0; i < count; ++i) take(records_.data() + i * kEventStride);
        }
    }

    std::map<GenerationId, Drained> drained;

  private:
    void take(const int32_t * fields) {
        const auto slice = [&](EventField offset, EventField length) {
            return std::string(reinterpret_cast<const char *>(bytes_.data()) + fields[offset],
                               static_cast<size_t>(fields[length]));
        };
        Drained & all = drained[fields[kEventGeneration]];
        CHECK(all.end.empty());
        ++all.events;
        all.tokens += fields[kEventTokens];
        const std::string text = slice(kEventTextOffset, kEventTextLength);
        const std::string aux = slice(kEventAuxOffset, kEventAuxLength);
        if (fields[kEventKind] == kEventEnd) all.end = aux;
        if (fields[kEventKind] == kEventText) all.content += text;
        if (fields[kEventKind] == kEventToolCall) all.names += text + ";";
        if (fields[kEventKind] == kEventToolArguments) all.arguments += text;
        if (fields[kEventKind] == kEventText) all.logprobs += aux;
    }

    AnswerParsing & parsing_;
    std::vector<int32_t> records_ = std::vector<int32_t>(64 * kEventStride);
    std::vector<uint8_t> bytes_ = std::vector<uint8_t>(EventOutbox::kMaxRecordBytes);
};

GenerationEnd stopped() {
    GenerationEnd end;
    end.completion_tokens = 100;
    return end;
}

}  // namespace

INFERNO_TEST(parsed_answers_come_in_order_with_all_their_tokens_and_one_end) {
    AnswerParsing parsing([] {}, [](std::string_view) { return 0; });
    const auto syntax = hermes_syntax();
    const std::string text =
        "Hi \"you\"<tool_call>\n{\"name\": \"special_function\", \"arguments\": {\"arg1\": 1}}\n</tool_call>";
    for (const char character : text) {
        for (GenerationId id = 1; id <= 20; ++id) {
            parsing.add_text(id, syntax, id % 2 == 0, std::string(1, character), 1, "[1]");
        }
        parsing.publish();
    }
    for (GenerationId id = 1; id <= 20; ++id) parsing.add_end(id, stopped());
    parsing.publish();
    parsing.stop();
    Drainer drainer(parsing);
    drainer.drain();
    CHECK_EQ(drainer.drained.size(), size_t{20});
    for (auto & [id, all] : drainer.drained) {
        CHECK_EQ(all.content, id % 2 == 0 ? "Hi \\\"you\\\"" : "Hi \"you\"");
        CHECK_EQ(all.names, "special_function;");
        CHECK_EQ(all.arguments, id % 2 == 0 ? "{\\\"arg1\\\": 1}" : "{\"arg1\": 1}");
        CHECK_EQ(all.tokens, static_cast<int>(text.size()));
        CHECK(all.end.find("\"toolCalls\":1") != std::string::npos);
    }
}

INFERNO_TEST(an_end_without_a_text_and_a_cancelled_answer_come_through) {
    AnswerParsing parsing([] {}, [](std::string_view) { return 0; });
    GenerationEnd cancelled;
    cancelled.reason = StopReason::Cancelled;
    parsing.add_end(1, cancelled);
    parsing.add_text(2, hermes_syntax(), false, "so far", 2, "");
    parsing.add_end(2, cancelled);
    parsing.publish();
    parsing.stop();
    Drainer drainer(parsing);
    drainer.drain();
    CHECK(drainer.drained[1].end.find("cancelled") != std::string::npos);
    CHECK_EQ(drainer.drained[2].content, "so far");
    CHECK_EQ(drainer.drained[2].tokens, 2);
}

INFERNO_TEST(a_text_larger_than_a_record_is_cut_between_characters) {
    AnswerParsing parsing([] {}, [](std::string_view) { return 0; });
    std::string text;
    while (text.size() < 2 * EventOutbox::kMaxRecordBytes) text += "0123456789é";
    parsing.add_text(1, hermes_syntax(), true, text, 7, "");
    parsing.add_end(1, stopped());
    parsing.publish();
    parsing.stop();
    Drainer drainer(parsing);
    drainer.drain();
    CHECK_EQ(drainer.drained[1].content, text);
    CHECK_EQ(drainer.drained[1].tokens, 7);
    CHECK(drainer.drained[1].events > 2);
}

}  // namespace inferno::llama
