// The JS object of an ONNX session (NativeOnnxSession in lib/native-onnx-types.ts). JS thread only.
#pragma once

#include <napi.h>

#include <memory>
#include <unordered_map>

#include "binding/onnx_call.h"
#include "binding/onnx_state.h"
#include "native/onnx/run_queue.h"

namespace inferno::binding {

using OnnxSessionState = OnnxState<onnx::RunQueue>;

class OnnxSessionObject : public Napi::ObjectWrap<OnnxSessionObject> {
  public:
    static Napi::Function define(Napi::Env env);
    static Napi::Object create(Napi::Env env, std::shared_ptr<const onnx::Session> session);

    explicit OnnxSessionObject(const Napi::CallbackInfo & info);
    ~OnnxSessionObject() override;

    // Null once closed.
    std::shared_ptr<const onnx::Session> session() const;

  private:
    Napi::Value inputs(const Napi::CallbackInfo & info);
    Napi::Value outputs(const Napi::CallbackInfo & info);
    Napi::Value metadata(const Napi::CallbackInfo & info);
    Napi::Value memory_bytes(const Napi::CallbackInfo & info);
    Napi::Value profiles(const Napi::CallbackInfo & info);
    Napi::Value statistics(const Napi::CallbackInfo & info);
    Napi::Value queue_status(const Napi::CallbackInfo & info);
    void set_sink(const Napi::CallbackInfo & info);
    Napi::Value run_sync(const Napi::CallbackInfo & info);
    Napi::Value run(const Napi::CallbackInfo & info);
    void cancel(const Napi::CallbackInfo & info);
    Napi::Value create_batcher(const Napi::CallbackInfo & info);
    Napi::Value close(const Napi::CallbackInfo & info);

    // Reads the call into request_. Throws what is wrong with it.
    void read_call(const Napi::CallbackInfo & info, const onnx::RunQueue & queue);
    Napi::Value run_here(Napi::Env env, onnx::RunQueue & queue, queue::Tier tier);
    void deliver(Napi::Env env);
    void settle(Napi::Env env, onnx::FinishedRun & run);

    std::shared_ptr<OnnxSessionState> state_;
    napi_env env_;
    CallHeader header_;
    Napi::Reference<Napi::Float64Array> header_owner_;
    Napi::FunctionReference sink_;
    OnnxCallReader reader_;
    onnx::RunRequest request_;  // being read or run here; used again
    // The data of runs under way: their memory must not go. And this object, which their results are delivered to.
    std::unordered_map<onnx::RunId, Napi::ObjectReference> pinned_;
};

}  // namespace inferno::binding
