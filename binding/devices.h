// What this machine has to compute with: systemInfo() at once, devices() with the drivers' readings off the JS thread.
#pragma once

#include <napi.h>

namespace inferno::binding {

// systemInfo(): NativeSystemInfo
Napi::Value system_info(const Napi::CallbackInfo & info);
// devices(): Promise<NativeDevices>
Napi::Value read_devices(const Napi::CallbackInfo & info);

}  // namespace inferno::binding
