#include "binding/profiles.h"

#include <array>

namespace inferno::binding {
namespace {

constexpr std::array kTierNames = {"vip", "high", "normal", "low"};
constexpr std::array kReasonNames = {"stop", "length", "cancelled", "error"};

Napi::Object profile_to_js(Napi::Env env, const profile::GenerationProfile & profile) {
    Napi::Object object = Napi::Object::New(env);
    const auto set = [&](const char * name, auto value) {
        object.Set(name, Napi::Number::New(env, static_cast<double>(value)));
    };
    object.Set("tier", kTierNames[profile.tier]);
    object.Set("reason", kReasonNames[static_cast<size_t>(profile.outcome)]);
    set("generation", profile.generation);
    set("promptTokens", profile.prompt_tokens);
    set("cachedTokens", profile.cached_tokens);
    set("completionTokens", profile.completion_tokens);
    set("draftedTokens", profile.drafted_tokens);
    set("acceptedTokens", profile.accepted_tokens);
    set("preemptions", profile.preemptions);
    set("tokenizeUs", profile.tokenize_us);
    set("queueUs", profile.queue_us);
    set("prefillUs", profile.prefill_us);
    set("decodeUs", profile.decode_us);
    set("detokenizeUs", profile.detokenize_us);
    set("submittedUs", profile.submitted_us);
    set("firstTokenUs", profile.first_token_us);
    set("endedUs", profile.ended_us);
    set("maxInterTokenUs", profile.max_inter_token_us);
    set("residentBytes", profile.resident_bytes);
    set("deviceBytes", profile.device_bytes);
    return object;
}

}  // namespace

Napi::Value profiles_to_js(Napi::Env env, const llama::GenerationEngine & engine, size_t limit) {
    Napi::Array list = Napi::Array::New(env);
    if (engine.recorder() == nullptr) return list;
    uint32_t index = 0;
    for (const profile::GenerationProfile & profile : engine.recorder()->recent(limit)) {
        list.Set(index++, profile_to_js(env, profile));
    }
    return list;
}

}  // namespace inferno::binding
