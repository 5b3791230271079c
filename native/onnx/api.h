// ONNX Runtime's C++ API as native/onnx uses it: without its static initialization, since the library is opened at the
// first use, and with its exceptions turned into Status at the call. Only .cpp files of native/onnx include this.
//
// REQUIRES: load_runtime() succeeded before anything of Ort:: is used.
#pragma once

#define ORT_API_MANUAL_INIT
#include <onnxruntime_cxx_api.h>
#undef ORT_API_MANUAL_INIT

#include <algorithm>
#include <exception>
#include <new>
#include <string>
#include <string_view>
#include <utility>

#include "native/core/status.h"

namespace inferno::onnx {

// What ONNX Runtime says, without where in its sources it says so and without line ends.
inline std::string clean_message(std::string message) {
    constexpr std::string_view kSourceRoot = "/onnxruntime_src/";
    for (size_t at = message.find(kSourceRoot); at != std::string::npos; at = message.find(kSourceRoot, at)) {
        const size_t end = std::min(message.find(' ', at), message.size());
        message.erase(at, std::min(end + 1, message.size()) - at);
    }
    for (char & c : message) {
        if (c == '\n') c = ' ';
    }
    while (!message.empty() && (message.back() == ' ' || message.back() == '.')) message.pop_back();
    return message + ".";
}

// Runs `call`, which may throw what the C++ API throws; a failure gets `code` unless its kind says more.
template <typename Call>
Status guarded(ErrorCode code, Call && call) {
    try {
        std::forward<Call>(call)();
        return Status::ok();
    } catch (const std::bad_alloc &) {
        return {ErrorCode::OutOfMemory, "There is not enough memory."};
    } catch (const std::exception & error) {
        return {code, clean_message(error.what())};
    }
}

}  // namespace inferno::onnx
