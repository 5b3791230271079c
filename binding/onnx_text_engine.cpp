#include "binding/onnx_text_engine.h"

#include <utility>

#include "binding/environment.h"
#include "binding/errors.h"
#include "binding/onnx_session.h"
#include "binding/option_reader.h"
#include "binding/request_reader.h"

namespace inferno::binding {
namespace {

llama::TokenTable read_token_table(const OptionReader & object) {
    llama::TokenTable table;
    const auto bytes = object.array<Napi::Uint8Array>("bytes", napi_uint8_array);
    table.bytes.assign(reinterpret_cast<const char *>(bytes.Data()), bytes.ElementLength());
    const auto offsets = object.array<Napi::Int32Array>("offsets", napi_int32_array);
    table.offsets.assign(offsets.Data(), offsets.Data() + offsets.ElementLength());
    const auto kinds = object.array<Napi::Uint8Array>("kinds", napi_uint8_array);
    for (size_t i = 0; i < kinds.ElementLength(); ++i) {
        table.kinds.push_back(static_cast<llama::TokenKind>(kinds.Data()[i]));
    }
    return table;
}

llama::VocabularyOptions read_vocabulary(const OptionReader & options) {
    llama::VocabularyOptions vocabulary;
    vocabulary.tokens = read_token_table(options.object("tokens"));
    vocabulary.bos_token = options.integer("bosToken");
    const auto ends = options.array<Napi::Int32Array>("endTokens", napi_int32_array);
    vocabulary.end_tokens.assign(ends.Data(), ends.Data() + ends.ElementLength());
    vocabulary.chat_template = options.text("chatTemplate");
    vocabulary.name = options.text("name");
    vocabulary.architecture = options.text("architecture");
    vocabulary.train_context_size = options.integer("trainContextSize");
    return vocabulary;
}

onnx::TextEngineOptions read_engine_options(const OptionReader & options) {
    constexpr double kMicrosecondsPerMillisecond = 1000.0;
    onnx::TextEngineOptions engine;
    engine.context_size = options.integer("contextSize");
    engine.parallel = options.integer("parallel");
    engine.batch_size = options.integer("batchSize");
    const OptionReader scheduling = options.object("scheduling");
    engine.policy = scheduling.text("policy") == "fifo" ? queue::Policy::Fifo : queue::Policy::Priority;
    engine.queue_capacity = scheduling.integer("queueCapacity");
    engine.min_workers = scheduling.integer("minWorkers");
    engine.target_latency_us = static_cast<int64_t>(scheduling.number("targetLatencyMs") * kMicrosecondsPerMillisecond);
    engine.profiling = options.boolean("profiling");
    return engine;
}

std::shared_ptr<const onnx::Session> read_session(Napi::Env env, const Napi::Value & value) {
    const auto & constructor = env.GetInstanceData<Environment>()->onnx_session_constructor;
    if (!value.IsObject() || !value.As<Napi::Object>().InstanceOf(constructor.Value())) {
        throw Napi::TypeError::New(env, "Expected a session of openOnnxSession for session.");
    }
    auto session = OnnxSessionObject::Unwrap(value.As<Napi::Object>())->session();
    if (!session) throw to_error(env, Status(ErrorCode::ModelUnloaded, "The model was closed."));
    return session;
}

class CreateWorker : public Napi::AsyncWorker {
  public:
    CreateWorker(Napi::Env env, std::shared_ptr<const onnx::Session> session, llama::VocabularyOptions vocabulary,
                 const onnx::TextEngineOptions & options)
        : Napi::AsyncWorker(env),
          deferred_(env),
          session_(std::move(session)),
          vocabulary_(std::move(vocabulary)),
          options_(options),
          bridge_(EventBridge::create(env)) {}

    Napi::Promise promise() const { return deferred_.Promise(); }

  protected:
    void Execute() override {
        auto engine = onnx::TextEngine::create(std::move(session_), std::move(vocabulary_), options_,
                                               [bridge = bridge_.get()] { bridge->wake(); });
        if (engine) {
            engine_ = std::move(engine).value();
        } else {
            status_ = engine.status();
        }
    }

    void OnOK() override {
        if (!status_) {
            bridge_->close();
            deferred_.Reject(to_error(Env(), status_).Value());
            return;
        }
        auto state = std::make_shared<OnnxTextState>();
        state->engine = engine_;
        state->text_engine = std::move(engine_);
        state->bridge = bridge_;
        bridge_->attach(state->engine);
        deferred_.Resolve(OnnxTextEngineObject::create(Env(), std::move(state)));
    }

