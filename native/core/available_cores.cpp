#include "native/core/available_cores.h"

#include <algorithm>
#include <cmath>
#include <fstream>
#include <string>
#include <thread>

#if defined(__linux__)
#include <sched.h>
#endif

namespace inferno {
namespace {

#if defined(__linux__)
int affinity_cores() {
    cpu_set_t mask;
    CPU_ZERO(&mask);
    if (sched_getaffinity(0, sizeof(mask), &mask) != 0) return 0;
    return CPU_COUNT(&mask);
}

// cgroup v2 "QUOTA PERIOD" or "max PERIOD"; v1 keeps the two numbers in files of their own.
double cgroup_quota_cores() {
    std::ifstream v2("/sys/fs/cgroup/cpu.max");
    std::string quota;
    double period = 0.0;
    if (v2 >> quota >> period) {
        return quota == "max" || period <= 0.0 ? 0.0 : std::atof(quota.c_str()) / period;
    }
    std::ifstream v1_quota("/sys/fs/cgroup/cpu/cpu.cfs_quota_us");
    std::ifstream v1_period("/sys/fs/cgroup/cpu/cpu.cfs_period_us");
    double value = 0.0;
    if (v1_quota >> value && v1_period >> period && value > 0.0 && period > 0.0) return value / period;
    return 0.0;
}

uint64_t read_number(const char * path) {
    std::ifstream file(path);
    uint64_t value = 0;
    return file >> value ? value : 0;
}

// The number behind `wanted` in a file of lines "name number …"; 0 when it is not there.
uint64_t read_field(const char * path, const std::string & wanted) {
    std::ifstream file(path);
    std::string name;
    uint64_t value = 0;
    std::string rest;
    while (file >> name >> value) {
        std::getline(file, rest);
        if (name == wanted) return value;
    }
    return 0;
}
#endif

}  // namespace

int available_cores() {
    int cores = std::max(1, static_cast<int>(std::thread::hardware_concurrency()));
#if defined(__linux__)
    if (const int affinity = affinity_cores(); affinity > 0) cores = std::min(cores, affinity);
    if (const double quota = cgroup_quota_cores(); quota > 0.0) {
        cores = std::min(cores, std::max(1, static_cast<int>(std::ceil(quota))));
    }
#endif
    return cores;
}

uint64_t available_memory_bytes() {
#if defined(__linux__)
    const uint64_t available = read_field("/proc/meminfo", "MemAvailable:") * 1024;
    const uint64_t limit = read_number("/sys/fs/cgroup/memory.max");
    if (limit == 0) return available;
    const uint64_t used = read_number("/sys/fs/cgroup/memory.current");
    // Counted as used, but given up when memory is asked for.
    const uint64_t cached = read_field("/sys/fs/cgroup/memory.stat", "inactive_file");
    const uint64_t taken = used - std::min(used, cached);
    return std::min(available, limit > taken ? limit - taken : 0);
#else
    return 0;
#endif
}

}  // namespace inferno
