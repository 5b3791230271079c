#include "binding/request_reader.h"

#include <functional>
#include <string>

namespace inferno::binding {
namespace {

Napi::TypeError expected(const Napi::Env & env, const char * what, const char * name) {
    return Napi::TypeError::New(env, std::string("Expected ") + what + " for " + name + ".");
}

double read_number(const Napi::Object & object, const char * name) {
    const Napi::Value value = object.Get(name);
    if (!value.IsNumber()) throw expected(object.Env(), "a number", name);
    return value.As<Napi::Number>().DoubleValue();
}

bool read_boolean(const Napi::Object & object, const char * name) {
    const Napi::Value value = object.Get(name);
    if (!value.IsBoolean()) throw expected(object.Env(), "a boolean", name);
    return value.As<Napi::Boolean>().Value();
}

std::string read_optional_string(const Napi::Object & object, const char * name) {
    const Napi::Value value = object.Get(name);
    if (value.IsUndefined()) return {};
    if (!value.IsString()) throw expected(object.Env(), "a string", name);
    return value.As<Napi::String>().Utf8Value();
}

std::vector<std::string> read_optional_strings(const Napi::Object & object, const char * name) {
    std::vector<std::string> strings;
    const Napi::Value value = object.Get(name);
    if (value.IsUndefined()) return strings;
    if (!value.IsArray()) throw expected(object.Env(), "an array of strings", name);
    const auto array = value.As<Napi::Array>();
    for (uint32_t i = 0; i < array.Length(); ++i) {
        const Napi::Value item = array.Get(i);
        if (!item.IsString()) throw expected(object.Env(), "a string", name);
        strings.push_back(item.As<Napi::String>().Utf8Value());
    }
    return strings;
}

void read_optional_number(const Napi::Object & object, const char * name, float & number) {
    if (!object.Get(name).IsUndefined()) number = static_cast<float>(read_number(object, name));
}

void read_optional_number(const Napi::Object & object, const char * name, int32_t & number) {
    if (!object.Get(name).IsUndefined()) number = static_cast<int32_t>(read_number(object, name));
}

bool read_optional_boolean(const Napi::Object & object, const char * name, bool otherwise) {
    return object.Get(name).IsUndefined() ? otherwise : read_boolean(object, name);
}

llama::RareSamplers read_rare_samplers(const Napi::Object & object) {
    llama::RareSamplers rare;
    read_optional_number(object, "minKeep", rare.min_keep);
    read_optional_number(object, "dynatempRange", rare.dynatemp_range);
    read_optional_number(object, "dynatempExponent", rare.dynatemp_exponent);
    read_optional_number(object, "topNSigma", rare.top_n_sigma);
    read_optional_number(object, "xtcProbability", rare.xtc_probability);
    read_optional_number(object, "xtcThreshold", rare.xtc_threshold);
    read_optional_number(object, "dryMultiplier", rare.dry_multiplier);
    read_optional_number(object, "dryBase", rare.dry_base);
    read_optional_number(object, "dryAllowedLength", rare.dry_allowed_length);
    read_optional_number(object, "dryPenaltyLastN", rare.dry_penalty_last_n);
    if (!object.Get("drySequenceBreakers").IsUndefined())
        rare.dry_sequence_breakers = read_optional_strings(object, "drySequenceBreakers");
    read_optional_number(object, "mirostat", rare.mirostat);
    read_optional_number(object, "mirostatTau", rare.mirostat_tau);
    read_optional_number(object, "mirostatEta", rare.mirostat_eta);
    read_optional_number(object, "adaptiveTarget", rare.adaptive_target);
    read_optional_number(object, "adaptiveDecay", rare.adaptive_decay);
    auto order = llama::sampler_steps_from_names(read_optional_strings(object, "order"));
    if (!order) throw Napi::RangeError::New(object.Env(), order.status().message());
    rare.order = std::move(order).value();
    return rare;
}

std::vector<llama_logit_bias> read_logit_bias(const Napi::Object & object) {
    std::vector<llama_logit_bias> biases;
    const Napi::Value value = object.Get("logitBias");
    if (value.IsUndefined()) return biases;
    if (!value.IsTypedArray() || value.As<Napi::TypedArray>().TypedArrayType() != napi_float64_array) {
        throw expected(object.Env(), "a Float64Array", "logitBias");
    }
    const auto pairs = value.As<Napi::Float64Array>();
    for (size_t i = 0; i + 1 < pairs.ElementLength(); i += 2) {
        biases.push_back({static_cast<llama_token>(pairs[i]), static_cast<float>(pairs[i + 1])});
    }
    return biases;
}

llama::SamplingParams read_sampling(const Napi::Object & object) {
    llama::SamplingParams sampling;
    sampling.temperature = static_cast<float>(read_number(object, "temperature"));
    sampling.top_k = static_cast<int32_t>(read_number(object, "topK"));
    sampling.top_p = static_cast<float>(read_number(object, "topP"));
    sampling.min_p = static_cast<float>(read_number(object, "minP"));
    sampling.typical_p = static_cast<float>(read_number(object, "typicalP"));
    sampling.repeat_penalty = static_cast<float>(read_number(object, "repeatPenalty"));
    sampling.repeat_last_n = static_cast<int32_t>(read_number(object, "repeatLastN"));
    sampling.presence_penalty = static_cast<float>(read_number(object, "presencePenalty"));
    sampling.frequency_penalty = static_cast<float>(read_number(object, "frequencyPenalty"));
    sampling.seed = static_cast<int64_t>(read_number(object, "seed"));
    sampling.grammar.grammar = read_optional_string(object, "grammar");
    read_optional_number(object, "reasoningBudget", sampling.grammar.reasoning_budget);
    const Napi::Value rare = object.Get("samplers");
    if (rare.IsObject()) sampling.rare = read_rare_samplers(rare.As<Napi::Object>());
    sampling.ignore_eos = read_boolean(object, "ignoreEos");
    sampling.logit_bias = read_logit_bias(object);
    return sampling;
}

llama::SchedulingRequest read_scheduling(const Napi::Object & object) {
    constexpr double kMicrosecondsPerMillisecond = 1000.0;
    llama::SchedulingRequest scheduling;
    const auto tier = static_cast<size_t>(read_number(object, "tier"));
    if (tier >= queue::kTierCount) throw Napi::RangeError::New(object.Env(), "Expected 0 to 3 for tier.");
    scheduling.tier = static_cast<queue::Tier>(tier);
    const std::string user = read_optional_string(object, "user");
    scheduling.user = user.empty() ? 0 : std::hash<std::string>{}(user);
    scheduling.deadline_us = static_cast<int64_t>(read_number(object, "deadlineMs") * kMicrosecondsPerMillisecond);
    scheduling.estimated_tokens = static_cast<int64_t>(read_number(object, "estimatedTokens"));
    const Napi::Value dependencies = object.Get("dependencies");
    if (!dependencies.IsUndefined()) scheduling.dependencies = read_tokens(dependencies, "dependencies");
    return scheduling;
}

llama::ToolChoice read_tool_choice(const Napi::Object & object) {
    const std::string choice = read_optional_string(object, "toolChoice");
    if (choice.empty() || choice == "auto") return llama::ToolChoice::Auto;
    if (choice == "required") return llama::ToolChoice::Required;
    if (choice == "none") return llama::ToolChoice::None;
    throw Napi::RangeError::New(object.Env(), "Expected auto, required or none for toolChoice.");
}

llama::ChatInput read_chat(const Napi::Object & object) {
    llama::ChatInput chat;
    chat.messages_json = read_optional_string(object, "messagesJson");
    chat.tools_json = read_optional_string(object, "toolsJson");
    chat.template_arguments_json = read_optional_string(object, "templateArgumentsJson");
    chat.json_schema = read_optional_string(object, "jsonSchema");
    chat.tool_choice = read_tool_choice(object);
    if (!object.Get("parallelToolCalls").IsUndefined())
        chat.parallel_tool_calls = read_boolean(object, "parallelToolCalls");
    chat.parse_reasoning = read_optional_boolean(object, "parseReasoning", true);
    chat.continue_final_message = read_optional_boolean(object, "continueFinalMessage", false);
    return chat;
}

}  // namespace

std::vector<llama_token> read_tokens(const Napi::Value & value, const char * name) {
    if (!value.IsTypedArray() || value.As<Napi::TypedArray>().TypedArrayType() != napi_int32_array) {
        throw expected(value.Env(), "an Int32Array", name);
    }
    const auto array = value.As<Napi::Int32Array>();
    return std::vector<llama_token>(array.Data(), array.Data() + array.ElementLength());
}

llama::GenerationRequest read_generation_request(const Napi::Object & object) {
    llama::GenerationRequest request;
    if (const Napi::Value prompt = object.Get("prompt"); prompt.IsString()) {
        request.kind = llama::PromptKind::Text;
        request.prompt = prompt.As<Napi::String>().Utf8Value();
    } else if (!object.Get("messagesJson").IsUndefined()) {
        request.kind = llama::PromptKind::Chat;
        request.chat = read_chat(object);
        if (const Napi::Value tokens = object.Get("tokens"); !tokens.IsUndefined()) {
            request.tokens = read_tokens(tokens, "tokens");
        }
    } else {
        request.kind = llama::PromptKind::Tokens;
        request.tokens = read_tokens(object.Get("tokens"), "tokens");
    }
    request.suffix = read_optional_string(object, "suffix");
    request.max_tokens = static_cast<int32_t>(read_number(object, "maxTokens"));
    request.sampling = read_sampling(object);
    if (request.kind != llama::PromptKind::Chat) request.json_schema = read_optional_string(object, "jsonSchema");
    request.reasoning_budget_message = read_optional_string(object, "reasoningBudgetMessage");
    request.stop_strings = read_optional_strings(object, "stop");
    request.logprobs = static_cast<int32_t>(read_number(object, "logprobs"));
    request.escape_json = read_boolean(object, "escapeJson");
    request.scheduling = read_scheduling(object);
    return request;
}

}  // namespace inferno::binding