  private:
    Napi::Promise::Deferred deferred_;
    std::shared_ptr<const onnx::Session> session_;
    llama::VocabularyOptions vocabulary_;
    onnx::TextEngineOptions options_;
    std::shared_ptr<EventBridge> bridge_;
    Status status_;
    std::shared_ptr<onnx::TextEngine> engine_;
};

}  // namespace

std::vector<std::shared_ptr<const void>> OnnxTextState::release() {
    return {std::exchange(engine, nullptr), std::exchange(text_engine, nullptr)};
}

Napi::Function OnnxTextEngineObject::define(Napi::Env env) {
    Properties properties = {
        InstanceMethod<&OnnxTextEngineObject::info>("info"),
        InstanceMethod<&OnnxTextEngineObject::cache_info>("cacheInfo"),
        InstanceMethod<&OnnxTextEngineObject::render_prompt>("renderPrompt"),
        InstanceMethod<&OnnxTextEngineObject::token_bytes>("tokenBytes"),
    };
    add_generator_methods(properties);
    return DefineClass(env, "NativeOnnxTextEngine", properties);
}

Napi::Object OnnxTextEngineObject::create(Napi::Env env, std::shared_ptr<OnnxTextState> state) {
    auto external = Napi::External<std::shared_ptr<OnnxTextState>>::New(env, &state);
    return env.GetInstanceData<Environment>()->onnx_text_engine_constructor.New({external});
}

OnnxTextEngineObject::OnnxTextEngineObject(const Napi::CallbackInfo & info)
    : GeneratorObject<OnnxTextEngineObject>(info), env_(info.Env()) {
    if (info.Length() != 1 || !info[0].IsExternal()) {
        throw Napi::TypeError::New(info.Env(), "Expected engines to be made by createOnnxTextEngine.");
    }
    state_ = *info[0].As<Napi::External<std::shared_ptr<OnnxTextState>>>().Data();
    watch_state(info.Env(), *state_);
}

OnnxTextEngineObject::~OnnxTextEngineObject() {
    if (!state_) return;
    forget_state(env_, *state_);
}

onnx::TextEngine & OnnxTextEngineObject::require_engine(Napi::Env env) const {
    state_->require_engine(env);
    return *state_->text_engine;
}

// info(): NativeModelInfo
Napi::Value OnnxTextEngineObject::info(const Napi::CallbackInfo & info) {
    const Napi::Env env = info.Env();
    const onnx::TextEngine & engine = require_engine(env);
    Napi::Object object = describe_engine(env, engine.model(), &engine);
    object.Set("description", "ONNX");
    object.Set("fileType", std::string(onnx::element_type_name(engine.graph().cache_type)));
    object.Set("sizeBytes", Napi::Number::New(env, static_cast<double>(engine.weight_bytes())));
    object.Set("layerCount", engine.layer_count());
    return object;
}

// cacheInfo(): NativeOnnxCacheInfo
Napi::Value OnnxTextEngineObject::cache_info(const Napi::CallbackInfo & info) {
    const Napi::Env env = info.Env();
    const onnx::TextEngine & engine = require_engine(env);
    Napi::Object object = Napi::Object::New(env);
    object.Set("layout", engine.traits().layout == onnx::CacheLayout::Shared ? "shared" : "growing");
    object.Set("pads", engine.traits().pads);
    object.Set("chunks", engine.traits().chunks);
    object.Set("bytesMoved", Napi::Number::New(env, static_cast<double>(engine.cache_bytes_moved())));
    return object;
}

// renderPrompt(request: NativeGenerationRequest): string
Napi::Value OnnxTextEngineObject::render_prompt(const Napi::CallbackInfo & info) {
    const Napi::Env env = info.Env();
    const onnx::TextEngine & engine = require_engine(env);
    if (!info[0].IsObject()) throw Napi::TypeError::New(env, "Expected an object for request.");
    const llama::GenerationRequest request = read_generation_request(info[0].As<Napi::Object>());
    if (request.kind != llama::PromptKind::Chat) {
        throw Napi::TypeError::New(env, "Expected a request with messagesJson.");
    }
    auto rendered = engine.model().chat_template().render(request.chat);
    if (!rendered) throw to_error(env, rendered.status());
    return Napi::String::New(env, rendered.value().prompt);
}

// tokenBytes(tokens: Int32Array): Uint8Array[]
Napi::Value OnnxTextEngineObject::token_bytes(const Napi::CallbackInfo & info) {
    return binding::token_bytes(info, require_engine(info.Env()).model());
}

Napi::Value create_onnx_text_engine(const Napi::CallbackInfo & info) {
    const Napi::Env env = info.Env();
    if (!info[0].IsObject()) throw Napi::TypeError::New(env, "Expected an object for options.");
    const OptionReader options(info[0].As<Napi::Object>());
    auto * worker = new CreateWorker(env, read_session(env, options.value("session")), read_vocabulary(options),
                                     read_engine_options(options));
    Napi::Object handle = Napi::Object::New(env);
    handle.Set("promise", worker->promise());
    worker->Queue();
    return handle;
}

}  // namespace inferno::binding
