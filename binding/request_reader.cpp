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

std::vector<std::string> read_stop_strings(const Napi::Object & object) {
    std::vector<std::string> strings;
    const Napi::Value value = object.Get("stop");
    if (value.IsUndefined()) return strings;
    if (!value.IsArray()) throw expected(object.Env(), "an array of strings", "stop");
    const auto array = value.As<Napi::Array>();
    for (uint32_t i = 0; i < array.Length(); ++i) {
        const Napi::Value item = array.Get(i);
        if (!item.IsString()) throw expected(object.Env(), "a string", "stop");
        strings.push_back(item.As<Napi::String>().Utf8Value());
    }
    return strings;
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
    sampling.grammar = read_optional_string(object, "grammar");
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
    } else if (const Napi::Value tokens = object.Get("tokens"); !tokens.IsUndefined()) {
        request.kind = llama::PromptKind::Tokens;
        request.tokens = read_tokens(tokens, "tokens");
    } else {
        request.kind = llama::PromptKind::Chat;
        request.chat.messages_json = read_optional_string(object, "messagesJson");
        request.chat.tools_json = read_optional_string(object, "toolsJson");
        request.chat.template_arguments_json = read_optional_string(object, "templateArgumentsJson");
    }
    request.max_tokens = static_cast<int32_t>(read_number(object, "maxTokens"));
    request.sampling = read_sampling(object);
    request.json_schema = read_optional_string(object, "jsonSchema");
    request.stop_strings = read_stop_strings(object);
    request.logprobs = static_cast<int32_t>(read_number(object, "logprobs"));
    request.escape_json = read_boolean(object, "escapeJson");
    request.scheduling = read_scheduling(object);
    return request;
}

}  // namespace inferno::binding
