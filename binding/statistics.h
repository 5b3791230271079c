// The JS object of statistics (NativeStatistics in lib/native-types.ts). JS thread only.
#pragma once

#include <napi.h>

#include <memory>

#include "native/profile/statistics.h"

namespace inferno::binding {

// createStatistics(): NativeStatistics
Napi::Value create_statistics(const Napi::CallbackInfo & info);

class StatisticsObject : public Napi::ObjectWrap<StatisticsObject> {
  public:
    static Napi::Function define(Napi::Env env);
    // Statistics that somebody else records into, e.g. an engine: record() throws.
    static Napi::Object wrap(Napi::Env env, std::shared_ptr<const profile::Statistics> statistics);

    explicit StatisticsObject(const Napi::CallbackInfo & info);

  private:
    void record(const Napi::CallbackInfo & info);
    Napi::Value summarize(const Napi::CallbackInfo & info);
    Napi::Value cumulate(const Napi::CallbackInfo & info);

    std::shared_ptr<const profile::Statistics> statistics_;
    profile::Statistics * own_ = nullptr;  // null: somebody else records
};

}  // namespace inferno::binding
