// Per-environment state (the main thread and each worker has its own). The backend and its libraries are per process;
// see native/llama/backend.h.
#pragma once

#include <napi.h>

namespace inferno::binding {

struct Environment {
    Napi::FunctionReference model_constructor;
    Napi::FunctionReference journal_constructor;
    Napi::FunctionReference statistics_constructor;
    Napi::FunctionReference onnx_session_constructor;
    Napi::FunctionReference onnx_batcher_constructor;
    Napi::FunctionReference onnx_text_engine_constructor;
};

}  // namespace inferno::binding
