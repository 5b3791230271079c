// The JS object of a batcher (NativeOnnxBatcher in lib/native-onnx-types.ts). JS thread only.
#pragma once

#include <napi.h>

#include <memory>

#include "binding/js_waker.h"
#include "binding/live_states.h"
#include "native/onnx/batcher.h"

namespace inferno::binding {

// What a batcher owns outside of JS. Shared between the JS object, the environment's cleanup hook and close workers.
struct OnnxBatcherState final : Stoppable {
    std::shared_ptr<onnx::Batcher> batcher;  // null once closed
    std::shared_ptr<JsWaker> waker;
    bool is_closed = false;

    void stop() override;
    // Rule 3: joins the batcher's thread, then closes the waker. Idempotent. JS thread.
    void shut_down();
};

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

    onnx::Batcher & require_open(Napi::Env env) const;
    void deliver(Napi::Env env);

    std::shared_ptr<OnnxBatcherState> state_;
    napi_env env_;
    Napi::FunctionReference sink_;
    int under_way_ = 0;
};

}  // namespace inferno::binding
