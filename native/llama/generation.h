// What a caller asks for, and the switches both sides of the thread border share while it runs.
#pragma once

#include <atomic>
#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "native/llama/chat_template.h"
#include "native/llama/generation_times.h"
#include "native/llama/sampler.h"
#include "native/llama/text_stream.h"
#include "native/queue/tier.h"

namespace inferno::llama {

using GenerationId = int32_t;  // > 0, unique in one engine

enum class PromptKind { Text, Tokens, Chat };

struct SchedulingRequest {
    queue::Tier tier = queue::Tier::Normal;
    uint64_t user = 0;             // hash of the user's name; 0: everybody who gave none
    int64_t deadline_us = 0;       // from submission, by which it must have started; 0: none
    int64_t estimated_tokens = 0;  // of the answer; 0: unknown
    std::vector<GenerationId> dependencies;
};

struct GenerationRequest {
    PromptKind kind = PromptKind::Text;
    std::string prompt;
    std::vector<llama_token> tokens;  // with a chat: of its rendered prompt, for models that do not tokenize
    std::string suffix;               // follows what is to be generated; not of chats
    ChatInput chat;
    int32_t max_tokens = -1;  // -1: until the context is full
    SamplingParams sampling;
    std::string json_schema;  // of a prompt that is no chat: turned into a grammar; excludes sampling.grammar
    std::string reasoning_budget_message;  // said before the end of reasoning whose budget is used up
    std::vector<std::string> stop_strings;
    int32_t logprobs = -1;     // alternatives per token; -1: none
    bool escape_json = false;  // deliver text as the inside of a JSON string
    SchedulingRequest scheduling;

    // Set on the preparation thread.
    std::shared_ptr<const AnswerSyntax> syntax;
    std::vector<llama_token> shown_controls;
};

// Shared by the caller's thread and the engine thread. The flags carry no data, so relaxed orders are enough: who sets
// one also notifies the engine's mailbox, whose mutex orders what follows.
struct GenerationControl {
    explicit GenerationControl(GenerationId id) : id(id) {}
    const GenerationId id;
    std::atomic<bool> cancelled{false};
    std::atomic<bool> paused{false};
};

enum class StopReason { Stop, Length, Cancelled, Error };

struct GenerationEnd {
    StopReason reason = StopReason::Stop;
    std::string stop_string;  // set when a stop string ended it
    Status error;             // set when reason is Error
    int32_t prompt_tokens = 0;
    int32_t cached_tokens = 0;
    int32_t completion_tokens = 0;
    PhaseTimes times;
    int64_t submitted_us = 0;
    int64_t first_token_us = 0;  // 0: none
    int64_t ended_us = 0;
    int32_t drafted_tokens = 0;
    int32_t accepted_tokens = 0;
    int32_t preemptions = 0;
    int32_t reasoning_tokens = 0;  // of those of the completion
    int32_t tool_calls = 0;
};

}  // namespace inferno::llama
