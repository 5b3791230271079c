#include "binding/model.h"

#include <cstdlib>
#include <mutex>
#include <set>

#include "binding/embedding.h"
#include "binding/environment.h"
#include "binding/errors.h"
#include "binding/model_loader.h"
#include "binding/profiles.h"
#include "binding/queue_status.h"
#include "binding/request_reader.h"
#include "binding/statistics.h"
#include "native/llama/tokenizer.h"

namespace inferno::binding {
namespace {

// Joins the engine's threads without blocking JS, delivers the last events, then frees the weights off the JS thread
// too.
class UnloadWorker : public Napi::AsyncWorker {
  public:
    UnloadWorker(Napi::Env env, std::shared_ptr<ModelState> state)
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
        (new ReleaseWorker(Env(), std::move(deferred_), std::move(state_)))->Queue();
    }

  private:
    class ReleaseWorker : public Napi::AsyncWorker {
      public:
        ReleaseWorker(Napi::Env env, Napi::Promise::Deferred deferred, std::shared_ptr<ModelState> state)
            : Napi::AsyncWorker(env),
              deferred_(deferred),
              engine_(std::move(state->engine)),
              model_(std::move(state->model)) {}

      protected:
        void Execute() override {
            engine_.reset();
            model_.reset();
        }
        void OnOK() override { deferred_.Resolve(Env().Undefined()); }

      private:
        Napi::Promise::Deferred deferred_;
        std::shared_ptr<llama::Engine> engine_;
        std::shared_ptr<const llama::Model> model_;
    };

    Napi::Promise::Deferred deferred_;
    std::shared_ptr<ModelState> state_;
    std::shared_ptr<llama::Engine> engine_;
};

void shut_down_at_exit(void * data) { static_cast<ModelState *>(data)->shut_down(); }

Napi::Value number(Napi::Env env, double value) { return Napi::Number::New(env, value); }

}  // namespace

// process.exit() runs no cleanup hooks: engines that still compute then would meet llama.cpp's destroyed statics.
class LiveStates {
  public:
    static LiveStates & get() {
        static LiveStates * const states = new LiveStates();  // never destroyed: used at exit
        return *states;
    }
    void add(ModelState * state) {
        const std::lock_guard lock(mutex_);
        if (!registered_) std::atexit([] { get().stop_all(); });
        registered_ = true;
        states_.insert(state);
    }
    void remove(ModelState * state) {
        const std::lock_guard lock(mutex_);
        states_.erase(state);
    }

  private:
    void stop_all() {
        const std::lock_guard lock(mutex_);
        for (ModelState * state : states_) {
            if (state->engine) state->engine->shut_down();
        }
    }
    std::mutex mutex_;
    std::set<ModelState *> states_;
    bool registered_ = false;
};

void ModelState::shut_down() {
    LiveStates::get().remove(this);
    unloaded = true;
    if (engine) engine->shut_down();
    bridge->close();
}

Napi::Function ModelObject::define(Napi::Env env) {
    return DefineClass(env, "NativeModel",
                       {
                           InstanceMethod<&ModelObject::info>("info"),
                           InstanceMethod<&ModelObject::stats>("stats"),
                           InstanceMethod<&ModelObject::profiles>("profiles"),
                           InstanceMethod<&ModelObject::statistics>("statistics"),
                           InstanceMethod<&ModelObject::queue_status>("queueStatus"),
                           InstanceMethod<&ModelObject::queue_position>("queuePosition"),
                           InstanceMethod<&ModelObject::memory_bytes>("memoryBytes"),
                           InstanceMethod<&ModelObject::replicate>("replicate"),
                           InstanceMethod<&ModelObject::submit>("submit"),
                           InstanceMethod<&ModelObject::cancel>("cancel"),
                           InstanceMethod<&ModelObject::pause>("pause"),
                           InstanceMethod<&ModelObject::resume>("resume"),
                           InstanceMethod<&ModelObject::tokenize>("tokenize"),
                           InstanceMethod<&ModelObject::detokenize>("detokenize"),
                           InstanceMethod<&ModelObject::token_bytes>("tokenBytes"),
                           InstanceMethod<&ModelObject::render_chat>("renderChat"),
                           InstanceMethod<&ModelObject::embed>("embed"),
                           InstanceMethod<&ModelObject::unload>("unload"),
                           InstanceMethod<&ModelObject::set_event_sink>("setEventSink"),
                       });
}

