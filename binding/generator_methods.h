// The methods of NativeGenerator (lib/native-types.ts), which every JS object over an engine has. JS thread only.
#pragma once

#include <napi.h>

#include "binding/engine_state.h"

namespace inferno::binding {

Napi::Value engine_stats(const Napi::CallbackInfo & info, const EngineState & state);
Napi::Value engine_profiles(const Napi::CallbackInfo & info, const EngineState & state);
Napi::Value engine_statistics(const Napi::CallbackInfo & info, const EngineState & state);
Napi::Value engine_queue_status(const Napi::CallbackInfo & info, const EngineState & state);
Napi::Value engine_queue_position(const Napi::CallbackInfo & info, const EngineState & state);
Napi::Value engine_memory_bytes(const Napi::CallbackInfo & info, const EngineState & state);
Napi::Value submit_generation(const Napi::CallbackInfo & info, const EngineState & state);
void cancel_generation(const Napi::CallbackInfo & info, const EngineState & state);
void pause_generation(const Napi::CallbackInfo & info, const EngineState & state);
void resume_generation(const Napi::CallbackInfo & info, const EngineState & state);
void set_event_sink(const Napi::CallbackInfo & info, const EngineState & state);
// Of the vocabulary alone, so that an engine is not needed.
Napi::Value token_bytes(const Napi::CallbackInfo & info, const llama::Model & model);

// Fields of NativeModelInfo that the vocabulary and the engine know. `engine` may be null.
Napi::Object describe_engine(Napi::Env env, const llama::Model & model, const llama::GenerationEngine * engine);

// Adds these methods to a class that holds a `std::shared_ptr<…State> state_`. A template, because N-API finds a
// class's methods by pointers to its own members.
template <typename Object>
class GeneratorObject : public Napi::ObjectWrap<Object> {
  public:
    using Napi::ObjectWrap<Object>::ObjectWrap;

  protected:
    using Properties = std::vector<Napi::ClassPropertyDescriptor<Object>>;

    static void add_generator_methods(Properties & list) {
        add(list, "stats", &GeneratorObject::stats);
        add(list, "profiles", &GeneratorObject::profiles);
        add(list, "statistics", &GeneratorObject::statistics);
        add(list, "queueStatus", &GeneratorObject::queue_status);
        add(list, "queuePosition", &GeneratorObject::queue_position);
        add(list, "memoryBytes", &GeneratorObject::memory_bytes);
        add(list, "submit", &GeneratorObject::submit);
        add(list, "cancel", &GeneratorObject::cancel);
        add(list, "pause", &GeneratorObject::pause);
        add(list, "resume", &GeneratorObject::resume);
        add(list, "unload", &GeneratorObject::unload);
        add(list, "setEventSink", &GeneratorObject::set_sink);
    }

  private:
    using Method = Napi::Value (Object::*)(const Napi::CallbackInfo &);

    static void add(Properties & list, const char * name,
                    Napi::Value (GeneratorObject::*method)(const Napi::CallbackInfo &)) {
        list.push_back(Object::InstanceMethod(name, static_cast<Method>(method)));
    }
    std::shared_ptr<EngineState> state() const { return static_cast<const Object *>(this)->state_; }

    Napi::Value stats(const Napi::CallbackInfo & info) { return engine_stats(info, *state()); }
    Napi::Value profiles(const Napi::CallbackInfo & info) { return engine_profiles(info, *state()); }
    Napi::Value statistics(const Napi::CallbackInfo & info) { return engine_statistics(info, *state()); }
    Napi::Value queue_status(const Napi::CallbackInfo & info) { return engine_queue_status(info, *state()); }
    Napi::Value queue_position(const Napi::CallbackInfo & info) { return engine_queue_position(info, *state()); }
    Napi::Value memory_bytes(const Napi::CallbackInfo & info) { return engine_memory_bytes(info, *state()); }
    Napi::Value submit(const Napi::CallbackInfo & info) { return submit_generation(info, *state()); }
    Napi::Value cancel(const Napi::CallbackInfo & info) {
        cancel_generation(info, *state());
        return info.Env().Undefined();
    }
    Napi::Value pause(const Napi::CallbackInfo & info) {
        pause_generation(info, *state());
        return info.Env().Undefined();
    }
    Napi::Value resume(const Napi::CallbackInfo & info) {
        resume_generation(info, *state());
        return info.Env().Undefined();
    }
    Napi::Value unload(const Napi::CallbackInfo & info) { return unload_engine(info.Env(), state()); }
    Napi::Value set_sink(const Napi::CallbackInfo & info) {
        set_event_sink(info, *state());
        return info.Env().Undefined();
    }
};

}  // namespace inferno::binding
