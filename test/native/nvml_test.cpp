#include "native/devices/nvml.h"

#include <cstdlib>

#include "test/native/check.h"

using namespace inferno;
using namespace inferno::devices;

INFERNO_TEST(nvml_that_is_not_installed_gives_no_gpu_and_no_problem) {
    const GpuReadings readings = read_nvml("libinferno-no-such-library.so.1");
    CHECK(readings.gpus.empty());
    CHECK(readings.problems.empty());
}

INFERNO_TEST(nvml_tells_each_gpu_and_leaves_out_what_it_does_not_know) {
    const GpuReadings readings = read_nvml(INFERNO_NVML_STAND_IN);
    CHECK_EQ(readings.gpus.size(), size_t{2});
    const GpuReading & whole = readings.gpus[0];
    CHECK_EQ(whole.name, std::string("NVIDIA H100 80GB HBM3"));
    CHECK_EQ(whole.pci_address, std::string("0000:0f:00.0"));
    CHECK_EQ(whole.driver, std::string("nvidia 570.86.15"));
    CHECK_EQ(whole.memory_total_bytes.value_or(0), uint64_t{80} << 30);
    CHECK_EQ(whole.memory_used_bytes.value_or(0), uint64_t{20} << 30);
    CHECK_EQ(whole.utilization.value_or(-1), 0.85);
    CHECK_EQ(whole.temperature_celsius.value_or(-1), 61.0);
    CHECK_EQ(whole.power_watts.value_or(-1), 412.5);
    CHECK(!whole.power_limit_watts.has_value());
    const GpuReading & bare = readings.gpus[1];
    CHECK_EQ(bare.name, std::string("NVIDIA T4"));
    CHECK(!bare.memory_total_bytes.has_value());
    CHECK(!bare.utilization.has_value());
    CHECK(!bare.temperature_celsius.has_value());
    CHECK(!bare.power_watts.has_value());
}

INFERNO_TEST(nvml_a_gpu_that_does_not_answer_is_a_problem_and_hides_no_other) {
    const GpuReadings readings = read_nvml(INFERNO_NVML_STAND_IN);
    CHECK_EQ(readings.problems.size(), size_t{1});
    CHECK_EQ(readings.problems[0], std::string("NVIDIA GPU 2 does not answer."));
}

#ifndef _WIN32
INFERNO_TEST(nvml_that_cannot_start_says_why) {
    setenv("INFERNO_STAND_IN_NVML_FAILS", "1", 1);
    const GpuReadings readings = read_nvml(INFERNO_NVML_STAND_IN);
    unsetenv("INFERNO_STAND_IN_NVML_FAILS");
    CHECK(readings.gpus.empty());
    CHECK_EQ(readings.problems.size(), size_t{1});
    CHECK(readings.problems[0].find("version mismatch") != std::string::npos);
}
#endif