Napi::Object ModelObject::create(Napi::Env env, std::shared_ptr<ModelState> state) {
    auto external = Napi::External<std::shared_ptr<ModelState>>::New(env, &state);
    return env.GetInstanceData<Environment>()->model_constructor.New({external});
}

ModelObject::ModelObject(const Napi::CallbackInfo & info) : Napi::ObjectWrap<ModelObject>(info), env_(info.Env()) {
    if (info.Length() != 1 || !info[0].IsExternal()) {
        throw Napi::TypeError::New(info.Env(), "Expected models to be made by loadModel.");
    }
    state_ = *info[0].As<Napi::External<std::shared_ptr<ModelState>>>().Data();
    LiveStates::get().add(state_.get());
    napi_add_env_cleanup_hook(env_, shut_down_at_exit, state_.get());
}

ModelObject::~ModelObject() {
    if (!state_) return;
    napi_remove_env_cleanup_hook(env_, shut_down_at_exit, state_.get());
    state_->shut_down();
}

void ModelObject::require_loaded(Napi::Env env) const {
    if (state_->unloaded) throw to_error(env, Status(ErrorCode::ModelUnloaded, "The model was unloaded."));
}

llama::Engine & ModelObject::require_engine(Napi::Env env) const {
    require_loaded(env);
    if (!state_->engine) {
        throw to_error(env, Status(ErrorCode::UnsupportedModel,
                                   "Only the vocabulary of this model was loaded, so it cannot generate."));
    }
    return *state_->engine;
}

// info(): NativeModelInfo
Napi::Value ModelObject::info(const Napi::CallbackInfo & info) {
    const Napi::Env env = info.Env();
    require_loaded(env);
    const llama::ModelDescription & d = state_->model->description();
    Napi::Object object = Napi::Object::New(env);
    object.Set("architecture", d.architecture);
    object.Set("name", d.name);
    object.Set("description", d.description);
    object.Set("fileType", d.file_type);
    object.Set("chatTemplate", d.chat_template_source);
    object.Set("parameterCount", number(env, static_cast<double>(d.parameter_count)));
    object.Set("sizeBytes", number(env, static_cast<double>(d.size_bytes)));
    object.Set("trainContextSize", d.train_context_size);
    object.Set("embeddingLength", d.embedding_length);
    object.Set("layerCount", d.layer_count);
    object.Set("headCount", d.head_count);
    object.Set("vocabularySize", d.vocabulary_size);
    object.Set("bosToken", d.bos_token);
    object.Set("eosToken", d.eos_token);
    object.Set("supportsInfill", d.supports_infill);
    object.Set("supportsEmbeddings", d.supports_embeddings && state_->engine != nullptr);
    object.Set("contextSize", state_->engine ? state_->engine->context_size() : 0);
    object.Set("parallel", state_->engine ? state_->engine->parallel() : 0);
    object.Set("batchSize", state_->engine ? state_->engine->batch_size() : 0);
    return object;
}

