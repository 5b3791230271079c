#include "binding/journal.h"

#include <algorithm>
#include <cmath>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "binding/environment.h"
#include "binding/errors.h"

namespace inferno::binding {
namespace {

struct OpenSettings {
    std::string directory;
    queue::JournalOptions options;
};

double read_integer(const Napi::Object & options, const char * name, double least, double most) {
    const Napi::Value value = options.Get(name);
    const double number = value.IsNumber() ? value.As<Napi::Number>().DoubleValue() : std::nan("");
    if (number >= least && number <= most && std::trunc(number) == number) return number;
    throw Napi::RangeError::New(options.Env(), std::string("Expected an integer from ") +
                                                   std::to_string(static_cast<int64_t>(least)) + " to " +
                                                   std::to_string(static_cast<int64_t>(most)) + " for " + name + ".");
}

OpenSettings read_settings(const Napi::Value & value) {
    constexpr double kMaxCompressionLevel = 22;
    constexpr double kMaxIntervalMs = 2147483647;
    if (!value.IsObject()) throw Napi::TypeError::New(value.Env(), "Expected an object for options.");
    const Napi::Object object = value.As<Napi::Object>();
    const Napi::Value directory = object.Get("directory");
    OpenSettings settings;
    if (directory.IsString()) settings.directory = directory.As<Napi::String>().Utf8Value();
    if (settings.directory.empty()) {
        throw Napi::TypeError::New(value.Env(), "Expected the path of a folder for directory.");
    }
    settings.options.store.compression_level =
        static_cast<int>(read_integer(object, "compressionLevel", 1, kMaxCompressionLevel));
    settings.options.checkpoint_interval = std::chrono::milliseconds(
        static_cast<int64_t>(read_integer(object, "checkpointIntervalMs", 1, kMaxIntervalMs)));
    return settings;
}

std::string read_key(const Napi::Value & value) {
    if (!value.IsString()) throw Napi::TypeError::New(value.Env(), "Expected a string for key.");
    return value.As<Napi::String>().Utf8Value();
}

std::vector<std::byte> read_bytes(const Napi::Value & value) {
    if (!value.IsTypedArray() || value.As<Napi::TypedArray>().TypedArrayType() != napi_uint8_array) {
        throw Napi::TypeError::New(value.Env(), "Expected a Uint8Array for value.");
    }
    const Napi::Uint8Array array = value.As<Napi::Uint8Array>();
    const auto * bytes = reinterpret_cast<const std::byte *>(array.Data());
    return {bytes, bytes + array.ByteLength()};
}

Napi::Array entries_to_js(Napi::Env env, const std::vector<queue::JournalEntryPtr> & entries) {
    Napi::Array list = Napi::Array::New(env, entries.size());
    for (size_t i = 0; i < entries.size(); ++i) {
        const Napi::HandleScope scope(env);
        const std::vector<std::byte> & bytes = entries[i]->value;
        Napi::Uint8Array value = Napi::Uint8Array::New(env, bytes.size());
        std::copy(bytes.begin(), bytes.end(), reinterpret_cast<std::byte *>(value.Data()));
        Napi::Object entry = Napi::Object::New(env);
        entry.Set("key", entries[i]->key);
        entry.Set("value", value);
        list.Set(static_cast<uint32_t>(i), entry);
    }
    return list;
}

class OpenWorker : public Napi::AsyncWorker {
  public:
    OpenWorker(Napi::Env env, OpenSettings settings)
        : Napi::AsyncWorker(env), deferred_(env), settings_(std::move(settings)) {}
    Napi::Promise promise() const { return deferred_.Promise(); }

  protected:
    void Execute() override { opened_.emplace(queue::Journal::open(settings_.directory, settings_.options)); }
    void OnOK() override {
        const Napi::Env env = Env();
        if (!opened_->is_ok()) {
            deferred_.Reject(to_error(env, opened_->status()).Value());
            return;
        }
        queue::OpenedJournal & opened = opened_->value();
        auto state = std::make_shared<JournalState>();
        state->journal = std::move(opened.journal);
        state->settler = PromiseSettler::create(env);
        Napi::Array warnings = Napi::Array::New(env, opened.warnings.size());
        for (size_t i = 0; i < opened.warnings.size(); ++i) {
            warnings.Set(static_cast<uint32_t>(i), opened.warnings[i]);
        }
        Napi::Object result = Napi::Object::New(env);
        result.Set("journal", JournalObject::create(env, std::move(state)));
        result.Set("entries", entries_to_js(env, opened.entries));
        result.Set("warnings", warnings);
        deferred_.Resolve(result);
    }

  private:
    Napi::Promise::Deferred deferred_;
    OpenSettings settings_;
    std::optional<Result<queue::OpenedJournal>> opened_;
};

// Commits and writes the last checkpoint without blocking JS.
class CloseWorker : public Napi::AsyncWorker {
  public:
    CloseWorker(Napi::Env env, std::shared_ptr<JournalState> state)
        : Napi::AsyncWorker(env), deferred_(env), state_(std::move(state)) {}
    Napi::Promise promise() const { return deferred_.Promise(); }

