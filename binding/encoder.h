// NativeModel.encode: texts or tokens in, vectors or scores out, off the JS thread. JS thread only.
#pragma once

#include <napi.h>

#include <memory>

#include "binding/event_bridge.h"
#include "native/llama/engine.h"

namespace inferno::binding {

// Arguments (NativeEncodingRequest); returns NativeEncodingHandle.
Napi::Value start_encoding(const Napi::CallbackInfo & info, llama::Engine & engine,
                           const std::shared_ptr<EventBridge> & bridge);

}  // namespace inferno::binding
