// Settles promises that native threads decide about: one thread-safe function for all of them, one wake for all that
// are decided by the time JS looks (rules 1 to 3 in README.md).
//
// Thread safety: settle() from any thread; everything else on the JS thread.
#pragma once

#include <napi.h>

#include <cstdint>
#include <memory>
#include <mutex>
#include <unordered_map>
#include <utility>
#include <vector>

#include "native/core/status.h"

namespace inferno::binding {

class PromiseSettler : public std::enable_shared_from_this<PromiseSettler> {
  public:
    using Id = uint64_t;

    static std::shared_ptr<PromiseSettler> create(Napi::Env env);

    struct Pending {
        Id id;
        Napi::Promise promise;
    };
    // A promise of undefined. Until it is settled it keeps the process and `owner` alive. REQUIRES: not closed.
    Pending begin(Napi::Object owner);
    // Resolves or rejects soon. Ignored when closed.
    void settle(Id id, const Status & status);
    // Settles everything that is decided, now.
    void deliver(Napi::Env env);
    // What is still pending never settles. Idempotent.
    void close();

  private:
    PromiseSettler() = default;
    static void call_js(napi_env env, napi_value callback, void * context, void * data);
    void settle_one(Napi::Env env, Id id, const Status & status);

    napi_threadsafe_function function_ = nullptr;  // set once in create(), valid until close()

    std::mutex mutex_;
    std::vector<std::pair<Id, Status>> decided_;  // guarded by mutex_
    bool closed_ = false;                         // guarded by mutex_

    // JS thread.
    std::unordered_map<Id, Napi::Promise::Deferred> pending_;
    Napi::ObjectReference owner_;  // set while something is pending
    Id last_id_ = 0;
};

}  // namespace inferno::binding
