#include "native/devices/gpu_reading.h"

#include <algorithm>
#include <cctype>
#include <utility>

#include "native/devices/nvml.h"
#include "native/devices/sysfs_gpus.h"

namespace inferno::devices {

std::string normal_pci_address(const std::string & address) {
    constexpr size_t kDomainDigits = 4;
    std::string result = address;
    std::transform(result.begin(), result.end(), result.begin(),
                   [](unsigned char letter) { return static_cast<char>(std::tolower(letter)); });
    const size_t colon = result.find(':');
    // NVML writes the domain with eight digits, of which PCI has four.
    if (colon != std::string::npos && colon > kDomainDigits) result.erase(0, colon - kDomainDigits);
    return result;
}

GpuReadings read_gpus() {
    GpuReadings result = read_nvml(kNvmlLibrary);
    for (GpuReading & gpu : read_sysfs_gpus(kDrmDirectory)) {
        const bool known = std::any_of(result.gpus.begin(), result.gpus.end(), [&](const GpuReading & other) {
            return !gpu.pci_address.empty() && other.pci_address == gpu.pci_address;
        });
        if (!known) result.gpus.push_back(std::move(gpu));
    }
    return result;
}

}  // namespace inferno::devices