  protected:
    void Execute() override { state_->journal->close(); }
    void OnOK() override {
        state_->settler->deliver(Env());
        state_->shut_down();
        deferred_.Resolve(Env().Undefined());
    }

  private:
    Napi::Promise::Deferred deferred_;
    std::shared_ptr<JournalState> state_;
};

template <typename Worker>
Napi::Promise start(Worker * worker) {
    const Napi::Promise promise = worker->promise();
    worker->Queue();
    return promise;
}

void shut_down_at_exit(void * data) { static_cast<JournalState *>(data)->shut_down(); }

}  // namespace

void JournalState::shut_down() {
    is_closed = true;
    journal->close();
    settler->close();
}

Napi::Value open_journal(const Napi::CallbackInfo & info) {
    return start(new OpenWorker(info.Env(), read_settings(info[0])));
}

Napi::Function JournalObject::define(Napi::Env env) {
    return DefineClass(env, "NativeJournal",
                       {
                           InstanceMethod<&JournalObject::put>("put"),
                           InstanceMethod<&JournalObject::remove>("remove"),
                           InstanceMethod<&JournalObject::checkpoint>("checkpoint"),
                           InstanceMethod<&JournalObject::stats>("stats"),
                           InstanceMethod<&JournalObject::close>("close"),
                       });
}

Napi::Object JournalObject::create(Napi::Env env, std::shared_ptr<JournalState> state) {
    auto external = Napi::External<std::shared_ptr<JournalState>>::New(env, &state);
    return env.GetInstanceData<Environment>()->journal_constructor.New({external});
}

JournalObject::JournalObject(const Napi::CallbackInfo & info)
    : Napi::ObjectWrap<JournalObject>(info), env_(info.Env()) {
    if (info.Length() != 1 || !info[0].IsExternal()) {
        throw Napi::TypeError::New(info.Env(), "Expected journals to be made by openJournal.");
    }
    state_ = *info[0].As<Napi::External<std::shared_ptr<JournalState>>>().Data();
    napi_add_env_cleanup_hook(env_, shut_down_at_exit, state_.get());
}

JournalObject::~JournalObject() {
    if (!state_) return;
    napi_remove_env_cleanup_hook(env_, shut_down_at_exit, state_.get());
    state_->shut_down();
}

Napi::Value JournalObject::promise_of(const Napi::CallbackInfo & info,
                                      const std::function<void(queue::Journal &, queue::Journal::Callback)> & submit) {
    const Napi::Env env = info.Env();
    if (state_->is_closed) {
        const Napi::Promise::Deferred deferred(env);
        deferred.Reject(to_error(env, Status(ErrorCode::JournalUnavailable, "The journal is closed.")).Value());
        return deferred.Promise();
    }
    const PromiseSettler::Pending pending = state_->settler->begin(info.This().As<Napi::Object>());
    submit(*state_->journal,
           [settler = state_->settler, id = pending.id](const Status & status) { settler->settle(id, status); });
    return pending.promise;
}

// put(key: string, value: Uint8Array): Promise<void>
Napi::Value JournalObject::put(const Napi::CallbackInfo & info) {
    return promise_of(info, [key = read_key(info[0]), value = read_bytes(info[1])](auto & journal, auto done) mutable {
        journal.put(std::move(key), std::move(value), std::move(done));
    });
}

// remove(key: string): Promise<void>
Napi::Value JournalObject::remove(const Napi::CallbackInfo & info) {
    return promise_of(info, [key = read_key(info[0])](auto & journal, auto done) mutable {
        journal.remove(std::move(key), std::move(done));
    });
}

// checkpoint(): Promise<void>
Napi::Value JournalObject::checkpoint(const Napi::CallbackInfo & info) {
    return promise_of(info, [](auto & journal, auto done) { journal.checkpoint(std::move(done)); });
}

// stats(): NativeJournalStats
Napi::Value JournalObject::stats(const Napi::CallbackInfo & info) {
    const queue::JournalStats stats = state_->journal->stats();
    Napi::Object object = Napi::Object::New(info.Env());
    const auto set = [&](const char * name, uint64_t value) { object.Set(name, static_cast<double>(value)); };
    set("entries", stats.entries);
    set("appends", stats.appends);
    set("syncs", stats.syncs);
    set("checkpoints", stats.checkpoints);
    set("logBytes", stats.log_bytes);
    return object;
}

// close(): Promise<void>
Napi::Value JournalObject::close(const Napi::CallbackInfo & info) {
    state_->is_closed = true;  // from this call on, not from when the worker runs
    return start(new CloseWorker(info.Env(), state_));
}

}  // namespace inferno::binding
