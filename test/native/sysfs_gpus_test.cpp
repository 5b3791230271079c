#include "native/devices/sysfs_gpus.h"

#include <filesystem>
#include <fstream>

#include "native/devices/gpu_reading.h"
#include "test/native/check.h"

using namespace inferno;
using namespace inferno::devices;
namespace fs = std::filesystem;

namespace {

// A folder laid out as the kernel does it, gone with the object.
class DrmFolder {
  public:
    DrmFolder() : path_(fs::temp_directory_path() / ("inferno-drm-" + std::to_string(next_++))) {
        fs::remove_all(path_);
        fs::create_directories(path_);
    }
    ~DrmFolder() { fs::remove_all(path_); }
    DrmFolder(const DrmFolder &) = delete;
    DrmFolder & operator=(const DrmFolder &) = delete;

    void write(const std::string & file, const std::string & text) const {
        fs::create_directories((path_ / file).parent_path());
        std::ofstream(path_ / file) << text << '\n';
    }
    std::string path() const { return path_.string(); }

  private:
    static inline int next_ = 0;
    fs::path path_;
};

}  // namespace

INFERNO_TEST(sysfs_gpus_of_amdgpu_tell_memory_utilization_temperature_and_power) {
    const DrmFolder drm;
    drm.write("card1/device/vendor", "0x1002");
    drm.write("card1/device/device", "0x744c");
    drm.write("card1/device/uevent", "DRIVER=amdgpu\nPCI_CLASS=30000\nPCI_SLOT_NAME=0000:03:00.0");
    drm.write("card1/device/mem_info_vram_total", "25753026560");
    drm.write("card1/device/mem_info_vram_used", "1073741824");
    drm.write("card1/device/gpu_busy_percent", "37");
    drm.write("card1/device/hwmon/hwmon3/temp1_input", "54000");
    drm.write("card1/device/hwmon/hwmon3/power1_average", "212000000");
    drm.write("card1/device/hwmon/hwmon3/power1_cap", "327000000");
    const auto gpus = read_sysfs_gpus(drm.path());
    CHECK_EQ(gpus.size(), size_t{1});
    CHECK_EQ(gpus[0].name, std::string("AMD GPU 0x744c"));
    CHECK_EQ(gpus[0].pci_address, std::string("0000:03:00.0"));
    CHECK_EQ(gpus[0].driver, std::string("amdgpu"));
    CHECK_EQ(gpus[0].memory_total_bytes.value_or(0), uint64_t{25753026560});
    CHECK_EQ(gpus[0].memory_used_bytes.value_or(0), uint64_t{1073741824});
    CHECK_EQ(gpus[0].utilization.value_or(-1), 0.37);
    CHECK_EQ(gpus[0].temperature_celsius.value_or(-1), 54.0);
    CHECK_EQ(gpus[0].power_watts.value_or(-1), 212.0);
    CHECK_EQ(gpus[0].power_limit_watts.value_or(-1), 327.0);
}

INFERNO_TEST(sysfs_gpus_newer_cards_have_another_power_file_and_a_product_name) {
    const DrmFolder drm;
    drm.write("card0/device/vendor", "0x1002");
    drm.write("card0/device/product_name", "Radeon RX 9070 XT");
    drm.write("card0/device/hwmon/hwmon0/power1_input", "41500000");
    const auto gpus = read_sysfs_gpus(drm.path());
    CHECK_EQ(gpus.size(), size_t{1});
    CHECK_EQ(gpus[0].name, std::string("Radeon RX 9070 XT"));
    CHECK_EQ(gpus[0].power_watts.value_or(-1), 41.5);
}

INFERNO_TEST(sysfs_gpus_values_that_are_missing_or_broken_are_absent) {
    const DrmFolder drm;
    drm.write("card0/device/vendor", "0x8086");
    drm.write("card0/device/device", "0x56a0");
    drm.write("card0/device/gpu_busy_percent", "N/A");
    const auto gpus = read_sysfs_gpus(drm.path());
    CHECK_EQ(gpus.size(), size_t{1});
    CHECK_EQ(gpus[0].vendor, std::string("intel"));
    CHECK(!gpus[0].utilization.has_value());
    CHECK(!gpus[0].memory_total_bytes.has_value());
    CHECK(!gpus[0].temperature_celsius.has_value());
    CHECK(!gpus[0].power_watts.has_value());
}

INFERNO_TEST(sysfs_gpus_are_cards_in_order_and_no_connectors_render_nodes_or_virtual_displays) {
    const DrmFolder drm;
    for (const char * card : {"card10", "card2", "card2-HDMI-A-1", "renderD128", "cards", "card"}) {
        drm.write(std::string(card) + "/device/vendor", "0x1002");
        drm.write(std::string(card) + "/device/device", card);
    }
    drm.write("card0/device/vendor", "0x1234");
    const auto gpus = read_sysfs_gpus(drm.path());
    CHECK_EQ(gpus.size(), size_t{2});
    CHECK_EQ(gpus[0].name, std::string("AMD GPU card2"));
    CHECK_EQ(gpus[1].name, std::string("AMD GPU card10"));
}

INFERNO_TEST(sysfs_gpus_without_the_folder_are_none) { CHECK(read_sysfs_gpus("/no/such/folder").empty()); }

INFERNO_TEST(pci_addresses_of_nvml_and_of_linux_are_the_same) {
    CHECK_EQ(normal_pci_address("00000000:3B:00.0"), std::string("0000:3b:00.0"));
    CHECK_EQ(normal_pci_address("0000:3b:00.0"), std::string("0000:3b:00.0"));
    CHECK_EQ(normal_pci_address("00010002:0A:00.1"), std::string("0002:0a:00.1"));
    CHECK_EQ(normal_pci_address(""), std::string());
}
