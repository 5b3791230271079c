#include "binding/model.h"

#include <utility>

#include "binding/encoder.h"
#include "binding/environment.h"
#include "binding/errors.h"
#include "binding/model_loader.h"
#include "binding/request_reader.h"
#include "native/llama/tokenizer.h"

namespace inferno::binding {

std::vector<std::shared_ptr<const void>> ModelState::release() {
    return {std::exchange(engine, nullptr), std::exchange(llama_engine, nullptr), std::exchange(model, nullptr)};
}

Napi::Function ModelObject::define(Napi::Env env) {
    Properties properties = {
        InstanceMethod<&ModelObject::info>("info"),
        InstanceMethod<&ModelObject::replicate>("replicate"),
        InstanceMethod<&ModelObject::tokenize>("tokenize"),
        InstanceMethod<&ModelObject::detokenize>("detokenize"),
        InstanceMethod<&ModelObject::token_bytes>("tokenBytes"),
        InstanceMethod<&ModelObject::render_chat>("renderChat"),
        InstanceMethod<&ModelObject::encode>("encode"),
    };
    add_generator_methods(properties);
    return DefineClass(env, "NativeModel", properties);
}

Napi::Object ModelObject::create(Napi::Env env, std::shared_ptr<ModelState> state) {
    auto external = Napi::External<std::shared_ptr<ModelState>>::New(env, &state);
    return env.GetInstanceData<Environment>()->model_constructor.New({external});
}

ModelObject::ModelObject(const Napi::CallbackInfo & info) : GeneratorObject<ModelObject>(info), env_(info.Env()) {
    if (info.Length() != 1 || !info[0].IsExternal()) {
        throw Napi::TypeError::New(info.Env(), "Expected models to be made by loadModel.");
    }
    state_ = *info[0].As<Napi::External<std::shared_ptr<ModelState>>>().Data();
    watch_state(info.Env(), *state_);
}

ModelObject::~ModelObject() {
    if (!state_) return;
    forget_state(env_, *state_);
}

// info(): NativeModelInfo
Napi::Value ModelObject::info(const Napi::CallbackInfo & info) {
    const Napi::Env env = info.Env();
    state_->require_loaded(env);
    return describe_engine(env, *state_->model, state_->engine.get());
}

// replicate(options): NativeLoadHandle
Napi::Value ModelObject::replicate(const Napi::CallbackInfo & info) {
    state_->require_engine(info.Env());
    return replicate_model(info, state_->model);
}

// tokenize(text: string, addSpecial: boolean, parseSpecial: boolean): Int32Array
Napi::Value ModelObject::tokenize(const Napi::CallbackInfo & info) {
    const Napi::Env env = info.Env();
    state_->require_loaded(env);
    const std::string text = info[0].ToString().Utf8Value();
    auto tokens = llama::tokenize(state_->model->vocab(), text, info[1].ToBoolean(), info[2].ToBoolean());
    if (!tokens) throw to_error(env, tokens.status());
    Napi::Int32Array array = Napi::Int32Array::New(env, tokens.value().size());
    std::copy(tokens.value().begin(), tokens.value().end(), array.Data());
    return array;
}

// detokenize(tokens: Int32Array, removeSpecial: boolean, unparseSpecial: boolean): string
Napi::Value ModelObject::detokenize(const Napi::CallbackInfo & info) {
    const Napi::Env env = info.Env();
    state_->require_loaded(env);
    const std::vector<llama_token> tokens = read_tokens(info[0], "tokens");
    auto text = llama::detokenize(state_->model->vocab(), tokens, info[1].ToBoolean(), info[2].ToBoolean());
    if (!text) throw to_error(env, text.status());
    return Napi::String::New(env, text.value());
}

// tokenBytes(tokens: Int32Array): Uint8Array[]
Napi::Value ModelObject::token_bytes(const Napi::CallbackInfo & info) {
    state_->require_loaded(info.Env());
    return binding::token_bytes(info, *state_->model);
}

// renderChat(messagesJson: string, toolsJson: string, addGenerationPrompt: boolean, templateArgumentsJson: string):
// string
Napi::Value ModelObject::render_chat(const Napi::CallbackInfo & info) {
    const Napi::Env env = info.Env();
    state_->require_loaded(env);
    llama::ChatInput input;
    input.messages_json = info[0].ToString().Utf8Value();
    input.tools_json = info[1].ToString().Utf8Value();
    input.add_generation_prompt = info[2].ToBoolean();
    input.template_arguments_json = info[3].ToString().Utf8Value();
    auto rendered = state_->model->chat_template().render(input);
    if (!rendered) throw to_error(env, rendered.status());
    return Napi::String::New(env, rendered.value().prompt);
}

// encode(request: NativeEncodingRequest): NativeEncodingHandle
Napi::Value ModelObject::encode(const Napi::CallbackInfo & info) {
    state_->require_engine(info.Env());
    return start_encoding(info, *state_->llama_engine, state_->bridge);
}

}  // namespace inferno::binding
