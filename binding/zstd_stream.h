// NativeZstdStream of lib/native-types.ts. JS thread only.
#pragma once

#include <napi.h>

#include "native/core/zstd_stream.h"

namespace inferno::binding {

class ZstdStreamObject : public Napi::ObjectWrap<ZstdStreamObject> {
  public:
    static Napi::Function define(Napi::Env env);

    // (level: number, windowLog: number)
    explicit ZstdStreamObject(const Napi::CallbackInfo & info);

  private:
    Napi::Value write(const Napi::CallbackInfo & info);

    ZstdStream stream_;
};

}  // namespace inferno::binding
