// Profiles of generations as the objects of lib/native-types.ts. JS thread only.
#pragma once

#include <napi.h>

#include "native/llama/generation_engine.h"

namespace inferno::binding {

// NativeGenerationProfile[], newest first.
Napi::Value profiles_to_js(Napi::Env env, const llama::GenerationEngine & engine, size_t limit);

}  // namespace inferno::binding
