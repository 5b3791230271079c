#include "binding/encoder.h"

#include <functional>

#include "binding/errors.h"
#include "binding/option_reader.h"
#include "binding/request_reader.h"
#include "native/core/clock.h"

namespace inferno::binding {
namespace {

constexpr double kMicrosecondsPerMillisecond = 1000.0;

Napi::Object rows_to_js(Napi::Env env, const llama::EncoderResult & result) {
    Napi::Array list = Napi::Array::New(env, result.rows.size());
    for (size_t i = 0; i < result.rows.size(); ++i) {
        // A list may be thousands of rows long.
        const Napi::HandleScope scope(env);
        Napi::Float32Array values = Napi::Float32Array::New(env, result.rows[i].size());
        std::copy(result.rows[i].begin(), result.rows[i].end(), values.Data());
        list.Set(static_cast<uint32_t>(i), values);
    }
    Napi::Object object = Napi::Object::New(env);
    object.Set("rows", list);
    object.Set("tokens", result.tokens);
    return object;
}

llama::EncoderTask read_task(Napi::Env env, const std::string & name) {
    if (name == "embed") return llama::EncoderTask::Embed;
    if (name == "rank") return llama::EncoderTask::Rank;
    if (name == "classify") return llama::EncoderTask::Classify;
    throw Napi::TypeError::New(env, "Expected embed, rank or classify for task.");
}

llama::EncoderJob read_job(const Napi::Object & object) {
    const OptionReader options(object);
    llama::EncoderJob job;
    job.task = read_task(object.Env(), options.text("task"));
    job.query = options.text("query");
    job.normalize = options.boolean("normalize");
    job.raw = options.boolean("raw");
    job.truncate = options.boolean("truncate");
    const auto tier = static_cast<size_t>(options.number("tier"));
    if (tier >= queue::kTierCount) throw Napi::RangeError::New(object.Env(), "Expected 0 to 3 for tier.");
    job.tier = static_cast<queue::Tier>(tier);
    const std::string user = options.text("user");
    job.user = user.empty() ? 0 : std::hash<std::string>{}(user);
    const double deadline_ms = options.number("deadlineMs");
    if (deadline_ms > 0.0) {
        job.deadline_us = now_us() + static_cast<int64_t>(deadline_ms * kMicrosecondsPerMillisecond);
    }
    const Napi::Array inputs = options.array("inputs");
    for (uint32_t i = 0; i < inputs.Length(); ++i) {
        const Napi::HandleScope scope(object.Env());
        const Napi::Value input = inputs.Get(i);
        if (input.IsTypedArray()) {
            job.inputs.push_back({{}, read_tokens(input, "input")});
        } else {
            job.inputs.push_back({input.ToString().Utf8Value(), {}});
        }
    }
    return job;
}

}  // namespace

Napi::Value start_encoding(const Napi::CallbackInfo & info, llama::Engine & engine,
                           const std::shared_ptr<EventBridge> & bridge) {
    const Napi::Env env = info.Env();
    if (!info[0].IsObject()) throw Napi::TypeError::New(env, "Expected an object for request.");
    llama::EncoderJob job = read_job(info[0].As<Napi::Object>());
    auto deferred = std::make_shared<Napi::Promise::Deferred>(env);
    const Napi::Promise promise = deferred->Promise();
    bridge->begin_work(env);
    // Runs on the engine thread; rule 1 sends the result back.
    job.done = [bridge, deferred](Result<llama::EncoderResult> result) {
        auto shared = std::make_shared<Result<llama::EncoderResult>>(std::move(result));
        bridge->post([bridge, deferred, shared](Napi::Env js) {
            const Napi::HandleScope scope(js);
            bridge->end_work(js);
            if (shared->is_ok()) {
                deferred->Resolve(rows_to_js(js, shared->value()));
            } else {
                deferred->Reject(to_error(js, shared->status()).Value());
            }
        });
    };
    Napi::Object handle = Napi::Object::New(env);
    handle.Set("promise", promise);
    handle.Set("cancel", Napi::Function::New(env, [cancelled = job.cancelled](const Napi::CallbackInfo &) {
                   cancelled->store(true, std::memory_order_relaxed);
               }));
    engine.encode(std::move(job));
    return handle;
}

}  // namespace inferno::binding
