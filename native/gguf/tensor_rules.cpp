#include <array>
#include <map>
#include <optional>

#include "native/gguf/model_rules.h"
#include "native/gguf/tensor_types.h"

namespace inferno::gguf {
namespace {

Status invalid(std::string message) { return {ErrorCode::InvalidModelFile, std::move(message)}; }

std::string shape_text(uint64_t first, uint64_t second) {
    return "[" + std::to_string(first) + (second == 1 ? "" : ", " + std::to_string(second)) + "]";
}

// The numbers that decide the shapes. Of a model of this kind all layers are alike unless a number is given for each.
struct Widths {
    uint64_t embedding = 0;
    uint64_t head = 0;
    uint64_t vocabulary = 0;
    uint32_t layers = 0;
    bool has_experts = false;
    std::vector<uint32_t> heads;
    std::vector<uint32_t> kv_heads;
    std::vector<uint32_t> inner;
};

class TensorShapes {
  public:
    TensorShapes(const Widths & widths, const std::vector<Tensor> & tensors) : widths_(widths) {
        for (const Tensor & tensor : tensors) tensors_.emplace(tensor.name, &tensor);
    }

    Status check() {
        if (Status status = required("token_embd.weight", widths_.embedding, widths_.vocabulary); !status)
            return status;
        if (Status status = optional("output.weight", widths_.embedding, widths_.vocabulary); !status) return status;
        if (Status status = required("output_norm.weight", widths_.embedding, 1); !status) return status;
        for (uint32_t layer = 0; layer < widths_.layers; ++layer) {
            if (Status status = check_layer(layer); !status) return status;
        }
        return Status::ok();
    }

  private:
    Status check_layer(uint32_t layer) const;
    Status required(const std::string & name, uint64_t first, uint64_t second) const {
        if (tensors_.contains(name)) return optional(name, first, second);
        return invalid("The tensor " + name + " is missing; expected one of shape " + shape_text(first, second) + ".");
    }
    Status optional(const std::string & name, uint64_t first, uint64_t second) const;

    const Widths & widths_;
    std::map<std::string_view, const Tensor *> tensors_;
};

Status TensorShapes::optional(const std::string & name, uint64_t first, uint64_t second) const {
    const auto found = tensors_.find(name);
    if (found == tensors_.end()) return Status::ok();
    const auto & dimensions = found->second->dimensions;
    if (dimensions[0] == first && dimensions[1] == second && dimensions[2] == 1 && dimensions[3] == 1)
        return Status::ok();
    return invalid("The tensor " + name + " has the shape " + shape_text(dimensions[0], dimensions[1]) + "; expected " +
                   shape_text(first, second) + " by the metadata.");
}

Status TensorShapes::check_layer(uint32_t layer) const {
    const std::string block = "blk." + std::to_string(layer) + ".";
    const uint64_t width = widths_.embedding;
    const uint64_t query = widths_.head * widths_.heads[layer];
    const uint64_t key = widths_.head * (widths_.kv_heads.empty() ? widths_.heads[layer] : widths_.kv_heads[layer]);
    const uint64_t inner = widths_.inner.empty() ? 0 : widths_.inner[layer];
    struct Shape {
        const char * name;
        uint64_t first;
        uint64_t second;
    };
    const std::array<Shape, 9> attention{{
        {"attn_norm.weight", width, 1},
        {"attn_norm.bias", width, 1},
        {"ffn_norm.weight", width, 1},
        {"ffn_norm.bias", width, 1},
        {"attn_q.bias", query, 1},
        {"attn_k.bias", key, 1},
        {"attn_v.bias", key, 1},
        {"attn_output.weight", query, width},
        {"attn_output.bias", width, 1},
    }};
    for (const Shape & shape : attention) {
        if (Status status = optional(block + shape.name, shape.first, shape.second); !status) return status;
    }
    // One matrix may hold all three.
    const std::array<Shape, 3> projections{
        {{"attn_q.weight", width, query}, {"attn_k.weight", width, key}, {"attn_v.weight", width, key}}};
    const bool is_fused = tensors_.contains(block + "attn_qkv.weight");
    for (const Shape & shape : projections) {
        if (is_fused) break;
        if (Status status = required(block + shape.name, shape.first, shape.second); !status) return status;
    }
    const std::array<Shape, 3> feed_forward{
        {{"ffn_gate.weight", width, inner}, {"ffn_up.weight", width, inner}, {"ffn_down.weight", inner, width}}};
    for (const Shape & shape : feed_forward) {
        if (widths_.has_experts || inner == 0) break;
        if (Status status = optional(block + shape.name, shape.first, shape.second); !status) return status;
    }
    return Status::ok();
}

// Vectors are added to and multiplied with F32 activations, which llama.cpp does with F32 only; matrices may be of any
// type that it can multiply by.
Status check_types(const std::vector<Tensor> & tensors) {
    for (const Tensor & tensor : tensors) {
        const bool is_vector = tensor.name.ends_with("_norm.weight") || tensor.name.ends_with(".bias");
        const TensorType & type = *find_tensor_type(tensor.type);
        if (is_vector && tensor.type != kTensorTypeF32) {
            return invalid("The tensor " + quoted(tensor.name) + " is of type " + std::string(type.name) +
                           "; expected F32.");
        }
        if (!type.is_weight && tensor.name.ends_with(".weight")) {
            return invalid("The tensor " + quoted(tensor.name) + " is of type " + std::string(type.name) +
                           ", which is no type of weights.");
        }
    }
    return Status::ok();
}

}  // namespace

Status check_tensors(const Header & header, ByteSource & source, const std::vector<Tensor> & tensors) {
    const std::string_view architecture = header.text("general.architecture");
    // A file without tensors is a vocabulary.
    if (!is_llama_like(architecture) || tensors.empty()) return Status::ok();
    if (Status status = check_types(tensors); !status) return status;
    const std::string prefix = std::string(architecture) + ".";
    const auto number = [&](const char * name) { return header.uint32(prefix + name); };
    Widths widths;
    for (const char * name : {"block_count", "context_length", "embedding_length"}) {
        if (!number(name)) return invalid("The key " + prefix + name + " is missing; expected a number.");
    }
    widths.layers = *number("block_count");
    widths.embedding = *number("embedding_length");
    widths.vocabulary = vocabulary_size(header);
    widths.has_experts = number("expert_count").value_or(0) > 0;
    struct PerLayer {
        const char * name;
        std::vector<uint32_t> * numbers;
    };
    for (const auto & [name, numbers] :
         {PerLayer{"attention.head_count", &widths.heads}, PerLayer{"attention.head_count_kv", &widths.kv_heads},
          PerLayer{"feed_forward_length", &widths.inner}}) {
        auto read = per_layer_numbers(header, source, prefix + name, widths.layers);
        if (!read) return read.status();
        *numbers = std::move(read).value();
    }
    if (widths.heads.empty())
        return invalid("The key " + prefix + "attention.head_count is missing; expected a number.");
    widths.head = number("attention.key_length").value_or(static_cast<uint32_t>(widths.embedding / widths.heads[0]));
    return TensorShapes(widths, tensors).check();
}

}  // namespace inferno::gguf
