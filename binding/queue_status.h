// The scheduler's status as the objects of lib/native-types.ts. JS thread only.
#pragma once

#include <napi.h>

#include "native/llama/generation_engine.h"

namespace inferno::binding {

// NativeQueueStatus
Napi::Object queue_status_to_js(Napi::Env env, const llama::QueueStatus & status);
// NativeQueuePosition
Napi::Object queue_position_to_js(Napi::Env env, const queue::Standing & standing);

}  // namespace inferno::binding
