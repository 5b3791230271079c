// ONNX Runtime's C++ API as native/onnx uses it: without its static initialization, since the library is opened at the
// first use, and with its exceptions turned into Status at the call. Only .cpp files of native/onnx include this.
//
// REQUIRES: load_runtime() succeeded before anything of Ort:: is used.
#pragma once

#define ORT_API_MANUAL_INIT
#include <onnxruntime_cxx_api.h>
#undef ORT_API_MANUAL_INIT

#include <exception>
#include <new>
#include <string>
#include <utility>

#include "native/core/status.h"

namespace inferno::onnx {

// Runs `call`, which may throw what the C++ API throws; a failure gets `code` unless its kind says more.
template <typename Call>
Status guarded(ErrorCode code, Call && call) {
    try {
        std::forward<Call>(call)();
        return Status::ok();
    } catch (const std::bad_alloc &) {
        return {ErrorCode::OutOfMemory, "There is not enough memory."};
    } catch (const std::exception & error) {
        return {code, error.what()};
    }
}

}  // namespace inferno::onnx
