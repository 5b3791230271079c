// What an engine that generates text owns outside of JS, and its end (rule 3 in README.md). JS thread only, unless said
// otherwise.
#pragma once

#include <napi.h>

#include <memory>
#include <vector>

#include "binding/event_bridge.h"
#include "binding/live_states.h"
#include "native/llama/generation_engine.h"

namespace inferno::binding {

// Shared between the JS object, the environment's cleanup hook and unload workers.
struct EngineState : Stoppable {
    std::shared_ptr<llama::GenerationEngine> engine;  // null when only a vocabulary was loaded
    std::shared_ptr<EventBridge> bridge;
    bool unloaded = false;

    virtual ~EngineState() = default;
    void stop() override;
    // Rule 3: joins the engine, then closes the bridge. Idempotent.
    void shut_down();
    // Gives up everything that is large, to be destroyed wherever the caller likes.
    virtual std::vector<std::shared_ptr<const void>> release();

    // Of a model without an engine.
    virtual uint64_t weight_bytes() const { return 0; }

    // Throws model_unloaded.
    void require_loaded(Napi::Env env) const;
    // Throws model_unloaded or unsupported_model.
    llama::GenerationEngine & require_engine(Napi::Env env) const;
};

// From here on the state is shut down when the environment or the process ends, if nobody did before.
void watch_state(Napi::Env env, EngineState & state);
// The JS object is gone.
void forget_state(napi_env env, EngineState & state);

// unload(): Promise<void>. Joins the engine's threads without blocking JS, delivers the last events, then frees the
// weights off the JS thread too.
Napi::Value unload_engine(Napi::Env env, std::shared_ptr<EngineState> state);

}  // namespace inferno::binding
