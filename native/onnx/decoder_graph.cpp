#include "native/onnx/decoder_graph.h"

#include <algorithm>
#include <map>
#include <string>
#include <string_view>
#include <utility>

namespace inferno::onnx {
namespace {

Status unsupported(std::string what) {
    return {ErrorCode::UnsupportedModel, "The graph is no decoder that can generate text: " + std::move(what) + "."};
}

bool is_integer(ElementType type) { return type == ElementType::Int64 || type == ElementType::Int32; }
bool is_float(ElementType type) {
    return type == ElementType::Float32 || type == ElementType::Float16 || type == ElementType::Bfloat16;
}

// A layer's keys or values, e.g. from "past_key_values.3.value".
struct CacheName {
    int32_t layer = 0;
    bool is_value = false;
    auto operator<=>(const CacheName &) const = default;
};

// `prefix`: "past" or "present". Nothing for other names.
std::optional<CacheName> cache_name(std::string_view name, std::string_view prefix) {
    if (!name.starts_with(prefix)) return std::nullopt;
    name.remove_prefix(prefix.size());
    // Of all layers together, so it says nothing.
    if (name.starts_with("_key_values")) name.remove_prefix(std::string_view("_key_values").size());
    const size_t digit = name.find_first_of("0123456789");
    const bool is_key = name.find("key") != std::string_view::npos;
    const bool is_value = name.find("value") != std::string_view::npos;
    if (digit == std::string_view::npos || is_key == is_value) return std::nullopt;
    CacheName result{0, is_value};
    for (size_t i = digit; i < name.size() && name[i] >= '0' && name[i] <= '9' && result.layer < 100'000; ++i) {
        result.layer = result.layer * 10 + (name[i] - '0');
    }
    return result;
}

class Reader {
  public:
    Reader(std::span<const ValueInfo> inputs, std::span<const ValueInfo> outputs)
        : inputs_(inputs), outputs_(outputs) {}

    Result<DecoderGraph> read() {
        for (uint32_t i = 0; i < inputs_.size(); ++i) {
            if (Status status = take_input(i); !status) return status;
        }
        if (!has_ids_) return unsupported("it has no input named input_ids");
        if (past_.empty()) return unsupported("it has no past_key_values inputs, so it keeps no KV cache");
        for (uint32_t i = 0; i < outputs_.size(); ++i) {
            if (const auto name = cache_name(outputs_[i].name, "present")) present_[*name] = i;
        }
        if (Status status = pair_caches(); !status) return status;
        if (Status status = find_logits(); !status) return status;
        return std::move(graph_);
    }

  private:
    Status take_input(uint32_t index) {
        const ValueInfo & input = inputs_[index];
        if (input.has_default) return Status::ok();
        if (input.kind != ValueKind::Tensor) return unsupported("its input " + input.name + " is no tensor");
        const GraphInput found{index, input.type, input.dims.size()};
        if (input.name.find("encoder") != std::string::npos) {
            return unsupported("its input " + input.name + " comes from an encoder");
        }
        if (const auto name = cache_name(input.name, "past")) {
            past_[*name] = index;
            return Status::ok();
        }
        if (input.name == "input_ids") {
            graph_.input_ids = found;
            has_ids_ = true;
            return require(input, is_integer(input.type) && found.rank == 2, "integers of [batch, sequence]");
        }
        if (input.name == "attention_mask") {
            graph_.attention_mask = found;
            return require(input, is_integer(input.type) && found.rank == 2, "integers of [batch, sequence]");
        }
        if (input.name == "position_ids") {
            graph_.position_ids = found;
            return require(input, is_integer(input.type) && found.rank == 2, "integers of [batch, sequence]");
        }
        if (input.name == "use_cache_branch") {
            graph_.use_cache_branch = found;
            return require(input, input.type == ElementType::Bool && found.rank <= 1, "one boolean");
        }
        if (input.name == "num_logits_to_keep" || input.name == "logits_to_keep") {
            graph_.logits_to_keep = found;
            return require(input, is_integer(input.type) && found.rank <= 1, "one integer");
        }
        return unsupported("nothing is known about its input " + input.name);
    }

    static Status require(const ValueInfo & input, bool holds, const char * expected) {
        if (holds) return Status::ok();
        return unsupported("its input " + input.name + " should be " + expected);
    }

    Status pair_caches() {
        for (const auto & [name, past] : past_) {
            const ValueInfo & input = inputs_[past];
            const auto present = present_.find(name);
            if (present == present_.end()) return unsupported("no present output belongs to its input " + input.name);
            if (input.dims.size() != 4 || input.dims[1] <= 0 || input.dims[3] <= 0) {
                return unsupported("its input " + input.name +
                                   " should be [batch, heads, tokens, head size] with known heads");
            }
            if (!is_float(input.type)) return unsupported("its KV cache is neither float32, float16 nor bfloat16");
            if (graph_.cache_type == ElementType::Undefined) graph_.cache_type = input.type;
            if (input.type != graph_.cache_type || outputs_[present->second].type != graph_.cache_type) {
                return unsupported("its KV cache has several element types");
            }
            graph_.caches.push_back({past, present->second, input.dims[1], input.dims[3]});
        }
        return Status::ok();
    }

    Status find_logits() {
        std::vector<uint32_t> candidates;
        for (uint32_t i = 0; i < outputs_.size(); ++i) {
            const bool is_cache = cache_name(outputs_[i].name, "present").has_value();
            if (outputs_[i].kind != ValueKind::Tensor || !is_float(outputs_[i].type) || is_cache) continue;
            if (outputs_[i].name == "logits") {
                graph_.logits = i;
                return Status::ok();
            }
            candidates.push_back(i);
        }
        if (candidates.size() != 1) return unsupported("it has no output named logits");
        graph_.logits = candidates.front();
        return Status::ok();
    }

    std::span<const ValueInfo> inputs_;
    std::span<const ValueInfo> outputs_;
    DecoderGraph graph_;
    bool has_ids_ = false;
    std::map<CacheName, uint32_t> past_;
    std::map<CacheName, uint32_t> present_;
};

}  // namespace

size_t DecoderGraph::token_bytes() const {
    size_t elements = 0;
    for (const CacheTensor & cache : caches) elements += static_cast<size_t>(cache.heads * cache.head_size);
    return elements * element_bits(cache_type) / 8;
}

Result<DecoderGraph> read_decoder_graph(std::span<const ValueInfo> inputs, std::span<const ValueInfo> outputs) {
    return Reader(inputs, outputs).read();
}

}  // namespace inferno::onnx
