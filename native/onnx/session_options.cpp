#include "native/onnx/session_options.h"

#include <algorithm>
#include <memory>
#include <unordered_map>

#include "native/onnx/api.h"
#include "native/onnx/provider_names.h"
#include "native/onnx/runtime.h"

namespace inferno::onnx {
namespace {

using Entries = std::unordered_map<std::string, std::string>;

std::string join(const std::vector<std::string> & names) {
    std::string text;
    for (const std::string & name : names) text += (text.empty() ? "" : ", ") + name;
    return text;
}

struct KeysAndValues {
    explicit KeysAndValues(const Entries & entries) {
        for (const auto & [key, value] : entries) {
            keys.push_back(key.c_str());
            values.push_back(value.c_str());
        }
    }
    std::vector<const char *> keys;
    std::vector<const char *> values;
};

void append_cuda(const Entries & entries, Ort::SessionOptions & target) {
    const OrtApi & api = Ort::GetApi();
    const KeysAndValues list(entries);
    OrtCUDAProviderOptionsV2 * options = nullptr;
    Ort::ThrowOnError(api.CreateCUDAProviderOptions(&options));
    const std::unique_ptr<OrtCUDAProviderOptionsV2, decltype(api.ReleaseCUDAProviderOptions)> owner(
        options, api.ReleaseCUDAProviderOptions);
    Ort::ThrowOnError(api.UpdateCUDAProviderOptions(options, list.keys.data(), list.values.data(), list.keys.size()));
    target.AppendExecutionProvider_CUDA_V2(*options);
}

void append_tensorrt(const Entries & entries, Ort::SessionOptions & target) {
    const OrtApi & api = Ort::GetApi();
    const KeysAndValues list(entries);
    OrtTensorRTProviderOptionsV2 * options = nullptr;
    Ort::ThrowOnError(api.CreateTensorRTProviderOptions(&options));
    const std::unique_ptr<OrtTensorRTProviderOptionsV2, decltype(api.ReleaseTensorRTProviderOptions)> owner(
        options, api.ReleaseTensorRTProviderOptions);
    Ort::ThrowOnError(
        api.UpdateTensorRTProviderOptions(options, list.keys.data(), list.values.data(), list.keys.size()));
    target.AppendExecutionProvider_TensorRT_V2(*options);
}

// What the API without a function of its own for a provider calls it.
std::string generic_name(const std::string & name) {
    static const std::unordered_map<std::string, std::string> names = {
        {"xnnpack", "XNNPACK"},
        {"qnn", "QNN"},
        {"webgpu", "WebGPU"},
        {"coreml", "CoreML"},
        {"dml", "DML"},
        {"webnn", "WEBNN"},
        {"azure", "AZURE"},
        {"vitisai", "VitisAI"},
        {"snpe", "SNPE"},
        {"js", "JS"},
        {"nvtensorrtrtx", "NvTensorRtRtx"},
    };
    const auto found = names.find(name);
    return found != names.end() ? found->second : name;
}

void append(const std::string & name, const Entries & entries, Ort::SessionOptions & target) {
    if (name == "cuda") {
        append_cuda(entries, target);
    } else if (name == "tensorrt") {
        append_tensorrt(entries, target);
    } else if (name == "openvino") {
        target.AppendExecutionProvider_OpenVINO_V2(entries);
    } else {
        target.AppendExecutionProvider(generic_name(name), entries);
    }
}

Status append_provider(const ProviderChoice & choice, Ort::SessionOptions & target) {
    if (choice.name == "cpu") return Status::ok();  // always there, and always last
    const std::vector<std::string> available = available_providers();
    if (std::find(available.begin(), available.end(), choice.name) == available.end()) {
        return {ErrorCode::ProviderMissing, "This build of ONNX Runtime has no execution provider " + choice.name +
                                                ". It has: " + join(available) + "."};
    }
    const Entries entries(choice.options.begin(), choice.options.end());
    const Status status = guarded(ErrorCode::ProviderMissing, [&] { append(choice.name, entries, target); });
    if (status) return status;
    return {ErrorCode::ProviderMissing, "The execution provider " + choice.name +
                                            " cannot be used here. The library was built with " + join(available) +
                                            "; cpu always works. ONNX Runtime says: " + status.message()};
}

}  // namespace

Status apply_options(const SessionOptions & options, Ort::SessionOptions & target) {
    const Status basics = guarded(ErrorCode::InvalidArgument, [&] {
        constexpr GraphOptimizationLevel kLevels[] = {ORT_DISABLE_ALL, ORT_ENABLE_BASIC, ORT_ENABLE_EXTENDED,
                                                      ORT_ENABLE_ALL};
        target.SetGraphOptimizationLevel(kLevels[static_cast<size_t>(options.optimization)]);
        target.SetLogSeverityLevel(ORT_LOGGING_LEVEL_FATAL);
        // Plans of memory are kept for every combination of shapes that ever came, without end where lengths vary.
        target.DisableMemPattern();
        if (options.threads > 0) {
            target.SetIntraOpNumThreads(options.threads);
            target.AddConfigEntry("session.intra_op.allow_spinning", "0");
        } else {
            target.DisablePerSessionThreads();
            // Small pieces of work: a thread that has lost its core to others holds up little (compute_account.h).
            target.AddConfigEntry("session.dynamic_block_base", "4");
        }
        for (const auto & [key, value] : options.config) target.AddConfigEntry(key.c_str(), value.c_str());
        for (const auto & [name, size] : options.free_dimensions) {
            Ort::ThrowOnError(Ort::GetApi().AddFreeDimensionOverrideByName(target, name.c_str(), size));
        }
    });
    if (!basics) return basics;
    for (const ProviderChoice & choice : options.providers) {
        if (Status status = append_provider(choice, target); !status) return status;
    }
    return Status::ok();
}

}  // namespace inferno::onnx
