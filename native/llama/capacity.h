// How large the KV cache is: tokens per sequence and sequences, chosen from the model and the free memory. Pure.
#pragma once

#include <cstdint>

#include "native/core/status.h"

namespace inferno::llama {

struct CapacityRequest {
    int32_t context_size;  // 0: choose
    int32_t parallel;      // 0: choose
    int32_t batch_size;    // 0: choose
};

struct Capacity {
    int32_t context_size;
    int32_t parallel;
    int32_t batch_size;
};

// InvalidArgument when a wish is out of range.
Status check_capacity(const CapacityRequest & request);

// `train_context_size` is what the model was trained for; `available_bytes` 0 means unknown.
// Fails with OutOfMemory when an explicit wish does not fit, InvalidArgument when it is out of range.
Result<Capacity> plan_capacity(const CapacityRequest & request, int32_t train_context_size, uint64_t kv_bytes_per_token,
                               uint64_t available_bytes);

}  // namespace inferno::llama
