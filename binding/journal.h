// openJournal and the JS object of an open journal (NativeJournal in lib/native-types.ts). JS thread only.
#pragma once

#include <napi.h>

#include <functional>
#include <memory>

#include "binding/promise_settler.h"
#include "native/queue/journal.h"

namespace inferno::binding {

// What a journal owns outside of JS. Shared between the JS object, the environment's cleanup hook and close workers.
struct JournalState {
    std::unique_ptr<queue::Journal> journal;
    std::shared_ptr<PromiseSettler> settler;
    bool is_closed = false;  // or closing; JS thread

    // Rule 3: joins the journal's threads, then closes the settler. Idempotent. JS thread.
    void shut_down();
};

// openJournal(options: NativeJournalOptions): Promise<NativeOpenedJournal>
Napi::Value open_journal(const Napi::CallbackInfo & info);

class JournalObject : public Napi::ObjectWrap<JournalObject> {
  public:
    static Napi::Function define(Napi::Env env);
    static Napi::Object create(Napi::Env env, std::shared_ptr<JournalState> state);

    explicit JournalObject(const Napi::CallbackInfo & info);
    ~JournalObject() override;

  private:
    Napi::Value put(const Napi::CallbackInfo & info);
    Napi::Value remove(const Napi::CallbackInfo & info);
    Napi::Value checkpoint(const Napi::CallbackInfo & info);
    Napi::Value stats(const Napi::CallbackInfo & info);
    Napi::Value close(const Napi::CallbackInfo & info);

    // A promise of what `submit` calls back with; rejected when the journal is closed.
    Napi::Value promise_of(const Napi::CallbackInfo & info,
                           const std::function<void(queue::Journal &, queue::Journal::Callback)> & submit);

    std::shared_ptr<JournalState> state_;
    napi_env env_;
};

}  // namespace inferno::binding
