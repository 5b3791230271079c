// openOnnxSession: makes a session off the JS thread. JS thread only.
#pragma once

#include <napi.h>

namespace inferno::binding {

// openOnnxSession(options: NativeOnnxOptions): NativeOnnxOpenHandle
Napi::Value open_onnx_session(const Napi::CallbackInfo & info);
// onnxRuntimeInfo(): { version, providers }
Napi::Value onnx_runtime_info(const Napi::CallbackInfo & info);

}  // namespace inferno::binding