// stats(): NativeModelStats
Napi::Value ModelObject::stats(const Napi::CallbackInfo & info) {
    const Napi::Env env = info.Env();
    require_loaded(env);
    const llama::EngineStats stats = state_->engine ? state_->engine->stats() : llama::EngineStats{};
    Napi::Object object = Napi::Object::New(env);
    object.Set("sequencesBusy", stats.sequences_busy);
    object.Set("queued", stats.queued);
    object.Set("threads", stats.threads);
    object.Set("decodeSteps", number(env, static_cast<double>(stats.decode_steps)));
    object.Set("tokensDecoded", number(env, static_cast<double>(stats.tokens_decoded)));
    object.Set("tokensPrefilled", number(env, static_cast<double>(stats.tokens_prefilled)));
    object.Set("requestsFinished", number(env, static_cast<double>(stats.requests_finished)));
    object.Set("wakes", number(env, static_cast<double>(stats.wakes)));
    object.Set("tokensCached", number(env, static_cast<double>(stats.tokens_cached)));
    object.Set("tokensDrafted", number(env, static_cast<double>(stats.tokens_drafted)));
    object.Set("tokensAccepted", number(env, static_cast<double>(stats.tokens_accepted)));
    return object;
}

// profiles(limit: number): NativeGenerationProfile[]
Napi::Value ModelObject::profiles(const Napi::CallbackInfo & info) {
    return profiles_to_js(info.Env(), require_engine(info.Env()), info[0].ToNumber().Uint32Value());
}

// statistics(): NativeStatistics
Napi::Value ModelObject::statistics(const Napi::CallbackInfo & info) {
    const llama::GenerationRecorder * recorder = require_engine(info.Env()).recorder();
    return StatisticsObject::wrap(info.Env(),
                                  recorder ? recorder->statistics() : std::make_shared<profile::Statistics>());
}

// queueStatus(): NativeQueueStatus
Napi::Value ModelObject::queue_status(const Napi::CallbackInfo & info) {
    return queue_status_to_js(info.Env(), require_engine(info.Env()).queue_status());
}

// queuePosition(generation: number): NativeQueuePosition | undefined
Napi::Value ModelObject::queue_position(const Napi::CallbackInfo & info) {
    const Napi::Env env = info.Env();
    const auto standing = require_engine(env).queue_position(info[0].ToNumber().Int32Value());
    return standing ? queue_position_to_js(env, *standing) : env.Undefined();
}

// memoryBytes(): number
Napi::Value ModelObject::memory_bytes(const Napi::CallbackInfo & info) {
    const Napi::Env env = info.Env();
    require_loaded(env);
    const uint64_t bytes = state_->engine ? state_->engine->memory_bytes() : state_->model->description().size_bytes;
    return number(env, static_cast<double>(bytes));
}

// replicate(options): NativeLoadHandle
Napi::Value ModelObject::replicate(const Napi::CallbackInfo & info) {
    require_engine(info.Env());
    return replicate_model(info, state_->model);
}

// submit(request: NativeGenerationRequest): number
Napi::Value ModelObject::submit(const Napi::CallbackInfo & info) {
    const Napi::Env env = info.Env();
    llama::Engine & engine = require_engine(env);
    if (!info[0].IsObject()) throw Napi::TypeError::New(env, "Expected an object for request.");
    const Result<llama::GenerationId> id = engine.submit(read_generation_request(info[0].As<Napi::Object>()));
    if (!id) throw to_error(env, id.status());
    state_->bridge->begin_generation(env, id.value());
    return number(env, id.value());
}

// cancel(generation: number): void
void ModelObject::cancel(const Napi::CallbackInfo & info) {
    if (state_->engine) state_->engine->cancel(info[0].ToNumber().Int32Value());
}

// pause(generation: number): void
void ModelObject::pause(const Napi::CallbackInfo & info) {
    if (!state_->engine) return;
    const llama::GenerationId id = info[0].ToNumber().Int32Value();
    state_->engine->pause(id);
    state_->bridge->rest_generation(info.Env(), id);
}

// resume(generation: number): void
void ModelObject::resume(const Napi::CallbackInfo & info) {
    if (!state_->engine) return;
    const llama::GenerationId id = info[0].ToNumber().Int32Value();
    state_->engine->resume(id);
    state_->bridge->continue_generation(info.Env(), id);
}

