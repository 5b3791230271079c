// NVIDIA's management library, opened at run time: it comes with the driver and is never needed to build. Thread
// safety: any thread.
#pragma once

#include <string>

#include "native/devices/gpu_reading.h"

namespace inferno::devices {

#ifdef _WIN32
constexpr const char * kNvmlLibrary = "nvml.dll";
#else
constexpr const char * kNvmlLibrary = "libnvidia-ml.so.1";
#endif

// No GPU and no problem when there is no such library; a problem when it is there and does not answer.
GpuReadings read_nvml(const std::string & library);

}  // namespace inferno::devices
