#include "native/onnx/kv_cache.h"

namespace inferno::onnx {

KvShape::KvShape(const DecoderGraph & graph) : token_bytes(graph.token_bytes()) {
    size_t prefix = 0;
    for (const CacheTensor & cache : graph.caches) {
        const auto heads = static_cast<size_t>(cache.heads);
        const size_t head_bytes = static_cast<size_t>(cache.head_size) * element_bits(graph.cache_type) / 8;
        tensors.push_back({prefix, heads, head_bytes});
        prefix += heads * head_bytes;
    }
}

}  // namespace inferno::onnx
