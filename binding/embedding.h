// NativeModel.embed: texts or tokens in, vectors out, off the JS thread. JS thread only.
#pragma once

#include <napi.h>

#include <memory>

#include "binding/event_bridge.h"
#include "native/llama/engine.h"

namespace inferno::binding {

// Arguments (inputs, normalize); returns NativeEmbeddingHandle.
Napi::Value start_embedding(const Napi::CallbackInfo & info, llama::Engine & engine,
                            const std::shared_ptr<EventBridge> & bridge);

}  // namespace inferno::binding
