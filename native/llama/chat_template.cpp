#include "native/llama/chat_template.h"

#include <algorithm>
#include <exception>

#include "chat.h"
#include "json.h"
#include "native/llama/answer_syntax.h"
#include "native/llama/grammar_text.h"

namespace inferno::llama {
namespace {

void set_template_arguments(const std::string & json, common_chat_templates_inputs & inputs) {
    const common_json arguments = common_json::parse(json);
    if (!arguments.is_object()) throw std::invalid_argument("the template arguments must be a JSON object");
    for (const auto & [key, value] : arguments.items()) {
        if (key == "enable_thinking" && value.is_boolean()) {
            inputs.enable_thinking = value.get<bool>();
        }
        inputs.chat_template_kwargs[key] = value.dump();
    }
}

common_chat_tool_choice to_common(ToolChoice choice) {
    if (choice == ToolChoice::None) return COMMON_CHAT_TOOL_CHOICE_NONE;
    return choice == ToolChoice::Required ? COMMON_CHAT_TOOL_CHOICE_REQUIRED : COMMON_CHAT_TOOL_CHOICE_AUTO;
}

bool shows_parallel_calls(const common_chat_templates * templates) {
    const auto capabilities = common_chat_templates_get_caps(templates);
    const auto found = capabilities.find("supports_parallel_tool_calls");
    return found != capabilities.end() && found->second;
}

common_chat_templates_inputs read_input(const ChatInput & input, const common_chat_templates * templates) {
    common_chat_templates_inputs inputs;
    inputs.messages = common_chat_msgs_parse_oaicompat(common_json::parse(input.messages_json));
    if (!input.tools_json.empty())
        inputs.tools = common_chat_tools_parse_oaicompat(common_json::parse(input.tools_json));
    if (!input.template_arguments_json.empty()) set_template_arguments(input.template_arguments_json, inputs);
    inputs.tool_choice = to_common(input.tool_choice);
    inputs.parallel_tool_calls = input.parallel_tool_calls.value_or(shows_parallel_calls(templates));
    inputs.json_schema = input.json_schema;
    inputs.reasoning_format = input.parse_reasoning ? COMMON_REASONING_FORMAT_AUTO : COMMON_REASONING_FORMAT_NONE;
    inputs.add_generation_prompt = input.add_generation_prompt && !input.continue_final_message;
    if (input.continue_final_message) {
        if (inputs.messages.empty() || inputs.messages.back().role != "assistant")
            throw std::invalid_argument("only an assistant's message can be continued");
        if (!inputs.messages.back().tool_calls.empty())
            throw std::invalid_argument("a message with tool calls cannot be continued");
        inputs.continue_final_message = COMMON_CHAT_CONTINUATION_AUTO;
    }
    return inputs;
}

GrammarTrigger to_trigger(const common_grammar_trigger & trigger) {
    using Kind = GrammarTrigger::Kind;
    if (trigger.type == COMMON_GRAMMAR_TRIGGER_TYPE_PATTERN) return {Kind::Pattern, trigger.value};
    if (trigger.type == COMMON_GRAMMAR_TRIGGER_TYPE_PATTERN_FULL) return {Kind::FullPattern, trigger.value};
    return {Kind::Word, trigger.value};
}

bool is_content_as_it_is(const common_chat_parser_params & params, const std::string & text) {
    try {
        const common_chat_msg message = common_chat_parse(text, false, params);
        return message.content == text && message.reasoning_content.empty() && message.tool_calls.empty();
    } catch (const std::exception &) {
        return false;
    }
}

// Tells whether answers may be passed on unread: no text with the markers of this template reads as anything but
// itself.
bool is_content_only(const common_chat_params & params, const common_chat_parser_params & parser) {
    std::string markers = "a ";
    for (const std::string & token : params.preserved_tokens) markers += token + " b ";
    for (const std::string & tag : params.thinking_end_tags) markers += tag + " c ";
    if (!is_content_as_it_is(parser, markers)) return false;
    if (!is_content_as_it_is(parser, " \n" + markers)) return false;
    return is_content_as_it_is(parser, params.thinking_start_tag + markers);
}

// Mistral's templates refuse messages with other ids.
size_t call_id_length_of(const std::string & source) { return source.find("length != 9") == std::string::npos ? 0 : 9; }

std::shared_ptr<AnswerSyntax> syntax_of(const common_chat_params & params,
                                        const common_chat_templates_inputs & inputs) {
    if (params.parser.empty()) return nullptr;
    auto syntax = std::make_shared<AnswerSyntax>();
    syntax->params = common_chat_parser_params(params);
    syntax->params.reasoning_format = inputs.reasoning_format;
    syntax->params.parser.load(params.parser);
    const bool has_tools = !inputs.tools.empty() && inputs.tool_choice != COMMON_CHAT_TOOL_CHOICE_NONE;
    const bool continues = inputs.continue_final_message != COMMON_CHAT_CONTINUATION_NONE;
    if (!has_tools && !continues && inputs.json_schema.empty() && is_content_only(params, syntax->params)) {
        return nullptr;
    }
    syntax->params.is_continuation = continues;
    return syntax;
}

RenderedChat to_rendered(common_chat_params params, const common_chat_templates_inputs & inputs,
                         const std::string & source) {
    RenderedChat chat;
    if (auto syntax = syntax_of(params, inputs)) {
        syntax->call_id_length = call_id_length_of(source);
        chat.syntax = std::move(syntax);
    }
    chat.prompt = std::move(params.prompt);
    chat.stop_strings = std::move(params.additional_stops);
    chat.grammar = with_finite_numbers(std::move(params.grammar));
    if (!inputs.parallel_tool_calls) chat.grammar = with_one_call(std::move(chat.grammar));
    chat.grammar_lazy = params.grammar_lazy;
    for (const common_grammar_trigger & trigger : params.grammar_triggers) chat.triggers.push_back(to_trigger(trigger));
    chat.generation_prompt = std::move(params.generation_prompt);
    chat.preserved_tokens = std::move(params.preserved_tokens);
    chat.reasoning_start = std::move(params.thinking_start_tag);
    chat.reasoning_ends = std::move(params.thinking_end_tags);
    return chat;
}

void add_missing(std::vector<std::string> & texts, const std::vector<std::string> & others) {
    for (const std::string & other : others) {
        if (std::find(texts.begin(), texts.end(), other) == texts.end()) texts.push_back(other);
    }
}

// An answer that is a call of a function or follows the schema. llama.cpp knows one or the other.
RenderedChat render_either(const common_chat_templates * templates, const common_chat_templates_inputs & inputs,
                           const std::string & source) {
    common_chat_templates_inputs with_schema = inputs;
    with_schema.tool_choice = COMMON_CHAT_TOOL_CHOICE_NONE;
    RenderedChat content = to_rendered(common_chat_templates_apply(templates, with_schema), with_schema, source);
    common_chat_templates_inputs with_call = inputs;
    with_call.tool_choice = COMMON_CHAT_TOOL_CHOICE_REQUIRED;
    with_call.json_schema.clear();
    RenderedChat chat = to_rendered(common_chat_templates_apply(templates, with_call), with_call, source);
    // A template without calls.
    if (chat.grammar.empty() || !chat.syntax || !content.syntax) return content;
    auto either = std::make_shared<AnswerSyntax>(*chat.syntax);
    either->alternative = content.syntax;
    chat.syntax = std::move(either);
    chat.grammar = either_grammar(without_preamble(chat.grammar), content.grammar);
    chat.grammar_lazy = false;
    chat.triggers.clear();
    add_missing(chat.stop_strings, content.stop_strings);
    add_missing(chat.preserved_tokens, content.preserved_tokens);
    return chat;
}

// llama.cpp lists its complaints one per line.
std::string one_line(const char * text) {
    std::string line = text;
    while (line.ends_with('\n')) line.pop_back();
    std::replace(line.begin(), line.end(), '\n', ' ');
    return line;
}

}  // namespace

ChatTemplate::ChatTemplate() : templates_(nullptr, common_chat_templates_free) {}
ChatTemplate::~ChatTemplate() = default;

Result<std::unique_ptr<ChatTemplate>> ChatTemplate::create(const llama_model * model, const std::string & source) {
    try {
        std::unique_ptr<ChatTemplate> result(new ChatTemplate());
        result->templates_.reset(common_chat_templates_init(model, source).release());
        return result;
    } catch (const std::exception & error) {
        if (!source.empty()) {
            return Status(ErrorCode::InvalidTemplate,
                          "The chat template that was given cannot be parsed: " + one_line(error.what()) + ".");
        }
        return Status(ErrorCode::InvalidModelFile,
                      std::string("The chat template in the model file cannot be parsed: ") + error.what() + ".");
    }
}

Result<std::unique_ptr<ChatTemplate>> ChatTemplate::from_source(const std::string & source) {
    try {
        std::unique_ptr<ChatTemplate> result(new ChatTemplate());
        result->templates_.reset(common_chat_templates_init(nullptr, source).release());
        return result;
    } catch (const std::exception & error) {
        return Status(ErrorCode::InvalidTemplate,
                      std::string("The chat template cannot be parsed: ") + error.what() + ".");
    }
}

Result<RenderedChat> ChatTemplate::render(const ChatInput & input) const {
    common_chat_templates_inputs inputs;
    try {
        inputs = read_input(input, templates_.get());
    } catch (const std::exception & error) {
        return Status(ErrorCode::InvalidArgument, "The chat messages are not valid: " + one_line(error.what()) + ".");
    }
    try {
        const std::lock_guard lock(mutex_);
        const std::string source = common_chat_templates_source(templates_.get());
        const bool may_call = !inputs.tools.empty() && inputs.tool_choice == COMMON_CHAT_TOOL_CHOICE_AUTO;
        if (may_call && !inputs.json_schema.empty()) return render_either(templates_.get(), inputs, source);
        RenderedChat chat = to_rendered(common_chat_templates_apply(templates_.get(), inputs), inputs, source);
        const bool must_call = !inputs.tools.empty() && inputs.tool_choice == COMMON_CHAT_TOOL_CHOICE_REQUIRED;
        if (must_call && chat.grammar.empty()) {
            return Status(ErrorCode::InvalidTemplate,
                          "The model's chat template has no calls of functions, so none can be required; use a model "
                          "whose template has them, or leave the choice to the model.");
        }
        if (must_call) chat.grammar = without_preamble(chat.grammar);
        return chat;
    } catch (const std::exception & error) {
        const std::string reason = one_line(error.what());
        // Only the conversion of schemas speaks like this.
        if (reason.starts_with("JSON schema conversion failed")) {
            return Status(ErrorCode::InvalidGrammar,
                          "The JSON schema cannot be turned into a grammar: " + reason + ".");
        }
        return Status(ErrorCode::InvalidTemplate, "The model's chat template refused the messages: " + reason + ".");
    }
}

}  // namespace inferno::llama
