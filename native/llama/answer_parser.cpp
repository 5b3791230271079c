#include "native/llama/answer_parser.h"

#include <exception>

namespace inferno::llama {
namespace {

// What a template puts around the thoughts is not part of them.
std::string trimmed(const std::string & text) {
    constexpr const char * kSpace = " \t\r\n";
    const size_t first = text.find_first_not_of(kSpace);
    return first == std::string::npos ? std::string() : text.substr(first, text.find_last_not_of(kSpace) - first + 1);
}

// Reports what `now` has beyond `reported`. A reading that does not continue the last one adds nothing.
void report_rest(std::string & reported, const std::string & now, AnswerPart part, int32_t call,
                 std::vector<AnswerDelta> & out) {
    if (now.size() <= reported.size() || !now.starts_with(reported)) return;
    out.push_back({part, call, now.substr(reported.size()), {}});
    reported = now;
}

}  // namespace

AnswerParser::AnswerParser(std::shared_ptr<const AnswerSyntax> syntax, std::function<std::string()> make_id)
    : syntax_(std::move(syntax)), make_id_(std::move(make_id)) {
    if (!syntax_->params.is_continuation) return;
    // What is continued counts as reported.
    common_chat_msg begun;
    if (!read(true, begun)) return;
    reasoning_ = trimmed(begun.reasoning_content);
    content_ = begun.content;
}

void AnswerParser::parse(bool is_final, std::vector<AnswerDelta> & out) {
    common_chat_msg message;
    if (read(!is_final, message) || (is_final && read(true, message))) {
        report(message, is_final, out);
        return;
    }
    const bool nothing_read = reasoning_.empty() && content_.empty() && calls_.empty();
    if (is_final && nothing_read) report_rest(content_, text_, AnswerPart::Content, 0, out);
}

bool AnswerParser::read(bool is_partial, common_chat_msg & message) const {
    try {
        message = common_chat_parse(text_, is_partial, syntax_->params);
        return is_partial || text_.empty() || !message.empty();
    } catch (const std::exception &) {
        return false;
    }
}

void AnswerParser::report(const common_chat_msg & message, bool is_final, std::vector<AnswerDelta> & out) {
    report_rest(reasoning_, trimmed(message.reasoning_content), AnswerPart::Reasoning, 0, out);
    report_rest(content_, message.content, AnswerPart::Content, 0, out);
    for (size_t i = 0; i < message.tool_calls.size(); ++i) {
        report_call(message.tool_calls[i], i, is_final || i + 1 < message.tool_calls.size(), out);
    }
}

void AnswerParser::report_call(const common_chat_tool_call & found, size_t index, bool is_complete,
                               std::vector<AnswerDelta> & out) {
    const auto call = static_cast<int32_t>(index);
    if (calls_.size() <= index) {
        // Its name, and its id if the template has ids, may still be growing until its arguments begin.
        if (found.name.empty() || (found.arguments.empty() && !is_complete)) return;
        calls_.resize(index + 1);
    }
    if (!calls_[index].announced) {
        calls_[index].announced = true;
        out.push_back({AnswerPart::ToolCall, call, found.name, found.id.empty() ? make_id_() : found.id});
    }
    report_rest(calls_[index].arguments, found.arguments, AnswerPart::ToolArguments, call, out);
}

}  // namespace inferno::llama
