// The JS object of a batcher (NativeOnnxBatcher in lib/native-onnx-types.ts). JS thread only.
#pragma once

#include <napi.h>

#include <memory>

#include "binding/onnx_state.h"
#include "native/onnx/batcher.h"

namespace inferno::binding {

using OnnxBatcherState = OnnxState<onnx::Batcher>;

class OnnxBatcherObject : public Napi::ObjectWrap<OnnxBatcherObject> {
  public:
    static Napi::Function define(Napi::Env env);
    // Throws unsupported_model or invalid_argument. `options`: NativeOnnxBatcherOptions; `sink`: NativeOnnxBatcherSink.
    static Napi::Object create(Napi::Env env, onnx::BatcherSessions sessions, const Napi::Object & options,
                               const Napi::Function & sink);

    explicit OnnxBatcherObject(const Napi::CallbackInfo & info);
    ~OnnxBatcherObject() override;

  private:
    Napi::Value submit(const Napi::CallbackInfo & info);
    void cancel(const Napi::CallbackInfo & info);
    Napi::Value status(const Napi::CallbackInfo & info);
    Napi::Value profiles(const Napi::CallbackInfo & info);
    Napi::Value statistics(const Napi::CallbackInfo & info);
    Napi::Value max_length(const Napi::CallbackInfo & info);
    Napi::Value close(const Napi::CallbackInfo & info);

    void deliver(Napi::Env env);

    std::shared_ptr<OnnxBatcherState> state_;
    napi_env env_;
    Napi::FunctionReference sink_;
    int under_way_ = 0;
};

}  // namespace inferno::binding
