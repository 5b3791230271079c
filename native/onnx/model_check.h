// Checks an ONNX file before ONNX Runtime sees it: that it is whole, that its tensors have the bytes that they say they
// have, and that data beside it lies in the model's own folder and is long enough. A hostile file that names
// /etc/passwd or ../secret as its data ends here.
//
// Thread safety: free functions.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <vector>

#include "native/core/status.h"

namespace inferno::onnx {

struct ModelSummary {
    uint64_t ir_version = 0;
    std::string producer;
    // Of tensors outside of the model's file: names relative to its folder, each once.
    std::vector<std::string> data_files;
    // Of the model and its data.
    uint64_t total_bytes = 0;
};

// FileNotFound, FileUnreadable, InvalidModelFile with every fault found (the first ones of many).
Result<ModelSummary> check_model_file(const std::string & path);
// `data_directory` empty: it may have no data outside.
Result<ModelSummary> check_model_bytes(std::span<const std::byte> bytes, const std::string & data_directory);

}  // namespace inferno::onnx
