// Owners of llama.cpp's objects. Everything else holds borrowed pointers whose owner it names.
#pragma once

#include <memory>

#include "llama.h"

namespace inferno::llama {

struct ModelDeleter {
    void operator()(llama_model * model) const { llama_model_free(model); }
};
struct ContextDeleter {
    void operator()(llama_context * context) const { llama_free(context); }
};
struct SamplerDeleter {
    void operator()(llama_sampler * sampler) const { llama_sampler_free(sampler); }
};

using ModelHandle = std::unique_ptr<llama_model, ModelDeleter>;
// Must be destroyed before the model it was made from.
using ContextHandle = std::unique_ptr<llama_context, ContextDeleter>;
using SamplerHandle = std::unique_ptr<llama_sampler, SamplerDeleter>;

}  // namespace inferno::llama
