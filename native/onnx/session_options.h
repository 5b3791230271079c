// How a session is made: where it computes and how much of the graph is rewritten. Thread safety: values.
#pragma once

#include <cstdint>
#include <string>
#include <utility>
#include <vector>

#include "native/core/status.h"

namespace Ort {
struct SessionOptions;
}

namespace inferno::onnx {

struct ProviderChoice {
    std::string name;  // "cpu", "cuda", "coreml", …
    std::vector<std::pair<std::string, std::string>> options;
};

enum class Optimization : uint8_t { None, Basic, Extended, All };

struct SessionOptions {
    // In order of preference; what none of them can compute runs on the CPU. Empty: the CPU.
    std::vector<ProviderChoice> providers;
    Optimization optimization = Optimization::All;
    // 0: the pool that all sessions share. Otherwise this session has threads of its own, which spin briefly or not at
    // all as ONNX Runtime decides for such pools.
    int threads = 0;
    // Every other entry that ONNX Runtime knows, e.g. "session.disable_prepacking".
    std::vector<std::pair<std::string, std::string>> config;
    // Sizes for open dimensions, by their name in the graph.
    std::vector<std::pair<std::string, int64_t>> free_dimensions;
};

// ProviderMissing, with the names that this library offers; InvalidArgument for options that a provider refuses.
// REQUIRES: load_runtime() succeeded
Status apply_options(const SessionOptions & options, Ort::SessionOptions & target);

}  // namespace inferno::onnx
