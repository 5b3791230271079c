// NVIDIA's management library as two GPUs would answer it, for machines without: a whole one, and one that lost its
// sensors. A third does not answer at all. INFERNO_STAND_IN_NVML_FAILS makes it fail like a driver that was just
// updated.
#include <cstdlib>
#include <cstring>

#ifdef _WIN32
#define EXPORTED extern "C" __declspec(dllexport)
#else
#define EXPORTED extern "C" __attribute__((visibility("default")))
#endif

namespace {
constexpr int kSuccess = 0;
constexpr int kNotSupported = 3;
constexpr int kMismatch = 18;
constexpr int kLost = 15;
char whole;
char without_sensors;
bool is_whole(const void * device) { return device == &whole; }
}  // namespace

EXPORTED int nvmlInit_v2() { return std::getenv("INFERNO_STAND_IN_NVML_FAILS") == nullptr ? kSuccess : kMismatch; }
EXPORTED int nvmlShutdown() { return kSuccess; }
EXPORTED const char * nvmlErrorString(int code) {
    return code == kMismatch ? "Driver/library version mismatch" : "Unknown Error";
}
EXPORTED int nvmlSystemGetDriverVersion(char * text, unsigned length) {
    std::strncpy(text, "570.86.15", length);
    return kSuccess;
}
EXPORTED int nvmlDeviceGetCount_v2(unsigned * count) {
    *count = 3;
    return kSuccess;
}
EXPORTED int nvmlDeviceGetHandleByIndex_v2(unsigned index, void ** device) {
    constexpr unsigned kAnswering = 2;
    if (index >= kAnswering) return kLost;
    *device = index == 0 ? &whole : &without_sensors;
    return kSuccess;
}
EXPORTED int nvmlDeviceGetName(void * device, char * text, unsigned length) {
    std::strncpy(text, is_whole(device) ? "NVIDIA H100 80GB HBM3" : "NVIDIA T4", length);
    return kSuccess;
}
EXPORTED int nvmlDeviceGetPciInfo_v3(void * device, void * info) {
    struct Pci {
        char legacy[16];
        unsigned numbers[5];
        char bus_id[32];
    };
    std::strncpy(static_cast<Pci *>(info)->bus_id, is_whole(device) ? "00000000:0F:00.0" : "00000000:AF:00.0", 32);
    return kSuccess;
}
EXPORTED int nvmlDeviceGetMemoryInfo(void * device, unsigned long long * total_free_used) {
    if (!is_whole(device)) return kNotSupported;
    total_free_used[0] = 80ull << 30;
    total_free_used[1] = 60ull << 30;
    total_free_used[2] = 20ull << 30;
    return kSuccess;
}
EXPORTED int nvmlDeviceGetUtilizationRates(void * device, unsigned * gpu_and_memory) {
    if (!is_whole(device)) return kNotSupported;
    gpu_and_memory[0] = 85;
    gpu_and_memory[1] = 40;
    return kSuccess;
}
EXPORTED int nvmlDeviceGetTemperature(void * device, int sensor, unsigned * celsius) {
    if (!is_whole(device) || sensor != 0) return kNotSupported;
    *celsius = 61;
    return kSuccess;
}
EXPORTED int nvmlDeviceGetPowerUsage(void * device, unsigned * milliwatts) {
    if (!is_whole(device)) return kNotSupported;
    *milliwatts = 412500;
    return kSuccess;
}
// No nvmlDeviceGetEnforcedPowerLimit: an old driver.
