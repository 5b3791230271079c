// The JS object of a text engine over an ONNX graph (NativeOnnxTextEngine in lib/native-onnx-text-types.ts). JS thread
// only.
#pragma once

#include <napi.h>

#include <memory>

#include "binding/generator_methods.h"
#include "native/onnx/text_engine.h"

namespace inferno::binding {

struct OnnxTextState final : EngineState {
    std::shared_ptr<onnx::TextEngine> text_engine;  // the same as `engine`

    std::vector<std::shared_ptr<const void>> release() override;
};

class OnnxTextEngineObject : public GeneratorObject<OnnxTextEngineObject> {
  public:
    static Napi::Function define(Napi::Env env);
    static Napi::Object create(Napi::Env env, std::shared_ptr<OnnxTextState> state);

    explicit OnnxTextEngineObject(const Napi::CallbackInfo & info);
    ~OnnxTextEngineObject() override;

  private:
    friend class GeneratorObject<OnnxTextEngineObject>;

    Napi::Value info(const Napi::CallbackInfo & info);
    Napi::Value cache_info(const Napi::CallbackInfo & info);
    Napi::Value render_prompt(const Napi::CallbackInfo & info);
    Napi::Value token_bytes(const Napi::CallbackInfo & info);

    // Throws model_unloaded.
    onnx::TextEngine & require_engine(Napi::Env env) const;

    std::shared_ptr<OnnxTextState> state_;
    napi_env env_;
};

// createOnnxTextEngine(options: NativeOnnxTextOptions): NativeOnnxTextHandle
Napi::Value create_onnx_text_engine(const Napi::CallbackInfo & info);

}  // namespace inferno::binding
