// Wakes the JS thread to take what native threads have finished: one thread-safe function, whose callback looks once
// for everything that is there (rules 1 to 3 in README.md).
//
// Thread safety: wake() from any thread; everything else on the JS thread.
#pragma once

#include <napi.h>

#include <functional>
#include <memory>
#include <mutex>
#include <utility>

namespace inferno::binding {

class JsWaker {
  public:
    using Deliver = std::function<void(Napi::Env)>;

    static std::shared_ptr<JsWaker> create(Napi::Env env, const char * name);
    // Runs on the JS thread, in a handle scope, until close(). Nothing is delivered before it is set.
    void set_deliver(Deliver deliver) { deliver_ = std::move(deliver); }

    void wake();
    // What must keep the process alive begins or ends.
    void begin_work(Napi::Env env);
    void end_work(Napi::Env env, int count = 1);
    // Looks now.
    void deliver(Napi::Env env);
    // Nothing is delivered any more. Idempotent.
    void close();

  private:
    JsWaker() = default;
    static void call_js(napi_env env, napi_value callback, void * context, void * data);

    napi_threadsafe_function function_ = nullptr;  // set once in create(), valid until close()
    std::mutex mutex_;
    bool closed_ = false;  // guarded by mutex_
    // JS thread.
    Deliver deliver_;
    int working_ = 0;
};

}  // namespace inferno::binding
