// Reads reasoning, content and tool calls out of an answer while it is generated. What it reported it never takes back,
// so the pieces put together are the whole. Thread safety: none; one per generation.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "native/llama/answer_syntax.h"

namespace inferno::llama {

enum class AnswerPart { Content, Reasoning, ToolCall, ToolArguments };

struct AnswerDelta {
    AnswerPart part = AnswerPart::Content;
    int32_t call = 0;  // which of the tool calls
    std::string text;  // of a ToolCall the function's name
    std::string id;    // ToolCall only
};

class AnswerParser {
  public:
    // `make_id` names calls that have no id by the time their arguments begin.
    AnswerParser(std::shared_ptr<const AnswerSyntax> syntax, std::function<std::string()> make_id);

    // Cheap: only parse() looks at the text. REQUIRES: whole UTF-8 characters.
    void push(std::string_view text) { text_ += text; }

    // Appends what has become certain since the last call. Costs time in proportion to the whole text so far.
    // `is_final`: nothing follows. An answer that does not follow its syntax is content as far as it cannot be read.
    void parse(bool is_final, std::vector<AnswerDelta> & out);

    size_t tool_calls() const { return calls_.size(); }
    const std::string & reasoning() const { return reasoning_; }

  private:
    struct Call {
        bool announced = false;
        std::string arguments;
    };

    bool read(bool is_partial, common_chat_msg & message);
    // While it is open which of two syntaxes the answer follows: what both say of it.
    bool read_either(bool is_partial, common_chat_msg & message);
    void report(const common_chat_msg & message, bool is_final, std::vector<AnswerDelta> & out);
    void report_call(const common_chat_tool_call & found, size_t index, bool is_complete,
                     std::vector<AnswerDelta> & out);

    std::shared_ptr<const AnswerSyntax> syntax_;  // the one it follows, as soon as that is known
    const std::function<std::string()> make_id_;
    std::string text_;
    // Reported so far.
    std::string reasoning_;
    std::string content_;
    std::vector<Call> calls_;
};

}  // namespace inferno::llama
