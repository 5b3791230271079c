#include "binding/onnx_session.h"

#include "binding/environment.h"
#include "binding/errors.h"

namespace inferno::binding {
namespace {

Napi::Array infos_to_js(Napi::Env env, const std::vector<onnx::ValueInfo> & infos) {
    Napi::Array array = Napi::Array::New(env, infos.size());
    for (size_t i = 0; i < infos.size(); ++i) {
        const onnx::ValueInfo & info = infos[i];
        Napi::Object object = Napi::Object::New(env);
        object.Set("name", info.name);
        object.Set("kind", onnx::value_kind_name(info.kind));
        object.Set("type", std::string(onnx::element_type_name(info.type)));
        object.Set("hasDefault", info.has_default);
        Napi::Array dims = Napi::Array::New(env, info.dims.size());
        for (size_t d = 0; d < info.dims.size(); ++d) {
            const auto at = static_cast<uint32_t>(d);
            if (info.dims[d] >= 0) {
                dims.Set(at, Napi::Number::New(env, static_cast<double>(info.dims[d])));
            } else if (!info.symbols[d].empty()) {
                dims.Set(at, info.symbols[d]);
            } else {
                dims.Set(at, env.Null());
            }
        }
        object.Set("dims", dims);
        array.Set(static_cast<uint32_t>(i), object);
    }
    return array;
}

// A run on a thread of libuv's pool. The memory of its tensors is pinned by a reference to the array of them.
class RunWorker : public Napi::AsyncWorker {
  public:
    RunWorker(Napi::Env env, Napi::Object owner, std::shared_ptr<const onnx::Session> session, onnx::RunRequest request,
              const Napi::Array & data, const CallHeader & header)
        : Napi::AsyncWorker(env),
          deferred_(env),
          session_(std::move(session)),
          request_(std::move(request)),
          owner_(Napi::Persistent(owner)),
          data_(Napi::Persistent(data.As<Napi::Object>())),
          header_(header) {}
    Napi::Promise promise() const { return deferred_.Promise(); }
    std::shared_ptr<onnx::RunControl> control() const { return control_; }

  protected:
    void Execute() override { status_ = request_.execute(*session_, control_->options()); }
    void OnOK() override {
        if (!status_) {
            deferred_.Reject(to_error(Env(), status_).Value());
            return;
        }
        const Napi::Array outputs = write_outputs(Env(), header_, session_, request_);
        // The header is used again before JS sees this, so what it says goes along.
        Napi::Float64Array copy = Napi::Float64Array::New(Env(), header_.capacity);
        std::copy(header_.data, header_.data + header_.capacity, copy.Data());
        Napi::Object result = Napi::Object::New(Env());
        result.Set("data", outputs);
        result.Set("header", copy);
        deferred_.Resolve(result);
    }

