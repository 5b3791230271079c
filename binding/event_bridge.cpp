#include "binding/event_bridge.h"

namespace inferno::binding {

std::shared_ptr<EventBridge> EventBridge::create(Napi::Env env) {
    std::shared_ptr<EventBridge> bridge(new EventBridge(env));
    // The thread-safe function owns a reference to the bridge, so that a late call finds it alive.
    auto * owner = new std::shared_ptr<EventBridge>(bridge);
    const auto release_owner = [](napi_env, void * data, void *) {
        delete static_cast<std::shared_ptr<EventBridge> *>(data);
    };
    const napi_status status =
        napi_create_threadsafe_function(env, nullptr, nullptr, Napi::String::New(env, "inferno:events"), 0, 1, owner,
                                        release_owner, owner, call_js, &bridge->function_);
    if (status != napi_ok) {
        delete owner;
        throw Napi::Error::New(env, "A thread-safe function could not be created.");
    }
    napi_unref_threadsafe_function(env, bridge->function_);  // rule 2
    return bridge;
}

void EventBridge::wake() {
    const std::lock_guard lock(mutex_);
    if (!closed_) napi_call_threadsafe_function(function_, nullptr, napi_tsfn_nonblocking);
}

void EventBridge::post(Task task) {
    const std::lock_guard lock(mutex_);
    if (closed_) return;
    tasks_.push_back(std::move(task));
    napi_call_threadsafe_function(function_, nullptr, napi_tsfn_nonblocking);
}

void EventBridge::set_sink(Napi::Function sink, Napi::Int32Array records, Napi::Uint8Array text) {
    sink_ = Napi::Persistent(sink);
    records_ = Napi::Persistent(records);
    text_ = Napi::Persistent(text);
}

void EventBridge::begin_work(Napi::Env env) {
    if (running_++ == 0) napi_ref_threadsafe_function(env, function_);
}

void EventBridge::end_work(Napi::Env env) {
    if (--running_ == 0) napi_unref_threadsafe_function(env, function_);
}

void EventBridge::begin_generation(Napi::Env env, llama::GenerationId id) {
    live_.insert(id);
    begin_work(env);
}

void EventBridge::rest_generation(Napi::Env env, llama::GenerationId id) {
    if (live_.contains(id) && resting_.insert(id).second) end_work(env);
}

void EventBridge::continue_generation(Napi::Env env, llama::GenerationId id) {
    if (resting_.erase(id) > 0) begin_work(env);
}

void EventBridge::end_generation(Napi::Env env, llama::GenerationId id) {
    live_.erase(id);
    if (resting_.erase(id) == 0) end_work(env);
}

void EventBridge::call_js(napi_env env, napi_value /*callback*/, void * context, void * /*data*/) {
    // A null environment means that it is being torn down; nothing may be delivered then.
    if (env == nullptr) return;
    const std::shared_ptr<EventBridge> bridge = *static_cast<std::shared_ptr<EventBridge> *>(context);
    try {
        bridge->deliver(Napi::Env(env));
    } catch (const Napi::Error & error) {
        // What a sink throws is the caller's bug; Node reports it as an uncaught exception.
        error.ThrowAsJavaScriptException();
    }
}

void EventBridge::deliver(Napi::Env env) {
    run_tasks(env);
    drain(env);
}

void EventBridge::run_tasks(Napi::Env env) {
    std::vector<Task> tasks;
    {
        const std::lock_guard lock(mutex_);
        tasks.swap(tasks_);
    }
    for (const Task & task : tasks) task(env);
}

void EventBridge::drain(Napi::Env env) {
    if (!engine_ || sink_.IsEmpty()) return;
    const Napi::HandleScope scope(env);
    Napi::Int32Array records = records_.Value();
    Napi::Uint8Array text = text_.Value();
    const std::shared_ptr<llama::GenerationEngine> engine = engine_;  // a sink may unload the model
    while (true) {
        const size_t count = engine->drain({records.Data(), records.ElementLength()}, {text.Data(), text.ByteLength()});
        if (count == 0) return;
        for (size_t i = 0; i < count; ++i) {
            const int32_t * record = records.Data() + i * llama::kEventStride;
            if (record[llama::kEventKind] == llama::kEventEnd) end_generation(env, record[llama::kEventGeneration]);
        }
        sink_.Call({Napi::Number::New(env, static_cast<double>(count))});
    }
}

void EventBridge::close() {
    {
        const std::lock_guard lock(mutex_);
        if (closed_) return;
        closed_ = true;
        tasks_.clear();
    }
    napi_release_threadsafe_function(function_, napi_tsfn_abort);
    engine_.reset();
    sink_.Reset();
    records_.Reset();
    text_.Reset();
}

}  // namespace inferno::binding
