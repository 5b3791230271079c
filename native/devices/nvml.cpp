#include "native/devices/nvml.h"

#include <array>
#include <cstring>
#include <memory>

#ifdef _WIN32
#include <windows.h>
#else
#include <dlfcn.h>
#endif

namespace inferno::devices {
namespace {

// The part of NVML's ABI that is used here (nvml.h of any driver since 2019; names with _v2 and _v3 are stable).
using Handle = struct NvmlDevice *;
using Return = int;
constexpr Return kSuccess = 0;
constexpr int kTemperatureOfGpu = 0;
struct Memory {
    unsigned long long total, free, used;
};
struct Utilization {
    unsigned gpu, memory;
};
struct PciInfo {
    char legacy_bus_id[16];
    unsigned domain, bus, device, device_id, subsystem_id;
    char bus_id[32];
};

struct CloseLibrary {
    void operator()(void * library) const {
#ifdef _WIN32
        FreeLibrary(static_cast<HMODULE>(library));
#else
        dlclose(library);
#endif
    }
};
using Library = std::unique_ptr<void, CloseLibrary>;

Library open_library(const std::string & name) {
#ifdef _WIN32
    return Library(LoadLibraryA(name.c_str()));
#else
    return Library(dlopen(name.c_str(), RTLD_NOW | RTLD_LOCAL));
#endif
}

template <typename Function>
Function find(const Library & library, const char * name) {
#ifdef _WIN32
    return reinterpret_cast<Function>(
        reinterpret_cast<void *>(GetProcAddress(static_cast<HMODULE>(library.get()), name)));
#else
    return reinterpret_cast<Function>(dlsym(library.get(), name));
#endif
}

// Calls a function of the library if it has it, and says whether it succeeded.
template <typename... Arguments>
bool call(const Library & library, const char * name, Arguments... arguments) {
    const auto function = find<Return (*)(Arguments...)>(library, name);
    return function != nullptr && function(arguments...) == kSuccess;
}

template <size_t Size>
std::string text_of(const std::array<char, Size> & buffer) {
    return std::string(buffer.data(), strnlen(buffer.data(), buffer.size()));
}

std::optional<double> thousandths(bool known, unsigned value) {
    constexpr double kThousand = 1000.0;
    return known ? std::optional<double>(value / kThousand) : std::nullopt;
}

GpuReading read_device(const Library & nvml, Handle device, const std::string & driver) {
    GpuReading gpu;
    gpu.vendor = "nvidia";
    gpu.driver = driver;
    std::array<char, 128> name{};
    if (call(nvml, "nvmlDeviceGetName", device, name.data(), static_cast<unsigned>(name.size()))) {
        gpu.name = text_of(name);
    }
    PciInfo pci{};
    if (call(nvml, "nvmlDeviceGetPciInfo_v3", device, &pci)) {
        gpu.pci_address = normal_pci_address(std::string(pci.bus_id, strnlen(pci.bus_id, sizeof pci.bus_id)));
    }
    Memory memory{};
    if (call(nvml, "nvmlDeviceGetMemoryInfo", device, &memory)) {
        gpu.memory_total_bytes = memory.total;
        gpu.memory_used_bytes = memory.used;
    }
    Utilization utilization{};
    constexpr double kPercent = 100.0;
    if (call(nvml, "nvmlDeviceGetUtilizationRates", device, &utilization)) {
        gpu.utilization = utilization.gpu / kPercent;
    }
    unsigned value = 0;
    if (call(nvml, "nvmlDeviceGetTemperature", device, kTemperatureOfGpu, &value)) gpu.temperature_celsius = value;
    const bool has_power = call(nvml, "nvmlDeviceGetPowerUsage", device, &value);
    gpu.power_watts = thousandths(has_power, value);
    const bool has_limit = call(nvml, "nvmlDeviceGetEnforcedPowerLimit", device, &value);
    gpu.power_limit_watts = thousandths(has_limit, value);
    return gpu;
}

std::string reason_of(const Library & nvml, Return code) {
    const auto describe = find<const char * (*)(Return)>(nvml, "nvmlErrorString");
    const char * text = describe == nullptr ? nullptr : describe(code);
    return text == nullptr ? "error " + std::to_string(code) : text;
}

}  // namespace

GpuReadings read_nvml(const std::string & library) {
    GpuReadings result;
    const Library nvml = open_library(library);
    if (!nvml) return result;
    const auto initialize = find<Return (*)()>(nvml, "nvmlInit_v2");
    if (initialize == nullptr) {
        result.problems.push_back(library + " is no NVML: it has no nvmlInit_v2.");
        return result;
    }
    if (const Return code = initialize(); code != kSuccess) {
        result.problems.push_back("NVIDIA's driver does not answer: " + reason_of(nvml, code) + ".");
        return result;
    }
    std::array<char, 96> version{};
    const bool has_version =
        call(nvml, "nvmlSystemGetDriverVersion", version.data(), static_cast<unsigned>(version.size()));
    const std::string driver = has_version ? "nvidia " + text_of(version) : "nvidia";
    unsigned count = 0;
    call(nvml, "nvmlDeviceGetCount_v2", &count);
    for (unsigned index = 0; index < count; ++index) {
        Handle device = nullptr;
        // One that fell off the bus must not hide the others.
        if (call(nvml, "nvmlDeviceGetHandleByIndex_v2", index, &device)) {
            result.gpus.push_back(read_device(nvml, device, driver));
        } else {
            result.problems.push_back("NVIDIA GPU " + std::to_string(index) + " does not answer.");
        }
    }
    call(nvml, "nvmlShutdown");
    return result;
}

}  // namespace inferno::devices