  private:
    Napi::Promise::Deferred deferred_;
    std::shared_ptr<const onnx::Session> session_;
    onnx::RunRequest request_;
    std::shared_ptr<onnx::RunControl> control_ = std::make_shared<onnx::RunControl>();
    Napi::ObjectReference owner_;
    Napi::ObjectReference data_;
    CallHeader header_;
    Status status_;
};

}  // namespace

Napi::Function OnnxSessionObject::define(Napi::Env env) {
    return DefineClass(env, "NativeOnnxSession",
                       {
                           InstanceMethod<&OnnxSessionObject::inputs>("inputs"),
                           InstanceMethod<&OnnxSessionObject::outputs>("outputs"),
                           InstanceMethod<&OnnxSessionObject::metadata>("metadata"),
                           InstanceMethod<&OnnxSessionObject::memory_bytes>("memoryBytes"),
                           InstanceMethod<&OnnxSessionObject::set_header>("setHeader"),
                           InstanceMethod<&OnnxSessionObject::run_sync>("runSync"),
                           InstanceMethod<&OnnxSessionObject::run>("run"),
                           InstanceMethod<&OnnxSessionObject::close>("close"),
                       });
}

Napi::Object OnnxSessionObject::create(Napi::Env env, std::shared_ptr<const onnx::Session> session) {
    auto external = Napi::External<std::shared_ptr<const onnx::Session>>::New(env, &session);
    return env.GetInstanceData<Environment>()->onnx_session_constructor.New({external});
}

OnnxSessionObject::OnnxSessionObject(const Napi::CallbackInfo & info) : Napi::ObjectWrap<OnnxSessionObject>(info) {
    if (info.Length() != 1 || !info[0].IsExternal()) {
        throw Napi::TypeError::New(info.Env(), "Expected sessions to be made by openOnnxSession.");
    }
    session_ = *info[0].As<Napi::External<std::shared_ptr<const onnx::Session>>>().Data();
}

void OnnxSessionObject::require_open(Napi::Env env) const {
    if (!session_) throw to_error(env, Status(ErrorCode::ModelUnloaded, "The model was closed."));
}

// inputs(): NativeOnnxValueInfo[]
Napi::Value OnnxSessionObject::inputs(const Napi::CallbackInfo & info) {
    require_open(info.Env());
    return infos_to_js(info.Env(), session_->inputs());
}

// outputs(): NativeOnnxValueInfo[]
Napi::Value OnnxSessionObject::outputs(const Napi::CallbackInfo & info) {
    require_open(info.Env());
    return infos_to_js(info.Env(), session_->outputs());
}

// metadata(): Record<string, string>
Napi::Value OnnxSessionObject::metadata(const Napi::CallbackInfo & info) {
    require_open(info.Env());
    Napi::Object object = Napi::Object::New(info.Env());
    for (const auto & [key, value] : session_->metadata()) object.Set(key, value);
    return object;
}

// memoryBytes(): number
Napi::Value OnnxSessionObject::memory_bytes(const Napi::CallbackInfo & info) {
    require_open(info.Env());
    return Napi::Number::New(info.Env(), static_cast<double>(session_->model_bytes()));
}

// setHeader(header: Float64Array): void
void OnnxSessionObject::set_header(const Napi::CallbackInfo & info) {
    if (!info[0].IsTypedArray()) throw Napi::TypeError::New(info.Env(), "Expected a Float64Array for header.");
    auto header = info[0].As<Napi::Float64Array>();
    header_owner_ = Napi::Persistent(header);
    header_ = {header.Data(), header.ElementLength()};
}

// runSync(data: unknown[]): unknown[]
Napi::Value OnnxSessionObject::run_sync(const Napi::CallbackInfo & info) {
    const Napi::Env env = info.Env();
    require_open(env);
    request_.clear();
    Status status;
    read_request(env, header_, info[0].As<Napi::Array>(), *session_, request_, status);
    if (status) status = request_.execute(*session_, nullptr);
    if (!status) throw to_error(env, status);
    const Napi::Array outputs = write_outputs(env, header_, session_, request_);
    request_.clear();
    return outputs;
}

// run(data: unknown[]): NativeOnnxRun
Napi::Value OnnxSessionObject::run(const Napi::CallbackInfo & info) {
    const Napi::Env env = info.Env();
    require_open(env);
    onnx::RunRequest request;
    Status status;
    const auto data = info[0].As<Napi::Array>();
    read_request(env, header_, data, *session_, request, status);
    if (!status) throw to_error(env, status);
    auto * worker = new RunWorker(env, info.This().As<Napi::Object>(), session_, std::move(request), data, header_);
    Napi::Object handle = Napi::Object::New(env);
    handle.Set("promise", worker->promise());
    handle.Set("cancel", Napi::Function::New(
                             env, [control = worker->control()](const Napi::CallbackInfo &) { control->terminate(); }));
    worker->Queue();
    return handle;
}

// close(): Promise<void>
Napi::Value OnnxSessionObject::close(const Napi::CallbackInfo & info) {
    session_.reset();
    Napi::Promise::Deferred deferred(info.Env());
    deferred.Resolve(info.Env().Undefined());
    return deferred.Promise();
}

}  // namespace inferno::binding
