// The JS object of a loaded model (NativeModel in lib/native-types.ts). JS thread only.
#pragma once

#include <napi.h>

#include <memory>

#include "binding/generator_methods.h"
#include "native/llama/engine.h"
#include "native/llama/model.h"

namespace inferno::binding {

struct ModelState final : EngineState {
    std::shared_ptr<const llama::Model> model;
    std::shared_ptr<llama::Engine> llama_engine;  // the same as `engine`

    std::vector<std::shared_ptr<const void>> release() override;
    uint64_t weight_bytes() const override { return model->description().size_bytes; }
};

class ModelObject : public GeneratorObject<ModelObject> {
  public:
    static Napi::Function define(Napi::Env env);
    static Napi::Object create(Napi::Env env, std::shared_ptr<ModelState> state);

    explicit ModelObject(const Napi::CallbackInfo & info);
    ~ModelObject() override;

  private:
    friend class GeneratorObject<ModelObject>;

    Napi::Value info(const Napi::CallbackInfo & info);
    Napi::Value replicate(const Napi::CallbackInfo & info);
    Napi::Value tokenize(const Napi::CallbackInfo & info);
    Napi::Value detokenize(const Napi::CallbackInfo & info);
    Napi::Value token_bytes(const Napi::CallbackInfo & info);
    Napi::Value render_chat(const Napi::CallbackInfo & info);
    Napi::Value encode(const Napi::CallbackInfo & info);

    std::shared_ptr<ModelState> state_;
    napi_env env_;
};

}  // namespace inferno::binding
