// What a JS object over an ONNX engine (a run queue, a batcher) owns outside of JS, and how that is closed.
#pragma once

#include <napi.h>

#include <memory>
#include <utility>

#include "binding/errors.h"
#include "binding/js_waker.h"
#include "binding/live_states.h"

namespace inferno::binding {

// Shared between the JS object, the environment's cleanup hook and close workers.
template <typename Engine>
struct OnnxState final : Stoppable {
    std::shared_ptr<Engine> engine;  // null once closed
    std::shared_ptr<JsWaker> waker;
    bool is_closed = false;

    void stop() override {
        if (engine) engine->shut_down();
    }
    // Rule 3: joins the engine's threads, then closes the waker. Idempotent. JS thread.
    void shut_down() {
        LiveStates::get().remove(this);
        is_closed = true;
        stop();
        waker->close();
    }
    // From here on the end of the environment shuts it down, until unwatch(). JS thread.
    void watch(napi_env env) {
        LiveStates::get().add(this);
        napi_add_env_cleanup_hook(env, shut_down_at_exit, this);
    }
    void unwatch(napi_env env) { napi_remove_env_cleanup_hook(env, shut_down_at_exit, this); }
    // Throws model_unloaded.
    Engine & require_open(Napi::Env env) const {
        if (is_closed) throw to_error(env, Status(ErrorCode::ModelUnloaded, "The model was closed."));
        return *engine;
    }

  private:
    static void shut_down_at_exit(void * data) { static_cast<OnnxState *>(data)->shut_down(); }
};

// Joins the engine's threads without blocking JS, delivers the last results, then frees what it holds off the JS thread
// too.
template <typename Engine>
class OnnxCloseWorker : public Napi::AsyncWorker {
  public:
    OnnxCloseWorker(Napi::Env env, Napi::Object owner, std::shared_ptr<OnnxState<Engine>> state)
        : Napi::AsyncWorker(env), deferred_(env), owner_(Napi::Persistent(owner)), state_(std::move(state)) {}
    Napi::Promise promise() const { return deferred_.Promise(); }

  protected:
    void Execute() override { state_->stop(); }
    void OnOK() override {
        state_->waker->deliver(Env());
        state_->shut_down();
        (new ReleaseWorker(Env(), deferred_, std::exchange(state_->engine, nullptr)))->Queue();
    }

  private:
    class ReleaseWorker : public Napi::AsyncWorker {
      public:
        ReleaseWorker(Napi::Env env, Napi::Promise::Deferred deferred, std::shared_ptr<Engine> engine)
            : Napi::AsyncWorker(env), deferred_(deferred), engine_(std::move(engine)) {}

      protected:
        void Execute() override { engine_.reset(); }
        void OnOK() override { deferred_.Resolve(Env().Undefined()); }

      private:
        Napi::Promise::Deferred deferred_;
        std::shared_ptr<Engine> engine_;
    };

    Napi::Promise::Deferred deferred_;
    Napi::ObjectReference owner_;
    std::shared_ptr<OnnxState<Engine>> state_;
};

}  // namespace inferno::binding
