// The model's chat template, rendered by llama.cpp's jinja. Thread safety: render() may be called from any thread.
#pragma once

#include <memory>
#include <mutex>
#include <string>
#include <vector>

#include "llama.h"
#include "native/core/status.h"

struct common_chat_templates;

namespace inferno::llama {

struct ChatInput {
    std::string messages_json;            // OpenAI's `messages`
    std::string tools_json;               // OpenAI's `tools`; empty: none
    std::string template_arguments_json;  // object of extra variables; empty: none
    bool add_generation_prompt = true;
};

struct RenderedChat {
    std::string prompt;
    // Text that ends a turn in this template beside the model's end-of-generation tokens.
    std::vector<std::string> stop_strings;
};

class ChatTemplate {
  public:
    // `model` must outlive the template. A file without a template gets llama.cpp's ChatML default.
    static Result<std::unique_ptr<ChatTemplate>> create(const llama_model * model);
    ~ChatTemplate();

    // Fails with InvalidTemplate when the template refuses the messages, InvalidArgument when they are not messages.
    Result<RenderedChat> render(const ChatInput & input) const;

  private:
    ChatTemplate();

    // llama.cpp does not promise that one set of templates can be applied from two threads at once.
    mutable std::mutex mutex_;
    std::unique_ptr<common_chat_templates, void (*)(common_chat_templates *)> templates_;
};

}  // namespace inferno::llama
