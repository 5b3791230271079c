// Tensors between JS and ONNX Runtime. The numbers of a call (which input, type, dimensions) lie in one Float64Array
// that both sides share (the call header, laid out in lib/onnx/call-header.ts), so that a run costs one call into the
// addon and no property of a JS object is read. JS thread only.
#pragma once

#include <napi.h>

#include <memory>

#include "native/onnx/run_request.h"
#include "native/onnx/session.h"

namespace inferno::binding {

// The shared header; `data` stays valid as long as its session's object.
struct CallHeader {
    double * data = nullptr;
    size_t capacity = 0;
};

// Fills `request` from the header and the tensors' data: of the inputs, then of the outputs that are given. Nothing is
// copied but strings. Throws TypeError for what the typed layer would not send; `status` gets what is wrong with
// tensors.
void read_request(Napi::Env env, const CallHeader & header, const Napi::Array & data, const onnx::Session & session,
                  onnx::RunRequest & request, Status & status);

// The outputs' data in an array, undefined where the caller gave the memory; their types and dimensions in the header.
Napi::Array write_outputs(Napi::Env env, const CallHeader & header,
                          const std::shared_ptr<const onnx::Session> & session, onnx::RunRequest & request);

}  // namespace inferno::binding
