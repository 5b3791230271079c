#include "native/devices/sysfs_gpus.h"

#include <algorithm>
#include <charconv>
#include <filesystem>
#include <fstream>
#include <map>
#include <system_error>
#include <utility>

namespace inferno::devices {
namespace {

namespace fs = std::filesystem;

std::string first_line(const fs::path & file) {
    std::ifstream stream(file);
    std::string line;
    std::getline(stream, line);
    return line;
}

std::optional<uint64_t> number_in(const fs::path & file) {
    const std::string text = first_line(file);
    uint64_t value = 0;
    const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
    if (error != std::errc() || end == text.data()) return std::nullopt;
    return value;
}

std::optional<double> scaled(std::optional<uint64_t> value, double unit) {
    return value ? std::optional<double>(static_cast<double>(*value) / unit) : std::nullopt;
}

// Of "KEY=value" in a device's uevent file.
std::string uevent_value(const fs::path & device, const std::string & key) {
    std::ifstream stream(device / "uevent");
    for (std::string line; std::getline(stream, line);) {
        if (line.rfind(key + "=", 0) == 0) return line.substr(key.size() + 1);
    }
    return {};
}

std::string vendor_name(const std::string & id) {
    if (id == "0x1002") return "amd";
    if (id == "0x10de") return "nvidia";
    if (id == "0x8086") return "intel";
    return {};
}

std::string display_name(const std::string & vendor, const fs::path & device) {
    if (const std::string product = first_line(device / "product_name"); !product.empty()) return product;
    static const std::map<std::string, std::string> makers{{"amd", "AMD"}, {"nvidia", "NVIDIA"}, {"intel", "Intel"}};
    return makers.at(vendor) + " GPU " + first_line(device / "device");
}

// The sensors of a card lie in the one folder hwmon/hwmon<N> of its device.
void read_sensors(const fs::path & device, GpuReading & gpu) {
    constexpr double kMilli = 1e3;
    constexpr double kMicro = 1e6;
    std::error_code error;
    for (const fs::directory_entry & entry : fs::directory_iterator(device / "hwmon", error)) {
        const fs::path & sensors = entry.path();
        if (!gpu.temperature_celsius) gpu.temperature_celsius = scaled(number_in(sensors / "temp1_input"), kMilli);
        // Which of the two a card has depends on its generation.
        if (!gpu.power_watts) gpu.power_watts = scaled(number_in(sensors / "power1_average"), kMicro);
        if (!gpu.power_watts) gpu.power_watts = scaled(number_in(sensors / "power1_input"), kMicro);
        if (!gpu.power_limit_watts) gpu.power_limit_watts = scaled(number_in(sensors / "power1_cap"), kMicro);
    }
}

// "card0" but neither "card0-HDMI-A-1" (a connector) nor "renderD128" (the same card again).
std::optional<int> card_number(const std::string & name) {
    constexpr const char * kPrefix = "card";
    if (name.rfind(kPrefix, 0) != 0) return std::nullopt;
    const char * begin = name.data() + std::string(kPrefix).size();
    const char * end = name.data() + name.size();
    int number = 0;
    const auto [stop, error] = std::from_chars(begin, end, number);
    if (error != std::errc() || stop != end) return std::nullopt;
    return number;
}

}  // namespace

std::vector<GpuReading> read_sysfs_gpus(const std::string & drm_directory) {
    constexpr double kPercent = 100.0;
    std::map<int, fs::path> cards;
    std::error_code error;
    for (const fs::directory_entry & entry : fs::directory_iterator(drm_directory, error)) {
        if (const auto number = card_number(entry.path().filename().string())) {
            cards.emplace(*number, entry.path() / "device");
        }
    }
    std::vector<GpuReading> result;
    for (const auto & [number, device] : cards) {
        GpuReading gpu;
        gpu.vendor = vendor_name(first_line(device / "vendor"));
        if (gpu.vendor.empty()) continue;  // a virtual machine's display, a server's management controller
        gpu.name = display_name(gpu.vendor, device);
        gpu.driver = uevent_value(device, "DRIVER");
        gpu.pci_address = normal_pci_address(uevent_value(device, "PCI_SLOT_NAME"));
        gpu.memory_total_bytes = number_in(device / "mem_info_vram_total");
        gpu.memory_used_bytes = number_in(device / "mem_info_vram_used");
        gpu.utilization = scaled(number_in(device / "gpu_busy_percent"), kPercent);
        read_sensors(device, gpu);
        result.push_back(std::move(gpu));
    }
    return result;
}

}  // namespace inferno::devices
