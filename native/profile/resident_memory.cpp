#include "native/profile/resident_memory.h"

#if defined(__linux__)
#include <unistd.h>

#include <cstdio>
#elif defined(__APPLE__)
#include <mach/mach.h>
#elif defined(_WIN32)
// windows.h first: psapi.h needs it.
#include <windows.h>

#include <psapi.h>
#endif

namespace inferno::profile {

uint64_t resident_memory_bytes() {
#if defined(__linux__)
    std::FILE * file = std::fopen("/proc/self/statm", "re");
    if (file == nullptr) return 0;
    unsigned long long total_pages = 0;
    unsigned long long resident_pages = 0;
    const int found = std::fscanf(file, "%llu %llu", &total_pages, &resident_pages);
    std::fclose(file);
    return found == 2 ? resident_pages * static_cast<uint64_t>(sysconf(_SC_PAGESIZE)) : 0;
#elif defined(__APPLE__)
    mach_task_basic_info info{};
    mach_msg_type_number_t count = MACH_TASK_BASIC_INFO_COUNT;
    const auto result = task_info(mach_task_self(), MACH_TASK_BASIC_INFO, reinterpret_cast<task_info_t>(&info), &count);
    return result == KERN_SUCCESS ? info.resident_size : 0;
#elif defined(_WIN32)
    PROCESS_MEMORY_COUNTERS counters{};
    const bool is_known = K32GetProcessMemoryInfo(GetCurrentProcess(), &counters, sizeof counters) != 0;
    return is_known ? counters.WorkingSetSize : 0;
#else
    return 0;
#endif
}

}  // namespace inferno::profile
