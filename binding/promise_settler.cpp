#include "binding/promise_settler.h"

#include "binding/errors.h"

namespace inferno::binding {

std::shared_ptr<PromiseSettler> PromiseSettler::create(Napi::Env env) {
    std::shared_ptr<PromiseSettler> settler(new PromiseSettler());
    // The thread-safe function owns a reference to the settler, so that a late call finds it alive.
    auto * owner = new std::shared_ptr<PromiseSettler>(settler);
    const auto release_owner = [](napi_env, void * data, void *) {
        delete static_cast<std::shared_ptr<PromiseSettler> *>(data);
    };
    const napi_status status =
        napi_create_threadsafe_function(env, nullptr, nullptr, Napi::String::New(env, "inferno:promises"), 0, 1, owner,
                                        release_owner, owner, call_js, &settler->function_);
    if (status != napi_ok) {
        delete owner;
        throw Napi::Error::New(env, "A thread-safe function could not be created.");
    }
    napi_unref_threadsafe_function(env, settler->function_);  // rule 2
    return settler;
}

PromiseSettler::Pending PromiseSettler::begin(Napi::Object owner) {
    const Napi::Env env = owner.Env();
    if (pending_.empty()) {
        owner_ = Napi::Persistent(owner);
        napi_ref_threadsafe_function(env, function_);  // rule 2
    }
    const Napi::Promise::Deferred deferred(env);
    pending_.emplace(++last_id_, deferred);
    return {last_id_, deferred.Promise()};
}

void PromiseSettler::settle(Id id, const Status & status) {
    const std::lock_guard lock(mutex_);
    if (closed_) return;
    const bool is_awake = !decided_.empty();
    decided_.emplace_back(id, status);
    if (!is_awake) napi_call_threadsafe_function(function_, nullptr, napi_tsfn_nonblocking);
}

void PromiseSettler::call_js(napi_env env, napi_value /*callback*/, void * context, void * /*data*/) {
    // A null environment means that it is being torn down; nothing may be settled then.
    if (env == nullptr) return;
    const std::shared_ptr<PromiseSettler> settler = *static_cast<std::shared_ptr<PromiseSettler> *>(context);
    settler->deliver(Napi::Env(env));
}

void PromiseSettler::deliver(Napi::Env env) {
    std::vector<std::pair<Id, Status>> decided;
    {
        const std::lock_guard lock(mutex_);
        if (closed_) return;
        decided.swap(decided_);
    }
    for (const auto & [id, status] : decided) settle_one(env, id, status);
    if (!decided.empty() && pending_.empty()) {
        owner_.Reset();
        napi_unref_threadsafe_function(env, function_);
    }
}

void PromiseSettler::settle_one(Napi::Env env, Id id, const Status & status) {
    const Napi::HandleScope scope(env);
    const auto found = pending_.find(id);
    if (found == pending_.end()) return;
    const Napi::Promise::Deferred deferred = found->second;
    pending_.erase(found);
    if (status) {
        deferred.Resolve(env.Undefined());
    } else {
        deferred.Reject(to_error(env, status).Value());
    }
}

void PromiseSettler::close() {
    {
        const std::lock_guard lock(mutex_);
        if (closed_) return;
        closed_ = true;
        decided_.clear();
    }
    napi_release_threadsafe_function(function_, napi_tsfn_abort);
    pending_.clear();
    owner_.Reset();
}

}  // namespace inferno::binding
