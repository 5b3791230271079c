#include "native/llama/backend.h"

#include <mutex>
#include <utility>

#include "ggml-backend.h"
#include "llama.h"
#include "log.h"
#include "native/core/available_cores.h"
#include "native/core/code_file.h"

namespace inferno::llama {
namespace {

thread_local std::string last_error_line;

void keep_error_lines(ggml_log_level level, const char * text, void * /*user_data*/) {
    if (level != GGML_LOG_LEVEL_ERROR || text == nullptr) return;
    last_error_line = text;
    while (!last_error_line.empty() && last_error_line.back() == '\n') last_error_line.pop_back();
}

const char * device_kind(enum ggml_backend_dev_type type) {
    switch (type) {
        case GGML_BACKEND_DEVICE_TYPE_CPU:
            return "cpu";
        case GGML_BACKEND_DEVICE_TYPE_GPU:
            return "gpu";
        case GGML_BACKEND_DEVICE_TYPE_IGPU:
            return "igpu";
        default:
            return "accel";
    }
}

}  // namespace

Status initialize_backend(const std::string & library_directory, const std::vector<std::string> & more_directories) {
    static std::mutex mutex;
    static bool loaded = false;
    const std::lock_guard lock(mutex);
    if (loaded) return Status::ok();
    llama_log_set(keep_error_lines, nullptr);
    common_log_set_verbosity_thold(-1);
    ggml_backend_load_all_from_path(library_directory.c_str());
    for (const std::string & directory : more_directories) ggml_backend_load_all_from_path(directory.c_str());
    if (ggml_backend_dev_by_type(GGML_BACKEND_DEVICE_TYPE_CPU) == nullptr) {
        return {ErrorCode::BackendMissing, "No CPU backend library of llama.cpp could be loaded beside the addon."};
    }
    llama_backend_init();
    loaded = true;
    return Status::ok();
}

std::vector<Device> computing_devices() {
    std::vector<Device> devices;
    for (size_t i = 0; i < ggml_backend_dev_count(); ++i) {
        ggml_backend_dev_t device = ggml_backend_dev_get(i);
        ggml_backend_dev_props props;
        ggml_backend_dev_get_props(device, &props);
        devices.push_back({props.name, props.description, device_kind(props.type),
                           ggml_backend_reg_name(ggml_backend_dev_backend_reg(device)),
                           props.device_id == nullptr ? "" : props.device_id, props.memory_free, props.memory_total});
    }
    return devices;
}

SystemInfo system_info() {
    SystemInfo info;
    info.llama_version = llama_version();
    info.features = llama_print_system_info();
    info.available_cores = available_cores();
    info.devices = computing_devices();
    if (ggml_backend_dev_t cpu = ggml_backend_dev_by_type(GGML_BACKEND_DEVICE_TYPE_CPU)) {
        ggml_backend_reg_t backend = ggml_backend_dev_backend_reg(cpu);
        info.cpu_backend = ggml_backend_reg_name(backend);
        info.cpu_library = file_of_code(ggml_backend_reg_get_proc_address(backend, "ggml_backend_set_n_threads"));
    }
    for (size_t i = 0; i < ggml_backend_reg_count(); ++i) {
        info.backends.emplace_back(ggml_backend_reg_name(ggml_backend_reg_get(i)));
    }
    return info;
}

std::string take_last_log_error() { return std::exchange(last_error_line, {}); }

}  // namespace inferno::llama
