#include "binding/onnx_session.h"

#include <utility>

#include "binding/environment.h"
#include "binding/errors.h"
#include "binding/onnx_batcher.h"
#include "binding/onnx_outputs.h"
#include "binding/onnx_values.h"
#include "binding/profiles.h"
#include "binding/statistics.h"
#include "native/core/clock.h"

namespace inferno::binding {
namespace {

constexpr size_t kQueueCapacity = 4096;
constexpr double kUsPerMs = 1000.0;

queue::Tier read_tier(const Napi::Value & value) {
    if (!value.IsNumber()) return queue::Tier::Normal;
    const double tier = value.As<Napi::Number>().DoubleValue();
    if (!(tier >= 0 && tier < queue::kTierCount)) throw Napi::RangeError::New(value.Env(), "Expected 0 to 3 for tier.");
    return static_cast<queue::Tier>(static_cast<uint8_t>(tier));
}

}  // namespace

Napi::Function OnnxSessionObject::define(Napi::Env env) {
    return DefineClass(env, "NativeOnnxSession",
                       {
                           InstanceMethod<&OnnxSessionObject::inputs>("inputs"),
                           InstanceMethod<&OnnxSessionObject::outputs>("outputs"),
                           InstanceMethod<&OnnxSessionObject::metadata>("metadata"),
                           InstanceMethod<&OnnxSessionObject::memory_bytes>("memoryBytes"),
                           InstanceMethod<&OnnxSessionObject::profiles>("profiles"),
                           InstanceMethod<&OnnxSessionObject::statistics>("statistics"),
                           InstanceMethod<&OnnxSessionObject::queue_status>("queueStatus"),
                           InstanceMethod<&OnnxSessionObject::set_sink>("setSink"),
                           InstanceMethod<&OnnxSessionObject::run_sync>("runSync"),
                           InstanceMethod<&OnnxSessionObject::run>("run"),
                           InstanceMethod<&OnnxSessionObject::cancel>("cancel"),
                           InstanceMethod<&OnnxSessionObject::create_batcher>("createBatcher"),
                           InstanceMethod<&OnnxSessionObject::close>("close"),
                       });
}

Napi::Object OnnxSessionObject::create(Napi::Env env, std::shared_ptr<const onnx::Session> session) {
    auto external = Napi::External<std::shared_ptr<const onnx::Session>>::New(env, &session);
    return env.GetInstanceData<Environment>()->onnx_session_constructor.New({external});
}

OnnxSessionObject::OnnxSessionObject(const Napi::CallbackInfo & info)
    : Napi::ObjectWrap<OnnxSessionObject>(info), env_(info.Env()) {
    if (info.Length() != 1 || !info[0].IsExternal()) {
        throw Napi::TypeError::New(info.Env(), "Expected sessions to be made by openOnnxSession.");
    }
    auto session = *info[0].As<Napi::External<std::shared_ptr<const onnx::Session>>>().Data();
    state_ = std::make_shared<OnnxSessionState>();
    // The waker is closed before this object is gone.
    state_->waker = JsWaker::create(info.Env(), "inferno:onnx");
    state_->waker->set_deliver([this](Napi::Env env) { deliver(env); });
    state_->engine = std::make_shared<onnx::RunQueue>(std::move(session), kQueueCapacity,
                                                      [waker = state_->waker] { waker->wake(); });
    state_->watch(env_);
}

OnnxSessionObject::~OnnxSessionObject() {
    if (!state_) return;
    state_->unwatch(env_);
    state_->shut_down();
}

std::shared_ptr<const onnx::Session> OnnxSessionObject::session() const {
    return state_->engine ? state_->engine->session() : nullptr;
}

// inputs(): NativeOnnxValueInfo[]
Napi::Value OnnxSessionObject::inputs(const Napi::CallbackInfo & info) {
    return value_infos_to_js(info.Env(), state_->require_open(info.Env()).session()->inputs());
}

// outputs(): NativeOnnxValueInfo[]
Napi::Value OnnxSessionObject::outputs(const Napi::CallbackInfo & info) {
    return value_infos_to_js(info.Env(), state_->require_open(info.Env()).session()->outputs());
}

// metadata(): Record<string, string>
Napi::Value OnnxSessionObject::metadata(const Napi::CallbackInfo & info) {
    Napi::Object object = Napi::Object::New(info.Env());
    for (const auto & [key, value] : state_->require_open(info.Env()).session()->metadata()) object.Set(key, value);
    return object;
}

// memoryBytes(): number
Napi::Value OnnxSessionObject::memory_bytes(const Napi::CallbackInfo & info) {
    const uint64_t bytes = state_->require_open(info.Env()).session()->model_bytes();
    return Napi::Number::New(info.Env(), static_cast<double>(bytes));
}

// profiles(limit: number): NativeGenerationProfile[]
Napi::Value OnnxSessionObject::profiles(const Napi::CallbackInfo & info) {
    const onnx::RunRecorder & recorder = state_->require_open(info.Env()).recorder();
    return profiles_to_js(info.Env(), recorder.recent(info[0].ToNumber().Uint32Value()));
}

// statistics(): NativeStatistics
Napi::Value OnnxSessionObject::statistics(const Napi::CallbackInfo & info) {
    return StatisticsObject::wrap(info.Env(), state_->require_open(info.Env()).recorder().statistics());
}

// queueStatus(): NativeOnnxQueueStatus
Napi::Value OnnxSessionObject::queue_status(const Napi::CallbackInfo & info) {
    const Napi::Env env = info.Env();
    const onnx::RunQueueStatus status = state_->require_open(env).status();
    Napi::Object object = Napi::Object::New(env);
    const auto set = [&](const char * name, uint64_t value) {
        object.Set(name, Napi::Number::New(env, static_cast<double>(value)));
    };
    set("queued", status.queued);
    set("running", status.is_running ? 1 : 0);
    set("finished", status.finished);
    set("cancelled", status.cancelled);
    set("expired", status.expired);
    set("ranInline", status.ran_inline);
    return object;
}

// setSink(header: Float64Array, onEnd: (run, outputs, error) => void): void
void OnnxSessionObject::set_sink(const Napi::CallbackInfo & info) {
    if (!info[0].IsTypedArray() || !info[1].IsFunction()) {
        throw Napi::TypeError::New(info.Env(), "Expected a Float64Array and a function.");
    }
    auto header = info[0].As<Napi::Float64Array>();
    header_owner_ = Napi::Persistent(header);
    header_ = {header.Data(), header.ElementLength()};
    sink_ = Napi::Persistent(info[1].As<Napi::Function>());
}

void OnnxSessionObject::read_call(const Napi::CallbackInfo & info, const onnx::RunQueue & queue) {
    request_.clear();
    const Status status = reader_.read(info.Env(), header_, info[0], info[1], *queue.session(), request_);
    if (!status) throw to_error(info.Env(), status);
}

Napi::Value OnnxSessionObject::run_here(Napi::Env env, onnx::RunQueue & queue, queue::Tier tier) {
    const Status status = queue.run_now(request_, tier);
    if (!status) throw to_error(env, status);
    const Napi::Array outputs = write_outputs(env, header_, request_);
    request_.clear();
    return outputs;
}

// runSync(data, unknown?): NativeOutputData[]
Napi::Value OnnxSessionObject::run_sync(const Napi::CallbackInfo & info) {
    onnx::RunQueue & queue = state_->require_open(info.Env());
    read_call(info, queue);
    return run_here(info.Env(), queue, queue::Tier::Normal);
}

// run(data, unknown?, tier?, user?, deadlineMs?): NativeOutputData[] | number
Napi::Value OnnxSessionObject::run(const Napi::CallbackInfo & info) {
    const Napi::Env env = info.Env();
    onnx::RunQueue & queue = state_->require_open(env);
    read_call(info, queue);
    const queue::Tier tier = read_tier(info[2]);
    if (queue.runs_inline(request_.input_bytes())) return run_here(env, queue, tier);
    onnx::RunScheduling scheduling;
    scheduling.tier = tier;
    if (info[3].IsString()) scheduling.user = std::hash<std::string>{}(info[3].As<Napi::String>().Utf8Value());
    if (info[4].IsNumber()) {
        scheduling.deadline_us = now_us() + static_cast<int64_t>(info[4].As<Napi::Number>().DoubleValue() * kUsPerMs);
    }
    const Result<onnx::RunId> id = queue.submit(std::move(request_), scheduling);
    if (!id) throw to_error(env, id.status());
    pinned_.emplace(id.value(), Napi::Persistent(info[0].As<Napi::Object>()));
    if (pinned_.size() == 1) Ref();
    state_->waker->begin_work(env);
    return Napi::Number::New(env, id.value());
}

// cancel(run: number): void
void OnnxSessionObject::cancel(const Napi::CallbackInfo & info) {
    if (state_->engine) state_->engine->cancel(info[0].ToNumber().Int32Value());
}

void OnnxSessionObject::deliver(Napi::Env env) {
    if (!state_->engine) return;
    std::vector<onnx::FinishedRun> runs = state_->engine->take_finished();
    for (onnx::FinishedRun & run : runs) settle(env, run);
}

void OnnxSessionObject::settle(Napi::Env env, onnx::FinishedRun & run) {
    const Napi::HandleScope scope(env);
    pinned_.erase(run.id);
    const std::shared_ptr<JsWaker> waker = state_->waker;
    Napi::Value outputs = env.Undefined();
    Napi::Value error = env.Undefined();
    try {
        if (!run.status) throw to_error(env, run.status);
        outputs = write_outputs(env, header_, run.request);
    } catch (const Napi::Error & failure) {
        error = failure.Value();
    }
    // Kept until the sink was called: without runs under way only JS holds this object.
    const Napi::Value self = Value();
    static_cast<void>(self);
    if (pinned_.empty()) Unref();
    waker->end_work(env);
    sink_.Call({Napi::Number::New(env, run.id), outputs, error});
}

// createBatcher(options: NativeOnnxBatcherOptions, onEnd: NativeOnnxBatcherSink, single?: NativeOnnxSession):
//     NativeOnnxBatcher
Napi::Value OnnxSessionObject::create_batcher(const Napi::CallbackInfo & info) {
    const Napi::Env env = info.Env();
    if (!info[0].IsObject() || !info[1].IsFunction())
        throw Napi::TypeError::New(env, "Expected options and a function.");
    onnx::BatcherSessions sessions{state_->require_open(env).session(), nullptr};
    if (info[2].IsObject()) {
        sessions.single = OnnxSessionObject::Unwrap(info[2].As<Napi::Object>())->state_->require_open(env).session();
    }
    return OnnxBatcherObject::create(env, std::move(sessions), info[0].As<Napi::Object>(),
                                     info[1].As<Napi::Function>());
}

// close(): Promise<void>
Napi::Value OnnxSessionObject::close(const Napi::CallbackInfo & info) {
    state_->is_closed = true;
    auto * worker = new OnnxCloseWorker(info.Env(), info.This().As<Napi::Object>(), state_);
    const Napi::Promise promise = worker->promise();
    worker->Queue();
    return promise;
}

}  // namespace inferno::binding
