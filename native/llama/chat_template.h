// The model's chat template, rendered by llama.cpp's jinja, and what llama.cpp knows about the answers of its family:
// the grammar of its tool calls and how to read them back. Thread safety: render() may be called from any thread.
#pragma once

#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <vector>

#include "llama.h"
#include "native/core/status.h"

struct common_chat_templates;

namespace inferno::llama {

struct AnswerSyntax;

enum class ToolChoice { Auto, Required, None };

struct ChatInput {
    std::string messages_json;            // OpenAI's `messages`
    std::string tools_json;               // OpenAI's `tools`; empty: none
    std::string template_arguments_json;  // object of extra variables; empty: none
    std::string json_schema;              // of the answer's content; empty: any
    ToolChoice tool_choice = ToolChoice::Auto;
    std::optional<bool> parallel_tool_calls;  // unset: if the template can show them
    bool parse_reasoning = true;              // false: it is a part of the content
    bool add_generation_prompt = true;
    bool continue_final_message = false;  // the last message is the assistant's and goes on
};

struct GrammarTrigger {
    enum class Kind { Word, Pattern, FullPattern };
    Kind kind = Kind::Word;
    std::string value;
};

struct RenderedChat {
    std::string prompt;
    // Text that ends a turn in this template beside the model's end-of-generation tokens.
    std::vector<std::string> stop_strings;

    std::string grammar;        // GBNF that the answer must follow; empty: none
    bool grammar_lazy = false;  // only from a trigger on
    std::vector<GrammarTrigger> triggers;
    // The end of the prompt that belongs to the assistant's turn: grammar and syntax begin with it.
    std::string generation_prompt;
    // Control tokens whose text the syntax needs.
    std::vector<std::string> preserved_tokens;
    std::string reasoning_start;
    std::vector<std::string> reasoning_ends;

    std::shared_ptr<const AnswerSyntax> syntax;  // null: the answer is nothing but content
};

class ChatTemplate {
  public:
    // `model` must outlive the template. `source`, unless empty, stands in for the file's template. A file without one
    // gets llama.cpp's ChatML default.
    static Result<std::unique_ptr<ChatTemplate>> create(const llama_model * model, const std::string & source = {});
    // From a template's text; for tests.
    static Result<std::unique_ptr<ChatTemplate>> from_source(const std::string & source);
    ~ChatTemplate();

    // Fails with InvalidTemplate when the template refuses the messages, InvalidArgument when they are not messages,
    // InvalidGrammar when a schema cannot be turned into a grammar.
    Result<RenderedChat> render(const ChatInput & input) const;

  private:
    ChatTemplate();

    // llama.cpp does not promise that one set of templates can be applied from two threads at once.
    mutable std::mutex mutex_;
    std::unique_ptr<common_chat_templates, void (*)(common_chat_templates *)> templates_;
};

}  // namespace inferno::llama
