// Profiles of generations as the objects of lib/native-types.ts. JS thread only.
#pragma once

#include <napi.h>

#include <span>

#include "native/llama/generation_engine.h"
#include "native/profile/generation_profile.h"

namespace inferno::binding {

// NativeGenerationProfile[], in the same order.
Napi::Array profiles_to_js(Napi::Env env, std::span<const profile::GenerationProfile> profiles);
// NativeGenerationProfile[], newest first.
Napi::Value profiles_to_js(Napi::Env env, const llama::GenerationEngine & engine, size_t limit);

}  // namespace inferno::binding
