// Brings an engine's events to JS: one thread-safe function per model, at most one wake per decode step, and one JS
// call per batch of events (rules 1 to 3 in README.md).
//
// Thread safety: wake() and post() from any thread; everything else on the JS thread.
#pragma once

#include <napi.h>

#include <functional>
#include <memory>
#include <mutex>
#include <unordered_set>
#include <vector>

#include "native/llama/generation_engine.h"

namespace inferno::binding {

class EventBridge : public std::enable_shared_from_this<EventBridge> {
  public:
    using Task = std::function<void(Napi::Env)>;

    static std::shared_ptr<EventBridge> create(Napi::Env env);

    void wake();
    // Runs `task` on the JS thread. Dropped when the environment is gone.
    void post(Task task);

    void attach(std::shared_ptr<llama::GenerationEngine> engine) { engine_ = std::move(engine); }
    void set_sink(Napi::Function sink, Napi::Int32Array records, Napi::Uint8Array text);

    // A generation keeps the process alive until its end record, except while it rests because nobody reads it.
    void begin_generation(Napi::Env env, llama::GenerationId id);
    void rest_generation(Napi::Env env, llama::GenerationId id);
    void continue_generation(Napi::Env env, llama::GenerationId id);
    // Other work that must keep the process alive begins or ends.
    void begin_work(Napi::Env env);
    void end_work(Napi::Env env);

    // Delivers everything there is, now: posted tasks and events.
    void deliver(Napi::Env env);
    // Nothing is delivered any more. Idempotent. REQUIRES: the engine was shut down.
    void close();

  private:
    explicit EventBridge(Napi::Env env) : env_(env) {}

    static void call_js(napi_env env, napi_value callback, void * context, void * data);
    void run_tasks(Napi::Env env);
    void drain(Napi::Env env);
    void end_generation(Napi::Env env, llama::GenerationId id);

    const Napi::Env env_;
    napi_threadsafe_function function_ = nullptr;  // set once in create(), valid until close()

    std::mutex mutex_;
    std::vector<Task> tasks_;  // guarded by mutex_
    bool closed_ = false;      // guarded by mutex_

    // JS thread.
    std::shared_ptr<llama::GenerationEngine> engine_;
    Napi::FunctionReference sink_;
    Napi::Reference<Napi::Int32Array> records_;
    Napi::Reference<Napi::Uint8Array> text_;
    std::unordered_set<llama::GenerationId> live_;
    std::unordered_set<llama::GenerationId> resting_;
    int running_ = 0;
};

}  // namespace inferno::binding
