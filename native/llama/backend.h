// Process-wide state of llama.cpp: the backend libraries and its log. Thread safety: all functions may be called from
// any thread; initialisation happens once per process and is never undone (llama.cpp cannot unload a backend safely).
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "native/core/status.h"

namespace inferno::llama {

struct Device {
    std::string name;
    std::string description;
    std::string kind;         // "cpu", "gpu", "igpu" or "accel"
    std::string backend;      // of llama.cpp: "CPU", "CUDA", "Vulkan", "MTL", "ROCm"
    std::string pci_address;  // empty when the backend does not tell it
    uint64_t memory_free_bytes = 0;
    uint64_t memory_total_bytes = 0;
};

struct SystemInfo {
    std::string llama_version;
    std::string cpu_backend;
    std::string cpu_library;  // path of the CPU variant that was chosen; empty when unknown
    std::string features;
    std::vector<Device> devices;
    std::vector<std::string> backends;  // that were loaded, also those that found no device
    int available_cores = 0;
};

// Loads every backend library in `library_directory`. Fails with BackendMissing when none can compute on the CPU.
Status initialize_backend(const std::string & library_directory,
                          const std::vector<std::string> & more_directories = {});

SystemInfo system_info();

// Asks every device for its memory, which wakes GPUs that sleep: not on the JS thread where it can be avoided.
std::vector<Device> computing_devices();

// The last error line llama.cpp logged on this thread since the previous call; empty if none. Its functions return null
// without a reason, so this is the only place the reason can come from.
std::string take_last_log_error();

}  // namespace inferno::llama
