#include "binding/onnx_session_loader.h"

#include <atomic>
#include <memory>
#include <optional>

#include "binding/errors.h"
#include "binding/onnx_session.h"
#include "native/onnx/runtime.h"

namespace inferno::binding {
namespace {

using Entries = std::vector<std::pair<std::string, std::string>>;

Entries read_entries(const Napi::Value & value) {
    Entries entries;
    if (!value.IsObject()) return entries;
    const auto object = value.As<Napi::Object>();
    const Napi::Array names = object.GetPropertyNames();
    for (uint32_t i = 0; i < names.Length(); ++i) {
        const std::string name = names.Get(i).ToString().Utf8Value();
        entries.emplace_back(name, object.Get(name).ToString().Utf8Value());
    }
    return entries;
}

onnx::SessionOptions read_options(const Napi::Object & object) {
    onnx::SessionOptions options;
    const auto providers = object.Get("providers").As<Napi::Array>();
    for (uint32_t i = 0; i < providers.Length(); ++i) {
        const auto provider = providers.Get(i).As<Napi::Object>();
        options.providers.push_back(
            {provider.Get("name").ToString().Utf8Value(), read_entries(provider.Get("options"))});
    }
    const std::string level = object.Get("optimization").ToString().Utf8Value();
    options.optimization = level == "none"       ? onnx::Optimization::None
                           : level == "basic"    ? onnx::Optimization::Basic
                           : level == "extended" ? onnx::Optimization::Extended
                                                 : onnx::Optimization::All;
    options.threads = object.Get("threads").ToNumber().Int32Value();
    options.config = read_entries(object.Get("config"));
    for (const auto & [name, size] : read_entries(object.Get("freeDimensions"))) {
        options.free_dimensions.emplace_back(name, std::atoll(size.c_str()));
    }
    return options;
}

class OpenWorker : public Napi::AsyncWorker {
  public:
    OpenWorker(Napi::Env env, const Napi::Object & options)
        : Napi::AsyncWorker(env),
          deferred_(env),
          options_(read_options(options)),
          cancelled_(std::make_shared<std::atomic<bool>>(false)) {
        const Napi::Value bytes = options.Get("bytes");
        if (bytes.IsTypedArray()) {
            auto array = bytes.As<Napi::Uint8Array>();
            bytes_ = Napi::Persistent(array.As<Napi::Object>());
            source_.bytes = {reinterpret_cast<const std::byte *>(array.Data()), array.ByteLength()};
        } else {
            source_.path = options.Get("path").ToString().Utf8Value();
        }
    }
    Napi::Promise promise() const { return deferred_.Promise(); }
    std::shared_ptr<std::atomic<bool>> cancelled() const { return cancelled_; }

  protected:
    void Execute() override { result_.emplace(onnx::Session::open(source_, options_)); }
    void OnOK() override {
        Status status = result_->is_ok() ? Status::ok() : result_->status();
        // Relaxed: set and read on the JS thread.
        if (status && cancelled_->load(std::memory_order_relaxed)) {
            status = Status(ErrorCode::Cancelled, "Loading the model was cancelled.");
        }
        if (status) {
            deferred_.Resolve(OnnxSessionObject::create(Env(), std::move(*result_).value()));
        } else {
            deferred_.Reject(to_error(Env(), status).Value());
        }
    }

  private:
    Napi::Promise::Deferred deferred_;
    onnx::SessionOptions options_;
    onnx::ModelSource source_;
    Napi::ObjectReference bytes_;
    std::shared_ptr<std::atomic<bool>> cancelled_;
    std::optional<Result<std::shared_ptr<const onnx::Session>>> result_;
};

}  // namespace

Napi::Value open_onnx_session(const Napi::CallbackInfo & info) {
    const Napi::Env env = info.Env();
    if (!info[0].IsObject()) throw Napi::TypeError::New(env, "Expected an object for options.");
    auto * worker = new OpenWorker(env, info[0].As<Napi::Object>());
    Napi::Object handle = Napi::Object::New(env);
    handle.Set("promise", worker->promise());
    handle.Set("cancel", Napi::Function::New(env, [cancelled = worker->cancelled()](const Napi::CallbackInfo &) {
                   cancelled->store(true, std::memory_order_relaxed);
               }));
    worker->Queue();
    return handle;
}

Napi::Value onnx_runtime_info(const Napi::CallbackInfo & info) {
    const Napi::Env env = info.Env();
    if (const Status status = onnx::load_runtime(); !status) throw to_error(env, status);
    Napi::Object object = Napi::Object::New(env);
    object.Set("version", onnx::runtime_version());
    const auto names = onnx::available_providers();
    Napi::Array providers = Napi::Array::New(env, names.size());
    for (size_t i = 0; i < names.size(); ++i) providers.Set(static_cast<uint32_t>(i), names[i]);
    object.Set("providers", providers);
    return object;
}

}  // namespace inferno::binding