// tokenize(text: string, addSpecial: boolean, parseSpecial: boolean): Int32Array
Napi::Value ModelObject::tokenize(const Napi::CallbackInfo & info) {
    const Napi::Env env = info.Env();
    require_loaded(env);
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
    require_loaded(env);
    const std::vector<llama_token> tokens = read_tokens(info[0], "tokens");
    auto text = llama::detokenize(state_->model->vocab(), tokens, info[1].ToBoolean(), info[2].ToBoolean());
    if (!text) throw to_error(env, text.status());
    return Napi::String::New(env, text.value());
}

// tokenBytes(tokens: Int32Array): Uint8Array[]
Napi::Value ModelObject::token_bytes(const Napi::CallbackInfo & info) {
    const Napi::Env env = info.Env();
    require_loaded(env);
    const std::vector<llama_token> tokens = read_tokens(info[0], "tokens");
    const int32_t vocabulary_size = state_->model->description().vocabulary_size;
    if (Status status = llama::check_token_ids(tokens, vocabulary_size, "tokens"); !status) throw to_error(env, status);
    Napi::Array list = Napi::Array::New(env, tokens.size());
    std::string piece;
    for (size_t i = 0; i < tokens.size(); ++i) {
        piece.clear();
        llama::append_token_piece(state_->model->vocab(), tokens[i], true, piece);
        Napi::Uint8Array bytes = Napi::Uint8Array::New(env, piece.size());
        std::copy(piece.begin(), piece.end(), bytes.Data());
        list.Set(static_cast<uint32_t>(i), bytes);
    }
    return list;
}

// renderChat(messagesJson: string, toolsJson: string, addGenerationPrompt: boolean, templateArgumentsJson: string):
// string
Napi::Value ModelObject::render_chat(const Napi::CallbackInfo & info) {
    const Napi::Env env = info.Env();
    require_loaded(env);
    llama::ChatInput input;
    input.messages_json = info[0].ToString().Utf8Value();
    input.tools_json = info[1].ToString().Utf8Value();
    input.add_generation_prompt = info[2].ToBoolean();
    input.template_arguments_json = info[3].ToString().Utf8Value();
    auto rendered = state_->model->chat_template().render(input);
    if (!rendered) throw to_error(env, rendered.status());
    return Napi::String::New(env, rendered.value().prompt);
}

// embed(inputs: readonly (string | Int32Array)[], normalize: boolean): NativeEmbeddingHandle
Napi::Value ModelObject::embed(const Napi::CallbackInfo & info) {
    return start_embedding(info, require_engine(info.Env()), state_->bridge);
}

// unload(): Promise<void>
Napi::Value ModelObject::unload(const Napi::CallbackInfo & info) {
    const Napi::Env env = info.Env();
    if (state_->unloaded) {
        Napi::Promise::Deferred deferred(env);
        deferred.Resolve(env.Undefined());
        return deferred.Promise();
    }
    state_->unloaded = true;
    auto * worker = new UnloadWorker(env, state_);
    const Napi::Promise promise = worker->promise();
    worker->Queue();
    return promise;
}

// setEventSink(sink: (count: number) => void, records: Int32Array, text: Uint8Array): void
void ModelObject::set_event_sink(const Napi::CallbackInfo & info) {
    const Napi::Env env = info.Env();
    require_loaded(env);
    if (!info[0].IsFunction() || !info[1].IsTypedArray() || !info[2].IsTypedArray()) {
        throw Napi::TypeError::New(env, "Expected a function, an Int32Array and a Uint8Array.");
    }
    if (info[2].As<Napi::Uint8Array>().ByteLength() < llama::EventOutbox::kMaxRecordBytes) {
        throw Napi::RangeError::New(env, "Expected at least 262144 bytes for text.");
    }
    state_->bridge->set_sink(info[0].As<Napi::Function>(), info[1].As<Napi::Int32Array>(),
                             info[2].As<Napi::Uint8Array>());
}

}  // namespace inferno::binding
