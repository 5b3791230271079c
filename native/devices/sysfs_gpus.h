// GPUs as Linux's drivers show them in sysfs: amdgpu with all values, others with what they tell. Nothing on other
// systems. Thread safety: any thread.
#pragma once

#include <string>
#include <vector>

#include "native/devices/gpu_reading.h"

namespace inferno::devices {

constexpr const char * kDrmDirectory = "/sys/class/drm";

// `drm_directory` is /sys/class/drm, or a copy of one in tests. In the order of the cards' numbers.
std::vector<GpuReading> read_sysfs_gpus(const std::string & drm_directory);

}  // namespace inferno::devices
