// libFuzzer target of the GGUF checker: no bytes may make it read out of bounds, overflow, throw or take long.
//   clang++ -std=c++20 -g -O1 -fsanitize=fuzzer,address,undefined -fno-sanitize-recover=all -I. \
//     test/fuzz/gguf_check_fuzz.cpp native/gguf/*.cpp -o gguf_check_fuzz
//   ./gguf_check_fuzz -max_total_time=60 -dict=test/fuzz/gguf_check.dict CORPUS
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <span>

#include "native/gguf/gguf_check.h"

extern "C" int LLVMFuzzerTestOneInput(const uint8_t * data, size_t size) {
    const auto result = inferno::gguf::check_gguf_bytes(std::as_bytes(std::span(data, size)));
    // A refusal without a sentence helps nobody, and Internal means that something threw.
    if (!result && (result.status().message().empty() || result.status().code() == inferno::ErrorCode::Internal)) {
        std::abort();
    }
    return 0;
}
