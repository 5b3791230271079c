#include "binding/embedding.h"

#include "binding/errors.h"
#include "binding/request_reader.h"

namespace inferno::binding {
namespace {

Napi::Object embeddings_to_js(Napi::Env env, const llama::EmbeddingResult & result) {
    Napi::Array list = Napi::Array::New(env, result.embeddings.size());
    for (size_t i = 0; i < result.embeddings.size(); ++i) {
        Napi::Float32Array values = Napi::Float32Array::New(env, result.embeddings[i].size());
        std::copy(result.embeddings[i].begin(), result.embeddings[i].end(), values.Data());
        list.Set(static_cast<uint32_t>(i), values);
    }
    Napi::Object object = Napi::Object::New(env);
    object.Set("embeddings", list);
    object.Set("tokens", result.tokens);
    return object;
}

}  // namespace

Napi::Value start_embedding(const Napi::CallbackInfo & info, llama::Engine & engine,
                            const std::shared_ptr<EventBridge> & bridge) {
    const Napi::Env env = info.Env();
    if (!info[0].IsArray()) throw Napi::TypeError::New(env, "Expected an array for inputs.");
    llama::EmbeddingJob job;
    const auto inputs = info[0].As<Napi::Array>();
    for (uint32_t i = 0; i < inputs.Length(); ++i) {
        const Napi::Value input = inputs.Get(i);
        if (input.IsTypedArray()) {
            job.inputs.push_back({{}, read_tokens(input, "input")});
        } else {
            job.inputs.push_back({input.ToString().Utf8Value(), {}});
        }
    }
    job.normalize = info[1].ToBoolean();
    auto deferred = std::make_shared<Napi::Promise::Deferred>(env);
    const Napi::Promise promise = deferred->Promise();
    bridge->begin_work(env);
    // Runs on the engine thread; rule 1 sends the result back.
    job.done = [bridge, deferred](Result<llama::EmbeddingResult> result) {
        auto shared = std::make_shared<Result<llama::EmbeddingResult>>(std::move(result));
        bridge->post([bridge, deferred, shared](Napi::Env js) {
            const Napi::HandleScope scope(js);
            bridge->end_work(js);
            if (shared->is_ok()) {
                deferred->Resolve(embeddings_to_js(js, shared->value()));
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
    engine.embed(std::move(job));
    return handle;
}

}  // namespace inferno::binding
