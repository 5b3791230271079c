// What a run gave, for JS: memory that ONNX Runtime made becomes an ArrayBuffer without a copy. JS thread only.
#pragma once

#include <napi.h>

#include "binding/onnx_call.h"
#include "native/onnx/run_request.h"

namespace inferno::binding {

// The outputs' data in an array, undefined where the caller gave the memory; types and dimensions in the header.
Napi::Array write_outputs(Napi::Env env, const CallHeader & header, onnx::RunRequest & request);

}  // namespace inferno::binding
