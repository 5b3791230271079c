// The JS object of an ONNX session (NativeOnnxSession in lib/native-onnx-types.ts). JS thread only.
#pragma once

#include <napi.h>

#include <memory>

#include "binding/onnx_value_reader.h"
#include "native/onnx/run_request.h"
#include "native/onnx/session.h"

namespace inferno::binding {

class OnnxSessionObject : public Napi::ObjectWrap<OnnxSessionObject> {
  public:
    static Napi::Function define(Napi::Env env);
    static Napi::Object create(Napi::Env env, std::shared_ptr<const onnx::Session> session);

    explicit OnnxSessionObject(const Napi::CallbackInfo & info);

    std::shared_ptr<const onnx::Session> session() const { return session_; }

  private:
    Napi::Value inputs(const Napi::CallbackInfo & info);
    Napi::Value outputs(const Napi::CallbackInfo & info);
    Napi::Value metadata(const Napi::CallbackInfo & info);
    Napi::Value memory_bytes(const Napi::CallbackInfo & info);
    void set_header(const Napi::CallbackInfo & info);
    Napi::Value run_sync(const Napi::CallbackInfo & info);
    Napi::Value run(const Napi::CallbackInfo & info);
    Napi::Value close(const Napi::CallbackInfo & info);

    void require_open(Napi::Env env) const;

    std::shared_ptr<const onnx::Session> session_;  // null once closed
    CallHeader header_;
    Napi::Reference<Napi::Float64Array> header_owner_;
    onnx::RunRequest request_;  // of synchronous runs, used again
};

}  // namespace inferno::binding
