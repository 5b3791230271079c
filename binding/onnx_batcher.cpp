#include "binding/onnx_batcher.h"

#include <algorithm>
#include <string>
#include <utility>

#include "binding/environment.h"
#include "binding/errors.h"
#include "binding/profiles.h"
#include "binding/statistics.h"
#include "native/core/clock.h"

namespace inferno::binding {
namespace {

constexpr double kUsPerMs = 1000.0;
// Numbers of one sequence in submit(): length, whether it has types, tier, milliseconds to its deadline (0: none).
constexpr size_t kSubmitStride = 4;
// In the sink: id, offset of its values, their count (-1: an error).
constexpr size_t kEndStride = 3;

onnx::Pooling read_pooling(const std::string & name) {
    if (name == "cls") return onnx::Pooling::Cls;
    if (name == "last") return onnx::Pooling::Last;
    return name == "none" ? onnx::Pooling::None : onnx::Pooling::Mean;
}

onnx::BatcherOptions read_options(const Napi::Object & object) {
    const auto number = [&](const char * name) { return object.Get(name).ToNumber().DoubleValue(); };
    onnx::BatcherOptions options;
    options.limits.max_rows = static_cast<int32_t>(number("maxBatch"));
    options.limits.max_tokens = static_cast<int32_t>(number("maxTokens"));
    options.limits.max_padding = number("maxPadding");
    options.limits.max_window_us = static_cast<int64_t>(number("maxWindowMs") * kUsPerMs);
    options.max_length = static_cast<int32_t>(number("maxLength"));
    options.pad_id = static_cast<int64_t>(number("padId"));
    options.capacity = static_cast<size_t>(number("capacity"));
    options.output = object.Get("output").ToString().Utf8Value();
    options.pooling.pooling = read_pooling(object.Get("pooling").ToString().Utf8Value());
    options.pooling.normalize = object.Get("normalize").ToBoolean();
    options.pooling.dimensions = static_cast<int32_t>(number("dimensions"));
    return options;
}

}  // namespace

Napi::Function OnnxBatcherObject::define(Napi::Env env) {
    return DefineClass(env, "NativeOnnxBatcher",
                       {
                           InstanceMethod<&OnnxBatcherObject::submit>("submit"),
                           InstanceMethod<&OnnxBatcherObject::cancel>("cancel"),
                           InstanceMethod<&OnnxBatcherObject::status>("status"),
                           InstanceMethod<&OnnxBatcherObject::profiles>("profiles"),
                           InstanceMethod<&OnnxBatcherObject::statistics>("statistics"),
                           InstanceMethod<&OnnxBatcherObject::max_length>("maxLength"),
                           InstanceMethod<&OnnxBatcherObject::close>("close"),
                       });
}

Napi::Object OnnxBatcherObject::create(Napi::Env env, onnx::BatcherSessions sessions, const Napi::Object & options,
                                       const Napi::Function & sink) {
    auto state = std::make_shared<OnnxBatcherState>();
    state->waker = JsWaker::create(env, "inferno:batches");
    auto batcher =
        onnx::Batcher::create(std::move(sessions), read_options(options), [waker = state->waker] { waker->wake(); });
    if (!batcher) {
        state->waker->close();
        throw to_error(env, batcher.status());
    }
    state->engine = std::move(batcher).value();
    auto external = Napi::External<std::shared_ptr<OnnxBatcherState>>::New(env, &state);
    return env.GetInstanceData<Environment>()->onnx_batcher_constructor.New({external, sink});
}

OnnxBatcherObject::OnnxBatcherObject(const Napi::CallbackInfo & info)
    : Napi::ObjectWrap<OnnxBatcherObject>(info), env_(info.Env()) {
    if (info.Length() != 2 || !info[0].IsExternal() || !info[1].IsFunction()) {
        throw Napi::TypeError::New(info.Env(), "Expected batchers to be made by createBatcher.");
    }
    state_ = *info[0].As<Napi::External<std::shared_ptr<OnnxBatcherState>>>().Data();
    sink_ = Napi::Persistent(info[1].As<Napi::Function>());
    // The waker is closed before this object is gone.
    state_->waker->set_deliver([this](Napi::Env env) { deliver(env); });
    state_->watch(env_);
}

OnnxBatcherObject::~OnnxBatcherObject() {
    if (!state_) return;
    state_->unwatch(env_);
    state_->shut_down();
}

// submit(tokens: Int32Array, numbers: Float64Array, users: string[] | undefined): number
Napi::Value OnnxBatcherObject::submit(const Napi::CallbackInfo & info) {
    const Napi::Env env = info.Env();
    onnx::Batcher & batcher = state_->require_open(env);
    if (!info[0].IsTypedArray() || !info[1].IsTypedArray()) throw Napi::TypeError::New(env, "Expected typed arrays.");
    auto tokens = info[0].As<Napi::Int32Array>();
    auto numbers = info[1].As<Napi::Float64Array>();
    const size_t count = numbers.ElementLength() / kSubmitStride;
    const int32_t * next = tokens.Data();
    const int32_t * const end = next + tokens.ElementLength();
    const int64_t now = now_us();
    std::vector<onnx::TokenSequence> sequences(count);
    for (size_t i = 0; i < count; ++i) {
        const double * of_sequence = numbers.Data() + i * kSubmitStride;
        onnx::TokenSequence & sequence = sequences[i];
        const auto length = static_cast<size_t>(of_sequence[0]);
        const bool has_types = of_sequence[1] != 0.0;
        if (static_cast<size_t>(end - next) < length * (has_types ? 2 : 1)) {
            throw Napi::RangeError::New(env, "Expected more tokens.");
        }
        sequence.ids.assign(next, next + length);
        next += length;
        if (has_types) {
            sequence.types.assign(next, next + length);
            next += length;
        }
        sequence.tier = static_cast<queue::Tier>(static_cast<uint8_t>(std::clamp(of_sequence[2], 0.0, 3.0)));
        if (of_sequence[3] > 0.0) sequence.deadline_us = now + static_cast<int64_t>(of_sequence[3] * kUsPerMs);
        if (info[2].IsArray()) {
            const Napi::Value user = info[2].As<Napi::Array>().Get(static_cast<uint32_t>(i));
            if (user.IsString()) sequence.user = std::hash<std::string>{}(user.As<Napi::String>().Utf8Value());
        }
    }
    const Result<onnx::SequenceId> first = batcher.submit(std::move(sequences));
    if (!first) throw to_error(env, first.status());
    for (size_t i = 0; i < count; ++i) state_->waker->begin_work(env);
    if (under_way_ == 0 && count > 0) Ref();
    under_way_ += static_cast<int>(count);
    return Napi::Number::New(env, first.value());
}

// cancel(sequence: number): void
void OnnxBatcherObject::cancel(const Napi::CallbackInfo & info) {
    if (state_->engine) state_->engine->cancel(info[0].ToNumber().Int32Value());
}

// Everything that has ended in one call: sink(numbers: Float64Array, values: Float32Array, errors: Error[])
void OnnxBatcherObject::deliver(Napi::Env env) {
    if (!state_->engine) return;
    const onnx::FinishedSequences finished = state_->engine->take_finished();
    const size_t count = finished.sequences.size();
    if (count == 0) return;
    Napi::Float64Array numbers = Napi::Float64Array::New(env, count * kEndStride);
    Napi::Float32Array values = Napi::Float32Array::New(env, finished.values.size());
    std::copy(finished.values.begin(), finished.values.end(), values.Data());
    Napi::Array errors = Napi::Array::New(env);
    for (size_t i = 0; i < count; ++i) {
        const onnx::FinishedSequence & sequence = finished.sequences[i];
        double * of_sequence = numbers.Data() + i * kEndStride;
        of_sequence[0] = sequence.id;
        of_sequence[1] = static_cast<double>(sequence.offset);
        of_sequence[2] = sequence.status ? static_cast<double>(sequence.count) : -1.0;
        if (!sequence.status) errors.Set(errors.Length(), to_error(env, sequence.status).Value());
    }
    // Kept until the sink was called: without work under way only JS holds this object.
    const Napi::Value self = Value();
    static_cast<void>(self);
    under_way_ -= static_cast<int>(count);
    if (under_way_ == 0) Unref();
    state_->waker->end_work(env, static_cast<int>(count));
    sink_.Call({numbers, values, errors});
}

// status(): NativeOnnxBatcherStatus
Napi::Value OnnxBatcherObject::status(const Napi::CallbackInfo & info) {
    const Napi::Env env = info.Env();
    const onnx::BatcherStatus status = state_->require_open(env).status();
    Napi::Object object = Napi::Object::New(env);
    const auto set = [&](const char * name, uint64_t value) {
        object.Set(name, Napi::Number::New(env, static_cast<double>(value)));
    };
    set("queued", status.queued);
    set("running", status.running);
    set("batches", status.batches);
    set("sequences", status.sequences);
    set("tokens", status.tokens);
    set("paddedTokens", status.padded_tokens);
    set("cancelled", status.cancelled);
    set("expired", status.expired);
    return object;
}

// profiles(limit: number): NativeGenerationProfile[]
Napi::Value OnnxBatcherObject::profiles(const Napi::CallbackInfo & info) {
    return profiles_to_js(info.Env(),
                          state_->require_open(info.Env()).recorder().recent(info[0].ToNumber().Uint32Value()));
}

// statistics(): NativeStatistics
Napi::Value OnnxBatcherObject::statistics(const Napi::CallbackInfo & info) {
    return StatisticsObject::wrap(info.Env(), state_->require_open(info.Env()).recorder().statistics());
}

// maxLength(): number
Napi::Value OnnxBatcherObject::max_length(const Napi::CallbackInfo & info) {
    return Napi::Number::New(info.Env(), state_->require_open(info.Env()).max_length());
}

// close(): Promise<void>
Napi::Value OnnxBatcherObject::close(const Napi::CallbackInfo & info) {
    state_->is_closed = true;
    auto * worker = new OnnxCloseWorker(info.Env(), info.This().As<Napi::Object>(), state_);
    const Napi::Promise promise = worker->promise();
    worker->Queue();
    return promise;
}

}  // namespace inferno::binding
