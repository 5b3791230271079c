#include "binding/engine_state.h"

#include <utility>

#include "binding/errors.h"

namespace inferno::binding {
namespace {

class UnloadWorker : public Napi::AsyncWorker {
  public:
    UnloadWorker(Napi::Env env, std::shared_ptr<EngineState> state)
        : Napi::AsyncWorker(env), deferred_(env), state_(std::move(state)), engine_(state_->engine) {}

    Napi::Promise promise() const { return deferred_.Promise(); }

  protected:
    void Execute() override {
        if (engine_) engine_->shut_down();
    }
    void OnOK() override {
        state_->bridge->deliver(Env());
        state_->shut_down();
        engine_.reset();
        (new ReleaseWorker(Env(), std::move(deferred_), state_->release()))->Queue();
    }

  private:
    class ReleaseWorker : public Napi::AsyncWorker {
      public:
        ReleaseWorker(Napi::Env env, Napi::Promise::Deferred deferred, std::vector<std::shared_ptr<const void>> owned)
            : Napi::AsyncWorker(env), deferred_(deferred), owned_(std::move(owned)) {}

      protected:
        // In order: an engine goes before the weights it computes with.
        void Execute() override {
            for (auto & owned : owned_) owned.reset();
        }
        void OnOK() override { deferred_.Resolve(Env().Undefined()); }

      private:
        Napi::Promise::Deferred deferred_;
        std::vector<std::shared_ptr<const void>> owned_;
    };

    Napi::Promise::Deferred deferred_;
    std::shared_ptr<EngineState> state_;
    std::shared_ptr<llama::GenerationEngine> engine_;
};

void shut_down_at_exit(void * data) { static_cast<EngineState *>(data)->shut_down(); }

}  // namespace

void EngineState::stop() {
    if (engine) engine->shut_down();
}

void EngineState::shut_down() {
    LiveStates::get().remove(this);
    unloaded = true;
    stop();
    bridge->close();
}

std::vector<std::shared_ptr<const void>> EngineState::release() { return {std::exchange(engine, nullptr)}; }

void EngineState::require_loaded(Napi::Env env) const {
    if (unloaded) throw to_error(env, Status(ErrorCode::ModelUnloaded, "The model was unloaded."));
}

llama::GenerationEngine & EngineState::require_engine(Napi::Env env) const {
    require_loaded(env);
    if (!engine) {
        throw to_error(env, Status(ErrorCode::UnsupportedModel,
                                   "Only the vocabulary of this model was loaded, so it cannot generate."));
    }
    return *engine;
}

void watch_state(Napi::Env env, EngineState & state) {
    LiveStates::get().add(&state);
    napi_add_env_cleanup_hook(env, shut_down_at_exit, &state);
}

void forget_state(napi_env env, EngineState & state) {
    napi_remove_env_cleanup_hook(env, shut_down_at_exit, &state);
    state.shut_down();
}

Napi::Value unload_engine(Napi::Env env, std::shared_ptr<EngineState> state) {
    if (state->unloaded) {
        Napi::Promise::Deferred deferred(env);
        deferred.Resolve(env.Undefined());
        return deferred.Promise();
    }
    state->unloaded = true;
    auto * worker = new UnloadWorker(env, std::move(state));
    const Napi::Promise promise = worker->promise();
    worker->Queue();
    return promise;
}

}  // namespace inferno::binding
