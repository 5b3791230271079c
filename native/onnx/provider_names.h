// Names of execution providers: ours ("cuda") and ONNX Runtime's ("CUDAExecutionProvider"). Thread safety: free
// functions.
#pragma once

#include <cctype>
#include <string>
#include <string_view>

namespace inferno::onnx {

inline constexpr std::string_view kProviderSuffix = "ExecutionProvider";

// "CUDAExecutionProvider" → "cuda".
inline std::string provider_short_name(std::string_view name) {
    if (name.ends_with(kProviderSuffix)) name.remove_suffix(kProviderSuffix.size());
    std::string lower(name);
    for (char & c : lower) c = static_cast<char>(std::tolower(static_cast<unsigned char>(c)));
    return lower;
}

}  // namespace inferno::onnx
