#include "native/llama/chat_template.h"

#include <exception>

#include "chat.h"
#include "json.h"

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

common_chat_templates_inputs read_input(const ChatInput & input) {
    common_chat_templates_inputs inputs;
    inputs.messages = common_chat_msgs_parse_oaicompat(common_json::parse(input.messages_json));
    if (!input.tools_json.empty())
        inputs.tools = common_chat_tools_parse_oaicompat(common_json::parse(input.tools_json));
    if (!input.template_arguments_json.empty()) set_template_arguments(input.template_arguments_json, inputs);
    inputs.add_generation_prompt = input.add_generation_prompt;
    return inputs;
}

}  // namespace

ChatTemplate::ChatTemplate() : templates_(nullptr, common_chat_templates_free) {}
ChatTemplate::~ChatTemplate() = default;

Result<std::unique_ptr<ChatTemplate>> ChatTemplate::create(const llama_model * model) {
    try {
        std::unique_ptr<ChatTemplate> result(new ChatTemplate());
        result->templates_.reset(common_chat_templates_init(model, "").release());
        return result;
    } catch (const std::exception & error) {
        return Status(ErrorCode::InvalidModelFile,
                      std::string("The chat template in the model file cannot be parsed: ") + error.what() + ".");
    }
}

Result<RenderedChat> ChatTemplate::render(const ChatInput & input) const {
    common_chat_templates_inputs inputs;
    try {
        inputs = read_input(input);
    } catch (const std::exception & error) {
        return Status(ErrorCode::InvalidArgument,
                      std::string("The chat messages are not valid: ") + error.what() + ".");
    }
    try {
        const std::lock_guard lock(mutex_);
        common_chat_params params = common_chat_templates_apply(templates_.get(), inputs);
        return RenderedChat{std::move(params.prompt), std::move(params.additional_stops)};
    } catch (const std::exception & error) {
        return Status(ErrorCode::InvalidTemplate,
                      std::string("The model's chat template refused the messages: ") + error.what() + ".");
    }
}

}  // namespace inferno::llama
