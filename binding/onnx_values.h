// What a graph says about its inputs and outputs, as the objects of lib/native-onnx-types.ts. JS thread only.
#pragma once

#include <napi.h>

#include <vector>

#include "native/onnx/value_info.h"

namespace inferno::binding {

// NativeOnnxValueInfo[]
Napi::Array value_infos_to_js(Napi::Env env, const std::vector<onnx::ValueInfo> & infos);

}  // namespace inferno::binding
