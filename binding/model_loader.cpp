#include "binding/model_loader.h"

#include <atomic>
#include <memory>
#include <optional>

#include "binding/errors.h"
#include "binding/model.h"
#include "binding/option_reader.h"
#include "native/gguf/gguf_check.h"
#include "native/llama/quantizer.h"

namespace inferno::binding {
namespace {

struct LoadSettings {
    std::shared_ptr<const llama::Model> loaded;  // set for a replica, which loads no weights
    llama::ModelOptions model;
    llama::ModelOptions draft;  // no path: none
    llama::EngineOptions engine;
};

llama::EngineOptions read_engine_options(const OptionReader & options) {
    constexpr double kMicrosecondsPerMillisecond = 1000.0;
    llama::EngineOptions engine;
    engine.context_size = options.integer("contextSize");
    engine.parallel = options.integer("parallel");
    engine.batch_size = options.integer("batchSize");
    engine.threads = options.integer("threads");
    const OptionReader scheduling = options.object("scheduling");
    engine.policy = scheduling.text("policy") == "fifo" ? queue::Policy::Fifo : queue::Policy::Priority;
    engine.queue_capacity = scheduling.integer("queueCapacity");
    engine.min_workers = scheduling.integer("minWorkers");
    engine.target_latency_us = static_cast<int64_t>(scheduling.number("targetLatencyMs") * kMicrosecondsPerMillisecond);
    const OptionReader cache = options.object("cache");
    engine.cache.memory_bytes = static_cast<uint64_t>(cache.number("memoryBytes"));
    engine.cache.directory = cache.text("directory");
    engine.cache.disk_bytes = static_cast<uint64_t>(cache.number("diskBytes"));
    engine.profiling = options.boolean("profiling");
    const OptionReader speculation = options.object("speculation");
    engine.max_draft_tokens = speculation.text("mode") == "off" ? 0 : speculation.integer("maxDraftTokens");
    return engine;
}

llama::OffloadOptions read_offload_options(const OptionReader & options, const llama::EngineOptions & engine) {
    llama::OffloadOptions offload;
    offload.gpu_layers = options.integer("gpuLayers");
    offload.main_gpu = options.integer("mainGpu");
    const Napi::Array devices = options.array("devices");
    for (uint32_t i = 0; i < devices.Length(); ++i) offload.devices.push_back(devices.Get(i).ToString().Utf8Value());
    const Napi::Array shares = options.array("tensorSplit");
    for (uint32_t i = 0; i < shares.Length(); ++i)
        offload.tensor_split.push_back(shares.Get(i).ToNumber().FloatValue());
    offload.capacity = {engine.context_size, engine.parallel, engine.batch_size};
    return offload;
}

LoadSettings read_settings(const Napi::Object & object) {
    const OptionReader options(object);
    LoadSettings settings;
    settings.model.path = object.Get("path").ToString().Utf8Value();
    settings.engine = read_engine_options(options);
    settings.draft.path = options.object("speculation").text("draftModelPath");
    settings.model.offload = read_offload_options(options, settings.engine);
    settings.model.chat_template = options.text("chatTemplate");
    settings.model.pooling = llama::pooling_of(options.text("pooling"));
    settings.model.vocabulary_only = object.Get("vocabularyOnly").ToBoolean();
    if (options.object("cache").text("type") == "f32") settings.model.offload.cache_type = GGML_TYPE_F32;
    // Room for the draft is planned with the model's, so it takes what was kept for it.
    settings.draft.offload = settings.model.offload;
    if (settings.draft.offload.gpu_layers == llama::OffloadOptions::kAuto) {
        settings.draft.offload.gpu_layers = llama::OffloadOptions::kAll;
    }
    if (settings.engine.max_draft_tokens > 0) settings.model.offload.draft_path = settings.draft.path;
    return settings;
}

class LoadWorker : public Napi::AsyncProgressWorker<float> {
  public:
    LoadWorker(Napi::Env env, LoadSettings settings, std::shared_ptr<std::atomic<bool>> cancelled,
               Napi::Value on_progress)
        : Napi::AsyncProgressWorker<float>(env),
          deferred_(env),
          settings_(std::move(settings)),
          cancelled_(std::move(cancelled)),
          bridge_(EventBridge::create(env)) {
        if (on_progress.IsFunction()) on_progress_ = Napi::Persistent(on_progress.As<Napi::Function>());
    }

    Napi::Promise promise() const { return deferred_.Promise(); }

  protected:
    void Execute(const ExecutionProgress & progress) override {
        model_ = settings_.loaded;
        if (!model_) {
            auto model =
                llama::Model::load(settings_.model, [&](float fraction) { progress.Send(&fraction, 1); }, *cancelled_);
            if (!model) {
                status_ = model.status();
                return;
            }
            model_ = std::move(model).value();
        }
        if (settings_.model.vocabulary_only) return;
        if (!settings_.draft.path.empty() && settings_.engine.max_draft_tokens > 0) {
            auto draft = llama::Model::load(settings_.draft, [](float) {}, *cancelled_);
            if (!draft) {
                status_ = draft.status();
                return;
            }
            settings_.engine.draft_model = std::move(draft).value();
        }
        auto engine = llama::Engine::create(model_, settings_.engine, [bridge = bridge_.get()] { bridge->wake(); });
        if (!engine) {
            status_ = engine.status();
            return;
        }
        engine_ = std::move(engine).value();
    }

