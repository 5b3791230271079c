// Whatever the pieces in which an answer comes: what is reported, put together, is the whole.
#include "native/llama/answer_parser.h"

#include <cstdlib>
#include <fstream>
#include <map>
#include <random>
#include <sstream>

#include "log.h"
#include "native/core/utf8.h"
#include "native/llama/chat_template.h"
#include "test/native/answer_cases.h"
#include "test/native/check.h"

namespace inferno::llama {
namespace {

constexpr const char * kQuestion = R"([{"role": "user", "content": "Hey there!"}])";

struct Gathered {
    std::string content;
    std::string reasoning;
    std::vector<test::ExpectedCall> calls;

    void take(const std::vector<AnswerDelta> & deltas) {
        for (const AnswerDelta & delta : deltas) {
            if (delta.part == AnswerPart::Content) content += delta.text;
            if (delta.part == AnswerPart::Reasoning) reasoning += delta.text;
            if (delta.part == AnswerPart::ToolCall) {
                CHECK_EQ(static_cast<size_t>(delta.call), calls.size());
                calls.push_back({delta.text, "", delta.id});
            }
            if (delta.part == AnswerPart::ToolArguments)
                calls.at(static_cast<size_t>(delta.call)).arguments += delta.text;
        }
    }
    std::string text() const {
        std::string text = "content:" + content + "|reasoning:" + reasoning;
        for (const test::ExpectedCall & call : calls) text += "|call:" + call.name + call.arguments;
        return text;
    }
};

const ChatTemplate & chat_template(const std::string & file) {
    common_log_set_verbosity_thold(-1);
    static std::map<std::string, std::unique_ptr<ChatTemplate>> templates;
    auto & found = templates[file];
    if (!found) {
        std::ifstream stream(std::string(INFERNO_CHAT_TEMPLATES) + "/" + file);
        std::stringstream source;
        source << stream.rdbuf();
        auto created = ChatTemplate::from_source(source.str());
        if (!created) {
            std::fprintf(stderr, "%s: %s\n", file.c_str(), created.status().message().c_str());
            std::exit(1);
        }
        found = std::move(created).value();
    }
    return *found;
}

RenderedChat render(const std::string & file, const ChatInput & input) {
    auto rendered = chat_template(file).render(input);
    if (!rendered) {
        inferno::test::report_failure(__FILE__, __LINE__, file + ": " + rendered.status().message());
        return {};
    }
    return std::move(rendered).value();
}

ChatInput input_of(const test::AnswerCase & answer) {
    ChatInput input;
    input.messages_json = kQuestion;
    if (answer.with_tools) input.tools_json = test::kTools;
    input.parallel_tool_calls = true;
    if (!answer.thinks) input.template_arguments_json = R"({"enable_thinking": false})";
    return input;
}

// Pieces of whole characters, as TextStream gives them.
std::vector<std::string> split(const std::string & text, std::mt19937 & random, size_t longest) {
    std::vector<std::string> pieces;
    std::string held;
    for (size_t at = 0; at < text.size();) {
        const size_t size = std::min(text.size() - at, 1 + random() % longest);
        held += text.substr(at, size);
        at += size;
        const size_t whole = complete_utf8_prefix(held);
        pieces.push_back(held.substr(0, whole));
        held.erase(0, whole);
    }
    return pieces;
}

Gathered stream(const RenderedChat & chat, const std::vector<std::string> & pieces) {
    Gathered gathered;
    if (!chat.syntax) {
        for (const std::string & piece : pieces) gathered.content += piece;
        return gathered;
    }
    AnswerParser parser(chat.syntax, [] { return std::string(); });
    std::vector<AnswerDelta> deltas;
    for (const std::string & piece : pieces) {
        parser.push(piece);
        parser.parse(false, deltas);
    }
    parser.parse(true, deltas);
    gathered.take(deltas);
    return gathered;
}

// JSON without the spaces around : and , in which templates differ. REQUIRES: no strings with them.
std::string compact(const std::string & json) {
    std::string text;
    bool quoted = false;
    for (size_t i = 0; i < json.size(); ++i) {
        if (json[i] == '"' && (i == 0 || json[i - 1] != '\\')) quoted = !quoted;
        if (quoted || json[i] != ' ') text += json[i];
    }
    return text;
}

}  // namespace

INFERNO_TEST(answers_of_every_family_are_read_the_same_in_whatever_pieces_they_come) {
    std::mt19937 random(20260801);
    for (const test::AnswerCase & answer : test::answer_cases()) {
        const RenderedChat chat = render(answer.template_file, input_of(answer));
        const Gathered whole = stream(chat, {answer.text});
        if (whole.content != answer.content || whole.reasoning != answer.reasoning ||
            whole.calls.size() != answer.calls.size()) {
            inferno::test::report_failure(__FILE__, __LINE__,
                                          std::string(answer.template_file) + ": " + answer.text + "\n  read as " +
                                              whole.text());
            continue;
        }
        for (size_t i = 0; i < answer.calls.size(); ++i) {
            CHECK_EQ(whole.calls[i].name, answer.calls[i].name);
            CHECK_EQ(compact(whole.calls[i].arguments), compact(answer.calls[i].arguments));
            CHECK_EQ(whole.calls[i].id, answer.calls[i].id);
        }
        for (const size_t longest : {1, 3, 7, 40}) {
            const Gathered pieces = stream(chat, split(answer.text, random, longest));
            for (size_t i = 0; i < pieces.calls.size(); ++i) {
                // A template may write the id behind the arguments; then one was made.
                CHECK(pieces.calls[i].id.empty() || pieces.calls[i].id == answer.calls.at(i).id);
            }
            if (pieces.text() != whole.text()) {
                inferno::test::report_failure(__FILE__, __LINE__,
                                              std::string(answer.template_file) + ": in pieces of at most " +
                                                  std::to_string(longest) + ":\n  " + pieces.text() +
                                                  "\n  instead of\n  " + whole.text());
            }
        }
    }
}

INFERNO_TEST(an_answer_that_ends_anywhere_keeps_what_was_reported_of_it) {
    std::mt19937 random(7);
    for (const test::AnswerCase & answer : test::answer_cases()) {
        const RenderedChat chat = render(answer.template_file, input_of(answer));
        if (!chat.syntax) continue;
        for (int round = 0; round < 5; ++round) {
            const size_t length =
                complete_utf8_prefix(std::string_view(answer.text).substr(0, random() % answer.text.size()));
            const std::string cut = answer.text.substr(0, length);
            const Gathered gathered = stream(chat, split(cut, random, 5));
            CHECK(gathered.calls.size() <= answer.calls.size());
            // Until it is clear what is thought, everything is: no more than was said, in its order.
            CHECK(answer.text.find(gathered.reasoning) != std::string::npos);
            CHECK(answer.text.find(gathered.content) != std::string::npos);
        }
    }
}

INFERNO_TEST(a_template_that_neither_thinks_nor_has_tools_needs_no_parsing) {
    ChatInput input;
    input.messages_json = kQuestion;
    CHECK(render("meta-llama-Llama-3.1-8B-Instruct.jinja", input).syntax == nullptr);
    CHECK(render("Qwen-Qwen2.5-7B-Instruct.jinja", input).syntax == nullptr);
    CHECK(render("google-gemma-2-2b-it.jinja", input).syntax == nullptr);
    CHECK(render("Qwen-Qwen3-0.6B.jinja", input).syntax != nullptr);
    CHECK(render("openai-gpt-oss-120b.jinja", input).syntax != nullptr);
    input.tools_json = test::kTools;
    CHECK(render("meta-llama-Llama-3.1-8B-Instruct.jinja", input).syntax != nullptr);
    input.tool_choice = ToolChoice::None;
    CHECK(render("meta-llama-Llama-3.1-8B-Instruct.jinja", input).syntax == nullptr);
}

INFERNO_TEST(a_call_that_must_come_is_forced_by_a_grammar_and_one_that_may_come_waits_for_its_trigger) {
    ChatInput input;
    input.messages_json = kQuestion;
    input.tools_json = test::kTools;
    const RenderedChat may = render("Qwen-Qwen2.5-7B-Instruct.jinja", input);
    CHECK(may.grammar_lazy);
    CHECK(!may.triggers.empty());
    input.tool_choice = ToolChoice::Required;
    const RenderedChat must = render("Qwen-Qwen2.5-7B-Instruct.jinja", input);
    CHECK(!must.grammar_lazy);
    CHECK(!must.grammar.empty());
    input.tool_choice = ToolChoice::None;
    CHECK(render("Qwen-Qwen2.5-7B-Instruct.jinja", input).grammar.empty());
}

INFERNO_TEST(an_answer_may_be_a_call_or_follow_a_schema) {
    std::mt19937 random(11);
    ChatInput input;
    input.messages_json = kQuestion;
    input.tools_json = test::kTools;
    input.json_schema = R"({"type": "object", "properties": {"n": {"type": "integer"}}, "required": ["n"]})";
    const struct {
        const char * file;
        const char * call;
    } families[] = {
        {"Qwen-Qwen2.5-7B-Instruct.jinja",
         "<tool_call>\n{\"name\": \"special_function\", \"arguments\": {\"arg1\": 1}}\n</tool_call>"},
        {"meta-llama-Llama-3.2-3B-Instruct.jinja", "{\"name\": \"special_function\", \"parameters\": {\"arg1\": 1}}"},
        {"mistralai-Mistral-Nemo-Instruct-2407.jinja",
         "[TOOL_CALLS][{\"name\": \"special_function\", \"arguments\": {\"arg1\": 1}, \"id\": \"123456789\"}]"},
    };
    for (const auto & family : families) {
        const RenderedChat chat = render(family.file, input);
        CHECK(!chat.grammar_lazy);
        CHECK(chat.grammar.starts_with("root ::= a-root | b-root"));
        for (const size_t longest : {1, 5, 100}) {
            const Gathered content = stream(chat, split("{\"n\": 12}", random, longest));
            CHECK_EQ(content.content, "{\"n\": 12}");
            CHECK_EQ(content.calls.size(), size_t{0});
            const Gathered call = stream(chat, split(family.call, random, longest));
            CHECK_EQ(call.content, "");
            CHECK_EQ(call.calls.size(), size_t{1});
        }
    }
}

INFERNO_TEST(a_continued_message_reports_only_what_is_new) {
    ChatInput input;
    input.messages_json =
        R"([{"role": "user", "content": "Hey"}, {"role": "assistant", "content": "Hello, ", "reasoning_content": "hm"}])";
    input.continue_final_message = true;
    const Gathered gathered = stream(render("Qwen-Qwen3-0.6B.jinja", input), {"wor", "ld!"});
    CHECK_EQ(gathered.content, "world!");
    CHECK_EQ(gathered.reasoning, "");
}

INFERNO_TEST(what_does_not_follow_its_syntax_is_content) {
    ChatInput input;
    input.messages_json = kQuestion;
    input.tools_json = test::kTools;
    input.tool_choice = ToolChoice::Required;
    const Gathered gathered =
        stream(render("mistralai-Mistral-Nemo-Instruct-2407.jinja", input), {"no call", " at all"});
    CHECK_EQ(gathered.content, "no call at all");
    CHECK_EQ(gathered.calls.size(), size_t{0});
}

INFERNO_TEST(one_call_means_one_call) {
    ChatInput input;
    input.messages_json = kQuestion;
    input.tools_json = test::kTools;
    input.tool_choice = ToolChoice::Required;
    for (const char * file : {"Qwen-Qwen2.5-7B-Instruct.jinja", "Qwen3.5-4B.jinja", "ibm-granite-granite-4.0.jinja"}) {
        input.parallel_tool_calls = true;
        const std::string several = render(file, input).grammar;
        input.parallel_tool_calls = false;
        const std::string one = render(file, input).grammar;
        CHECK(several != one);
        CHECK(one.find("(tool-call space)+") == std::string::npos);
    }
}

}  // namespace inferno::llama
