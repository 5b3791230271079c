// Reads a GGUF file from anywhere, without llama.cpp, and refuses what llama.cpp would abort on, allocate absurdly for
// or read out of bounds. A file that passes can still make llama.cpp fail; whoever must be sure loads it in a process
// of its own first (native/llama/probe_main.cpp). Thread safety: pure functions on the file.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <string>

#include "native/core/status.h"

namespace inferno::gguf {

struct GgufSummary {
    uint32_t version = 0;
    std::string architecture;
    std::string name;
    uint64_t tensor_count = 0;
    uint64_t metadata_count = 0;
    // Of all parts of a split model, like the counts of tensors and parameters.
    uint64_t file_size_bytes = 0;
    uint64_t parameter_count = 0;
    // 0 when the file does not say.
    uint64_t context_length = 0;
    uint64_t vocabulary_size = 0;
};

// `path` is UTF-8. Of a model in several files (NAME-00001-of-00003.gguf) it names the first; the others are checked
// too. Fails with FileNotFound, FileUnreadable, InvalidModelFile, UnsupportedModel or OutOfMemory.
Result<GgufSummary> check_gguf(const std::string & path);

// The same for a file in memory, which cannot be one of several.
Result<GgufSummary> check_gguf_bytes(std::span<const std::byte> bytes);

}  // namespace inferno::gguf
