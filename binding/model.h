// The JS object of a loaded model (NativeModel in lib/native-types.ts). JS thread only.
#pragma once

#include <napi.h>

#include <memory>

#include "binding/event_bridge.h"
#include "binding/live_states.h"
#include "native/llama/engine.h"
#include "native/llama/model.h"

namespace inferno::binding {

// What a model owns outside of JS. Shared between the JS object, the environment's cleanup hook and unload workers.
struct ModelState final : Stoppable {
    std::shared_ptr<const llama::Model> model;
    std::shared_ptr<llama::Engine> engine;  // null when only the vocabulary was loaded
    std::shared_ptr<EventBridge> bridge;
    bool unloaded = false;

    void stop() override;
    // Rule 3: joins the engine, then closes the bridge. Idempotent. JS thread.
    void shut_down();
};

class ModelObject : public Napi::ObjectWrap<ModelObject> {
  public:
    static Napi::Function define(Napi::Env env);
    static Napi::Object create(Napi::Env env, std::shared_ptr<ModelState> state);

    explicit ModelObject(const Napi::CallbackInfo & info);
    ~ModelObject() override;

  private:
    Napi::Value info(const Napi::CallbackInfo & info);
    Napi::Value stats(const Napi::CallbackInfo & info);
    Napi::Value profiles(const Napi::CallbackInfo & info);
    Napi::Value statistics(const Napi::CallbackInfo & info);
    Napi::Value queue_status(const Napi::CallbackInfo & info);
    Napi::Value queue_position(const Napi::CallbackInfo & info);
    Napi::Value memory_bytes(const Napi::CallbackInfo & info);
    Napi::Value replicate(const Napi::CallbackInfo & info);
    Napi::Value submit(const Napi::CallbackInfo & info);
    void cancel(const Napi::CallbackInfo & info);
    void pause(const Napi::CallbackInfo & info);
    void resume(const Napi::CallbackInfo & info);
    Napi::Value tokenize(const Napi::CallbackInfo & info);
    Napi::Value detokenize(const Napi::CallbackInfo & info);
    Napi::Value token_bytes(const Napi::CallbackInfo & info);
    Napi::Value render_chat(const Napi::CallbackInfo & info);
    Napi::Value embed(const Napi::CallbackInfo & info);
    Napi::Value unload(const Napi::CallbackInfo & info);
    void set_event_sink(const Napi::CallbackInfo & info);

    // Throws model_unloaded.
    void require_loaded(Napi::Env env) const;
    // Throws model_unloaded or unsupported_model.
    llama::Engine & require_engine(Napi::Env env) const;

    std::shared_ptr<ModelState> state_;
    napi_env env_;
};

}  // namespace inferno::binding
