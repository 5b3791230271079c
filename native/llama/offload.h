// Which devices hold which layers of a model. Given by the caller, or planned from the memory that is free now:
// weights, KV cache and compute buffers are measured by llama.cpp without allocating them (its common/fit). Thread
// safety: plan() may be called from any thread; an Offload is constant afterwards.
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "llama.h"
#include "native/core/status.h"
#include "native/llama/capacity.h"

namespace inferno::llama {

struct OffloadOptions {
    static constexpr int32_t kAuto = -1;  // as many layers as fit
    static constexpr int32_t kAll = -2;   // all, or the loading fails
    int32_t gpu_layers = kAuto;
    std::vector<std::string> devices;      // names as system_info() tells them, or "none"; empty: every GPU
    std::vector<float> tensor_split;       // shares of the devices in their order; empty: by free memory
    int32_t main_gpu = -1;                 // place of the one device that holds everything; -1: layers are split
    CapacityRequest capacity{0, 0, 0};     // of the context that the model gets
    ggml_type cache_type = GGML_TYPE_F16;  // of its keys and values
    std::string draft_path;                // a model that needs room on the same devices; empty: none
};

class Offload {
  public:
    // Fails with InvalidArgument when there is no such device, or more shares than devices. A file that cannot be
    // measured is left to the loading, which says why.
    static Result<Offload> plan(const std::string & model_path, const OffloadOptions & options);

    Offload() = default;
    Offload(Offload &&) = default;
    Offload & operator=(Offload &&) = default;

    // The pointers in `params` stay valid as long as this object.
    void apply(llama_model_params & params) const;

    // Of `layer_count` layers and the output, how many lie on a GPU.
    int32_t offloaded_layers(const llama_model * model, int32_t layer_count) const;

    // What a KV cache may take: on the devices when they hold all layers, and in the host's memory otherwise. 0:
    // unknown.
    uint64_t kv_room_bytes(const llama_model * model, int32_t layer_count) const;

  private:
    Status choose_devices(const std::vector<std::string> & names);
    Status check_placement(const OffloadOptions & options) const;
    void fit(const std::string & model_path, const OffloadOptions & options);
    llama_context_params planned_context(const llama_model * model, const OffloadOptions & options);
    void fit_layers(const std::string & model_path, const OffloadOptions & options,
                    const std::vector<ggml_backend_dev_t> & gpus, llama_context_params context);
    llama_model_params measuring_params() const;

    std::vector<ggml_backend_dev_t> devices_;  // ends with null when devices were named; empty: llama.cpp's choice
    std::vector<float> tensor_split_;          // llama_max_devices() values, or none
    // Parts of layers that stay in host memory, ended by one without a pattern; or none.
    std::vector<llama_model_tensor_buft_override> overrides_;
    llama_split_mode split_mode_ = LLAMA_SPLIT_MODE_LAYER;
    int32_t main_gpu_ = 0;
    int32_t gpu_layers_ = OffloadOptions::kAuto;
    uint64_t planned_kv_room_ = 0;  // 0: not planned
};

}  // namespace inferno::llama