    void OnProgress(const float * fraction, size_t count) override {
        if (count == 0 || on_progress_.IsEmpty()) return;
        const Napi::HandleScope scope(Env());
        on_progress_.Call({Napi::Number::New(Env(), static_cast<double>(fraction[count - 1]))});
    }

    void OnOK() override {
        if (status_.is_ok() && cancelled_->load(std::memory_order_relaxed)) {
            status_ = Status(ErrorCode::Cancelled, "Loading the model was cancelled.");
            engine_.reset();
        }
        if (!status_.is_ok()) {
            bridge_->close();
            deferred_.Reject(to_error(Env(), status_).Value());
            return;
        }
        auto state = std::make_shared<ModelState>();
        state->model = std::move(model_);
        state->engine = engine_;
        state->llama_engine = std::move(engine_);
        state->bridge = bridge_;
        if (state->engine) bridge_->attach(state->engine);
        deferred_.Resolve(ModelObject::create(Env(), std::move(state)));
    }

  private:
    Napi::Promise::Deferred deferred_;
    LoadSettings settings_;
    std::shared_ptr<std::atomic<bool>> cancelled_;
    std::shared_ptr<EventBridge> bridge_;
    Napi::FunctionReference on_progress_;
    Status status_;
    std::shared_ptr<const llama::Model> model_;
    std::shared_ptr<llama::Engine> engine_;
};

class CheckWorker : public Napi::AsyncWorker {
  public:
    CheckWorker(Napi::Env env, std::string path) : Napi::AsyncWorker(env), deferred_(env), path_(std::move(path)) {}
    Napi::Promise promise() const { return deferred_.Promise(); }

  protected:
    void Execute() override { result_.emplace(gguf::check_gguf(path_)); }
    void OnOK() override {
        if (!result_->is_ok()) {
            deferred_.Reject(to_error(Env(), result_->status()).Value());
            return;
        }
        const gguf::GgufSummary & summary = result_->value();
        Napi::Object object = Napi::Object::New(Env());
        const auto set = [&](const char * name, uint64_t value) {
            object.Set(name, Napi::Number::New(Env(), static_cast<double>(value)));
        };
        set("version", summary.version);
        object.Set("architecture", summary.architecture);
        object.Set("name", summary.name);
        set("tensorCount", summary.tensor_count);
        set("metadataCount", summary.metadata_count);
        set("fileSizeBytes", summary.file_size_bytes);
        set("parameterCount", summary.parameter_count);
        set("contextLength", summary.context_length);
        set("vocabularySize", summary.vocabulary_size);
        deferred_.Resolve(object);
    }

  private:
    Napi::Promise::Deferred deferred_;
    std::string path_;
    std::optional<Result<gguf::GgufSummary>> result_;
};

class QuantizeWorker : public Napi::AsyncWorker {
  public:
    QuantizeWorker(Napi::Env env, std::string input, std::string output, std::string type, int threads)
        : Napi::AsyncWorker(env),
          deferred_(env),
          input_(std::move(input)),
          output_(std::move(output)),
          type_(std::move(type)),
          threads_(threads) {}
    Napi::Promise promise() const { return deferred_.Promise(); }

  protected:
    void Execute() override { status_ = llama::quantize_model(input_, output_, type_, threads_); }
    void OnOK() override {
        if (status_.is_ok()) {
            deferred_.Resolve(Env().Undefined());
        } else {
            deferred_.Reject(to_error(Env(), status_).Value());
        }
    }

  private:
    Napi::Promise::Deferred deferred_;
    std::string input_;
    std::string output_;
    std::string type_;
    int threads_;
    Status status_;
};

template <typename Worker>
Napi::Promise start(Worker * worker) {
    const Napi::Promise promise = worker->promise();
    worker->Queue();
    return promise;
}

Napi::Object start_loading(Napi::Env env, LoadSettings settings, Napi::Value on_progress) {
    auto cancelled = std::make_shared<std::atomic<bool>>(false);
    auto * worker = new LoadWorker(env, std::move(settings), cancelled, on_progress);
    Napi::Object handle = Napi::Object::New(env);
    handle.Set("promise", start(worker));
    handle.Set("cancel", Napi::Function::New(env, [cancelled](const Napi::CallbackInfo &) {
                   cancelled->store(true, std::memory_order_relaxed);
               }));
    return handle;
}

}  // namespace

Napi::Value load_model(const Napi::CallbackInfo & info) {
    if (!info[0].IsObject()) throw Napi::TypeError::New(info.Env(), "Expected an object for options.");
    return start_loading(info.Env(), read_settings(info[0].As<Napi::Object>()), info[1]);
}

Napi::Value replicate_model(const Napi::CallbackInfo & info, std::shared_ptr<const llama::Model> model) {
    if (!info[0].IsObject()) throw Napi::TypeError::New(info.Env(), "Expected an object for options.");
    const OptionReader options(info[0].As<Napi::Object>());
    LoadSettings settings;
    settings.loaded = std::move(model);
    settings.engine = read_engine_options(options);
    settings.draft.path = options.object("speculation").text("draftModelPath");
    return start_loading(info.Env(), std::move(settings), info.Env().Undefined());
}

Napi::Value check_gguf_file(const Napi::CallbackInfo & info) {
    return start(new CheckWorker(info.Env(), info[0].ToString().Utf8Value()));
}

Napi::Value quantize(const Napi::CallbackInfo & info) {
    return start(new QuantizeWorker(info.Env(), info[0].ToString().Utf8Value(), info[1].ToString().Utf8Value(),
                                    info[2].ToString().Utf8Value(), info[3].ToNumber().Int32Value()));
}

}  // namespace inferno::binding
