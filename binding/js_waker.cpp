#include "binding/js_waker.h"

#include <utility>

namespace inferno::binding {

std::shared_ptr<JsWaker> JsWaker::create(Napi::Env env, const char * name) {
    std::shared_ptr<JsWaker> waker(new JsWaker());
    // The thread-safe function owns a reference to the waker, so that a late call finds it alive.
    auto * owner = new std::shared_ptr<JsWaker>(waker);
    const auto release_owner = [](napi_env, void * data, void *) {
        delete static_cast<std::shared_ptr<JsWaker> *>(data);
    };
    const napi_status status =
        napi_create_threadsafe_function(env, nullptr, nullptr, Napi::String::New(env, name), 0, 1, owner, release_owner,
                                        owner, call_js, &waker->function_);
    if (status != napi_ok) {
        delete owner;
        throw Napi::Error::New(env, "A thread-safe function could not be created.");
    }
    napi_unref_threadsafe_function(env, waker->function_);  // rule 2
    return waker;
}

void JsWaker::wake() {
    const std::lock_guard lock(mutex_);
    if (!closed_) napi_call_threadsafe_function(function_, nullptr, napi_tsfn_nonblocking);
}

void JsWaker::begin_work(Napi::Env env) {
    if (working_++ == 0) napi_ref_threadsafe_function(env, function_);
}

void JsWaker::end_work(Napi::Env env, int count) {
    if (count == 0) return;
    working_ -= count;
    if (working_ == 0) napi_unref_threadsafe_function(env, function_);
}

void JsWaker::call_js(napi_env env, napi_value /*callback*/, void * context, void * /*data*/) {
    // A null environment means that it is being torn down; nothing may be delivered then.
    if (env == nullptr) return;
    const std::shared_ptr<JsWaker> waker = *static_cast<std::shared_ptr<JsWaker> *>(context);
    try {
        waker->deliver(Napi::Env(env));
    } catch (const Napi::Error & error) {
        // What a sink throws is the caller's bug; Node reports it as an uncaught exception.
        error.ThrowAsJavaScriptException();
    }
}

void JsWaker::deliver(Napi::Env env) {
    if (!deliver_) return;
    const Napi::HandleScope scope(env);
    // Kept while it runs: what it calls may close this.
    const Deliver deliver = deliver_;
    deliver(env);
}

void JsWaker::close() {
    {
        const std::lock_guard lock(mutex_);
        if (closed_) return;
        closed_ = true;
    }
    napi_release_threadsafe_function(function_, napi_tsfn_abort);
    deliver_ = nullptr;
}

}  // namespace inferno::binding
