// llama.cpp's quantizer. Thread safety: one call at a time per process is enough; calls block for as long as they take.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "native/core/status.h"

namespace inferno::llama {

// Accepted names, e.g. "Q4_K_M", "F16".
std::vector<std::string_view> quantization_types();

// Writes `input` to `output` (through a temporary file beside it) with its weights converted to `type`.
// `threads` <= 0: all cores.
Status quantize_model(const std::string & input, const std::string & output, std::string_view type, int threads);

}  // namespace inferno::llama
