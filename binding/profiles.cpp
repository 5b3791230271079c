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

Napi::Array profiles_to_js(Napi::Env env, std::span<const profile::GenerationProfile> profiles) {
    Napi::Array list = Napi::Array::New(env, profiles.size());
    for (size_t i = 0; i < profiles.size(); ++i) list.Set(static_cast<uint32_t>(i), profile_to_js(env, profiles[i]));
    return list;
}

Napi::Value profiles_to_js(Napi::Env env, const llama::GenerationEngine & engine, size_t limit) {
    if (engine.recorder() == nullptr) return Napi::Array::New(env);
    return profiles_to_js(env, engine.recorder()->recent(limit));
}

}  // namespace inferno::binding
