// The one place that turns Status into JS errors. JS thread only.
#pragma once

#include <napi.h>

#include "native/core/status.h"

namespace inferno::binding {

// An Error with `code` set to the stable code. REQUIRES: !status.is_ok()
Napi::Error to_error(Napi::Env env, const Status & status);

}  // namespace inferno::binding
