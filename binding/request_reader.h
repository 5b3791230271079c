// Reads lib/native-types.ts' NativeGenerationRequest. Values were validated in TypeScript; a wrong type here is a bug
// of ours and throws a TypeError. JS thread only.
#pragma once

#include <napi.h>

#include "native/llama/generation.h"

namespace inferno::binding {

llama::GenerationRequest read_generation_request(const Napi::Object & object);

std::vector<llama_token> read_tokens(const Napi::Value & value, const char * name);

}  // namespace inferno::binding
