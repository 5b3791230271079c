// What the drivers of this machine's GPUs report, whether or not a backend of llama.cpp can compute on them. Nothing is
// linked: NVML is opened at run time, AMD's and Intel's drivers are read through sysfs. Thread safety: all functions
// may be called from any thread; they can take many milliseconds (a driver wakes up), so never from the JS thread.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

namespace inferno::devices {

struct GpuReading {
    std::string pci_address;  // "0000:01:00.0"; empty when unknown
    std::string name;
    std::string vendor;  // "nvidia", "amd" or "intel"
    std::string driver;  // with its version where the driver tells it
    // What a driver does not tell is absent, never 0.
    std::optional<uint64_t> memory_total_bytes;
    std::optional<uint64_t> memory_used_bytes;
    std::optional<double> utilization;  // 0 to 1, over the driver's last sampling period
    std::optional<double> temperature_celsius;
    std::optional<double> power_watts;
    std::optional<double> power_limit_watts;
};

struct GpuReadings {
    std::vector<GpuReading> gpus;
    std::vector<std::string> problems;  // a driver that is there and does not answer
};

// NVML's and sysfs's readings; a GPU that both know is told once, by NVML.
GpuReadings read_gpus();

// "00000000:01:00.0" and "0000:01:00.0" are the same address.
std::string normal_pci_address(const std::string & address);

}  // namespace inferno::devices
