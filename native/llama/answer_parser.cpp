#include "native/llama/answer_parser.h"

#include <algorithm>
#include <exception>

#include "native/core/utf8.h"

namespace inferno::llama {
namespace {

constexpr const char * kSpace = " \t\r\n";

std::string without_leading_space(const std::string & text) {
    const size_t first = text.find_first_not_of(kSpace);
    return first == std::string::npos ? std::string() : text.substr(first);
}

// What a template puts around the thoughts is not part of them.
std::string trimmed(const std::string & text) {
    const size_t last = text.find_last_not_of(kSpace);
    return last == std::string::npos ? std::string() : without_leading_space(text.substr(0, last + 1));
}

bool read_as(const AnswerSyntax & syntax, const std::string & text, bool is_partial, common_chat_msg & message) {
    try {
        message = common_chat_parse(text, is_partial, syntax.params);
        return is_partial || text.empty() || !message.empty();
    } catch (const std::exception &) {
        return false;
    }
}

// Whether the text is the beginning of an answer of that syntax.
bool may_become(const AnswerSyntax & syntax, const std::string & text) {
    common_peg_parse_context context(syntax.params.generation_prompt + text, COMMON_PEG_PARSE_FLAG_LENIENT);
    return !syntax.params.parser.parse(context).fail();
}

void keep_common_prefix(std::string & text, const std::string & other) {
    const size_t shorter = std::min(text.size(), other.size());
    const auto end = std::mismatch(text.begin(), text.begin() + static_cast<ptrdiff_t>(shorter), other.begin()).first;
    text.resize(complete_utf8_prefix(std::string_view(text).substr(0, static_cast<size_t>(end - text.begin()))));
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

bool AnswerParser::read(bool is_partial, common_chat_msg & message) {
    if (syntax_->alternative) return read_either(is_partial, message);
    return read_as(*syntax_, text_, is_partial, message);
}

bool AnswerParser::read_either(bool is_partial, common_chat_msg & message) {
    const bool may_be_first = may_become(*syntax_, text_);
    const bool may_be_second = may_become(*syntax_->alternative, text_);
    if (is_partial && may_be_first && may_be_second) {
        common_chat_msg other;
        if (!read_as(*syntax_, text_, true, message) || !read_as(*syntax_->alternative, text_, true, other))
            return false;
        keep_common_prefix(message.content, other.content);
        keep_common_prefix(message.reasoning_content, other.reasoning_content);
        message.tool_calls.clear();
        return true;
    }
    // At the end the first one, which has calls, comes first if it fits as a whole.
    const bool is_first = is_partial ? may_be_first : read_as(*syntax_, text_, false, message);
    if (!is_first && may_be_second) {
        syntax_ = syntax_->alternative;
    } else {
        auto first = std::make_shared<AnswerSyntax>(*syntax_);
        first->alternative = nullptr;
        syntax_ = std::move(first);
    }
    return read(is_partial, message);
}

void AnswerParser::report(const common_chat_msg & message, bool is_final, std::vector<AnswerDelta> & out) {
    report_rest(reasoning_, trimmed(message.reasoning_content), AnswerPart::Reasoning, 0, out);
    const bool has_thought = !reasoning_.empty();
    report_rest(content_, has_thought ? without_leading_space(message.content) : message.content, AnswerPart::Content,
                0, out);
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
