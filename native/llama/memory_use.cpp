#include "native/llama/memory_use.h"

#include "llama-ext.h"

namespace inferno::llama {

uint64_t context_memory_bytes(const llama_context * context) {
    uint64_t bytes = 0;
    for (const auto & [type, use] : llama_get_memory_breakdown(context)) bytes += use.total();
    return bytes;
}

uint64_t context_own_bytes(const llama_context * context) {
    uint64_t bytes = 0;
    for (const auto & [type, use] : llama_get_memory_breakdown(context)) bytes += use.context + use.compute;
    return bytes;
}

}  // namespace inferno::llama
