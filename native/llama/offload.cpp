#include "native/llama/offload.h"

#include <algorithm>
#include <exception>
#include <mutex>
#include <utility>

#include "fit.h"
#include "ggml-backend.h"
#include "llama-ext.h"
#include "native/core/available_cores.h"
#include "native/llama/backend.h"
#include "native/llama/handles.h"
#include "native/llama/model.h"

namespace inferno::llama {
namespace {

// What is left free on each device, for the display, other programs, and what the drivers take beside the buffers.
constexpr size_t kMarginBytes = size_t{1} << 30;
// A small device cannot spare that much.
constexpr uint64_t kMarginShare = 8;

bool is_gpu(ggml_backend_dev_t device) {
    const auto type = ggml_backend_dev_type(device);
    return type == GGML_BACKEND_DEVICE_TYPE_GPU || type == GGML_BACKEND_DEVICE_TYPE_IGPU;
}

std::vector<ggml_backend_dev_t> all_gpus() {
    std::vector<ggml_backend_dev_t> gpus;
    for (size_t i = 0; i < ggml_backend_dev_count(); ++i) {
        if (ggml_backend_dev_t device = ggml_backend_dev_get(i); is_gpu(device)) gpus.push_back(device);
    }
    return gpus;
}

struct FreeAndTotal {
    uint64_t free;
    uint64_t total;
};

FreeAndTotal memory_of(ggml_backend_dev_t device) {
    size_t free = 0;
    size_t total = 0;
    ggml_backend_dev_memory(device, &free, &total);
    return {free, total};
}

uint64_t margin_of(ggml_backend_dev_t device) {
    return std::min<uint64_t>(kMarginBytes, memory_of(device).total / kMarginShare);
}

std::vector<ggml_backend_dev_t> gpus_of(const llama_model * model) {
    std::vector<ggml_backend_dev_t> gpus;
    for (int32_t i = 0; i < llama_model_n_devices(model); ++i) {
        if (ggml_backend_dev_t device = llama_model_get_device(model, i); is_gpu(device)) gpus.push_back(device);
    }
    return gpus;
}

uint64_t free_beyond_margins(const std::vector<ggml_backend_dev_t> & devices) {
    uint64_t bytes = 0;
    for (ggml_backend_dev_t device : devices) {
        const uint64_t free = memory_of(device).free;
        bytes += free - std::min(free, margin_of(device));
    }
    return bytes;
}

std::string names_of(const std::vector<ggml_backend_dev_t> & devices) {
    std::string names;
    for (ggml_backend_dev_t device : devices)
        names += (names.empty() ? "" : ", ") + std::string(ggml_backend_dev_name(device));
    return names.empty() ? "none is there" : names;
}

// common/fit keeps its patterns in static memory and replaces llama.cpp's logger meanwhile.
std::mutex & fit_mutex() {
    static std::mutex mutex;
    return mutex;
}

}  // namespace

Result<Offload> Offload::plan(const std::string & model_path, const OffloadOptions & options) {
    Offload offload;
    if (Status status = offload.choose_devices(options.devices); !status) return status;
    if (Status status = offload.check_placement(options); !status) return status;
    offload.gpu_layers_ = options.gpu_layers;
    if (options.main_gpu >= 0) {
        offload.split_mode_ = LLAMA_SPLIT_MODE_NONE;
        offload.main_gpu_ = options.main_gpu;
    }
    if (!options.tensor_split.empty()) {
        offload.tensor_split_ = options.tensor_split;
        offload.tensor_split_.resize(llama_max_devices(), 0.0f);
    }
    const bool uses_gpus = offload.devices_.empty() ? !all_gpus().empty() : offload.devices_.front() != nullptr;
    if (uses_gpus && options.gpu_layers == OffloadOptions::kAuto) offload.fit(model_path, options);
    return offload;
}

Status Offload::choose_devices(const std::vector<std::string> & names) {
    if (names.empty()) return Status::ok();
    const bool none = names.size() == 1 && names.front() == "none";
    for (const std::string & name : names) {
        if (none) break;
        ggml_backend_dev_t device = ggml_backend_dev_by_name(name.c_str());
        if (device == nullptr || !is_gpu(device)) {
            return {ErrorCode::InvalidArgument,
                    "There is no GPU \"" + name + "\" for devices; the GPUs are: " + names_of(all_gpus()) + "."};
        }
        if (std::find(devices_.begin(), devices_.end(), device) != devices_.end()) {
            return {ErrorCode::InvalidArgument, "The GPU \"" + name + "\" is named twice in devices."};
        }
        devices_.push_back(device);
    }
    devices_.push_back(nullptr);
    return Status::ok();
}

Status Offload::check_placement(const OffloadOptions & options) const {
    // Without GPUs both say nothing, so that one configuration fits machines with and without.
    const size_t count = devices_.empty() ? all_gpus().size() : devices_.size() - 1;
    if (count == 0) return Status::ok();
    if (options.main_gpu >= static_cast<int32_t>(count)) {
        return {ErrorCode::InvalidArgument, "Expected 0 to " + std::to_string(count - 1) +
                                                " for mainGpu but received " + std::to_string(options.main_gpu) + "."};
    }
    if (options.tensor_split.size() > count) {
        return {ErrorCode::InvalidArgument, "tensorSplit has " + std::to_string(options.tensor_split.size()) +
                                                " shares for " + std::to_string(count) + " GPUs."};
    }
    return Status::ok();
}

void Offload::apply(llama_model_params & params) const {
    params.n_gpu_layers = gpu_layers_;
    params.split_mode = split_mode_;
    params.main_gpu = main_gpu_;
    // llama.cpp only reads what these point to.
    if (!devices_.empty()) params.devices = const_cast<ggml_backend_dev_t *>(devices_.data());
    if (!tensor_split_.empty()) params.tensor_split = tensor_split_.data();
    if (!overrides_.empty()) params.tensor_buft_overrides = overrides_.data();
}

llama_model_params Offload::measuring_params() const {
    llama_model_params params = llama_model_default_params();
    apply(params);
    params.no_alloc = true;
    params.load_mode = LLAMA_LOAD_MODE_NONE;
    return params;
}

void Offload::fit(const std::string & model_path, const OffloadOptions & options) {
    const std::lock_guard lock(fit_mutex());
    try {
        const ModelHandle model(llama_model_load_from_file(model_path.c_str(), measuring_params()));
        if (model) fit_layers(model_path, options, gpus_of(model.get()), planned_context(model.get(), options));
    } catch (const std::exception &) {
        // The loading that follows meets the same fault and reports it.
    }
    take_last_log_error();
}

llama_context_params Offload::planned_context(const llama_model * model, const OffloadOptions & options) {
    const ModelDescription description = describe_model(model);
    const uint64_t room = free_beyond_margins(gpus_of(model));
    // With less room than the weights need, layers will stay in host memory, and the KV cache of those with them.
    if (room > description.size_bytes) planned_kv_room_ = room - description.size_bytes;
    const uint64_t bytes_per_token = kv_bytes_per_token(model, description, options.cache_type);
    auto capacity = plan_capacity(options.capacity, description.train_context_size, bytes_per_token,
                                  planned_kv_room_ > 0 ? planned_kv_room_ : available_memory_bytes());
    if (!capacity) {
        // The wished context is larger than the devices: layers, and their part of it, stay in host memory.
        planned_kv_room_ = 0;
        capacity = plan_capacity(options.capacity, description.train_context_size, bytes_per_token, 0);
    }
    llama_context_params context = llama_context_default_params();
    if (!capacity) return context;  // out of range, which the engine says
    const auto parallel = static_cast<uint32_t>(capacity.value().parallel);
    context.n_ctx = static_cast<uint32_t>(capacity.value().context_size) * parallel;
    context.n_batch = static_cast<uint32_t>(capacity.value().batch_size);
    context.n_ubatch = context.n_batch;
    context.type_k = options.cache_type;
    context.type_v = options.cache_type;
    context.n_seq_max = parallel;
    context.kv_unified = false;
    return context;
}

void Offload::fit_layers(const std::string & model_path, const OffloadOptions & options,
                         const std::vector<ggml_backend_dev_t> & gpus, llama_context_params context) {
    llama_model_params params = llama_model_default_params();
    apply(params);
    std::vector<float> split(llama_max_devices(), 0.0f);
    std::vector<llama_model_tensor_buft_override> overrides(llama_max_tensor_buft_overrides(), {nullptr, nullptr});
    std::vector<size_t> margins(llama_max_devices(), kMarginBytes);
    for (size_t i = 0; i < gpus.size() && i < margins.size(); ++i) margins[i] = margin_of(gpus[i]);
    llama_model_params draft_params = llama_model_default_params();
    draft_params.devices = params.devices;
    llama_context_params draft_context = context;
    const common_fit_extra_model draft{options.draft_path.c_str(), &draft_params, &draft_context, false};
    const auto status =
        common_fit_params(model_path.c_str(), &params, &context, split.data(), overrides.data(), margins.data(),
                          context.n_ctx, options.draft_path.empty() ? nullptr : &draft, GGML_LOG_LEVEL_ERROR);
    if (status == COMMON_PARAMS_FIT_STATUS_SUCCESS) {
        gpu_layers_ = params.n_gpu_layers;
        if (params.tensor_split == split.data()) tensor_split_ = std::move(split);
        if (overrides.front().pattern != nullptr) overrides_ = std::move(overrides);
    } else if (status == COMMON_PARAMS_FIT_STATUS_FAILURE && options.tensor_split.empty()) {
        gpu_layers_ = 0;
    }
}

int32_t Offload::offloaded_layers(const llama_model * model, int32_t layer_count) const {
    if (gpus_of(model).empty()) return 0;
    // The output counts as a layer, as in llama.cpp's own report.
    const int32_t total = layer_count + 1;
    return gpu_layers_ < 0 ? total : std::min(gpu_layers_, total);
}

uint64_t Offload::kv_room_bytes(const llama_model * model, int32_t layer_count) const {
    if (layer_count == 0 || offloaded_layers(model, layer_count) <= layer_count) return available_memory_bytes();
    const uint64_t now = free_beyond_margins(gpus_of(model));
    // A little may have been freed since; a context larger than the planned one would not fit beside its buffers.
    return planned_kv_room_ == 0 ? now : std::min(now, planned_kv_room_);
}

}  // namespace inferno::llama
