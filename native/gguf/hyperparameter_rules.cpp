#include <algorithm>
#include <array>
#include <cmath>
#include <optional>

#include "native/gguf/model_rules.h"

namespace inferno::gguf {
namespace {

// llama.cpp's LLAMA_MAX_LAYERS and LLAMA_MAX_EXPERTS, which it asserts.
constexpr uint32_t kMaxLayers = 512;
constexpr uint32_t kMaxExperts = 1024;
// Beyond any model; numbers above would be used to size buffers before a tensor contradicts them.
constexpr uint32_t kMaxWidth = 1 << 20;
constexpr uint32_t kMaxContextLength = 1 << 30;
constexpr uint32_t kMaxVocabulary = 1 << 24;
constexpr uint32_t kMaxPoolingType = 4;

// Their graphs assert that keys, values and rotary dimensions have the same width, and that query heads are a multiple
// of key heads. More architectures do; these are the ones whose sources were read for it.
constexpr std::array<std::string_view, 12> kLlamaLike{"llama",     "llama-embed", "qwen2",    "qwen2moe",
                                                      "qwen3",     "qwen3moe",    "mistral3", "granite",
                                                      "internlm2", "smollm3",     "olmo2",    "starcoder2"};

Status invalid(std::string message) { return {ErrorCode::InvalidModelFile, std::move(message)}; }

// The keys of one architecture.
class Hyperparameters {
  public:
    Hyperparameters(const Header & header, ByteSource & source)
        : header_(header), source_(source), prefix_(std::string(header.text("general.architecture")) + ".") {}

    Status check() {
        const std::array<Status (Hyperparameters::*)() const, 6> rules{
            &Hyperparameters::check_types,   &Hyperparameters::check_sizes,   &Hyperparameters::check_experts,
            &Hyperparameters::check_choices, &Hyperparameters::check_epsilon, &Hyperparameters::check_attention};
        for (const auto rule : rules) {
            if (Status status = (this->*rule)(); !status) return status;
        }
        return Status::ok();
    }

  private:
    Status check_types() const;
    Status check_sizes() const;
    Status check_range(const char * name, uint32_t least, uint32_t most) const;
    Status check_experts() const;
    Status check_choices() const;
    Status check_epsilon() const;
    Status check_attention() const;
    Status check_heads(uint32_t layers, std::vector<uint32_t> & heads, std::vector<uint32_t> & kv_heads) const;

    std::string key(const char * name) const { return prefix_ + name; }
    std::optional<uint32_t> number(const char * name) const { return header_.uint32(key(name)); }
    Status unexpected(const char * name, uint32_t value, const std::string & expected) const {
        return invalid(key(name) + " is " + std::to_string(value) + "; expected " + expected + ".");
    }

    const Header & header_;
    ByteSource & source_;
    std::string prefix_;
};

Status Hyperparameters::check_types() const {
    struct Expected {
        const char * name;
        ValueType type;
    };
    static constexpr std::array<Expected, 14> kTypes{{
        {"block_count", ValueType::Uint32},
        {"context_length", ValueType::Uint32},
        {"embedding_length", ValueType::Uint32},
        {"vocab_size", ValueType::Uint32},
        {"expert_count", ValueType::Uint32},
        {"nextn_predict_layers", ValueType::Uint32},
        {"pooling_type", ValueType::Uint32},
        {"rope.dimension_count", ValueType::Uint32},
        {"attention.key_length", ValueType::Uint32},
        {"attention.value_length", ValueType::Uint32},
        {"attention.causal", ValueType::Bool},
        {"attention.layer_norm_epsilon", ValueType::Float32},
        {"attention.layer_norm_rms_epsilon", ValueType::Float32},
        {"rope.scaling.type", ValueType::String},
    }};
    for (const auto & [name, type] : kTypes) {
        const Value * value = header_.find(key(name));
        // Some architectures have one of these per layer.
        if (value == nullptr || value->type == type || value->type == ValueType::Array) continue;
        return invalid(key(name) + " is of type " + std::string(value_type_name(value->type)) + "; expected " +
                       std::string(value_type_name(type)) + ".");
    }
    return Status::ok();
}

Status Hyperparameters::check_range(const char * name, uint32_t least, uint32_t most) const {
    const std::optional<uint32_t> value = number(name);
    if (!value || (*value >= least && *value <= most)) return Status::ok();
    return unexpected(name, *value, std::to_string(least) + " to " + std::to_string(most));
}

Status Hyperparameters::check_sizes() const {
    struct Range {
        const char * name;
        uint32_t least;
        uint32_t most;
    };
    static constexpr std::array<Range, 8> kRanges{{
        {"block_count", 1, kMaxLayers},
        {"context_length", 1, kMaxContextLength},
        {"embedding_length", 1, kMaxWidth},
        {"feed_forward_length", 0, kMaxWidth},
        {"vocab_size", 0, kMaxVocabulary},
        {"attention.key_length", 0, kMaxWidth},
        {"attention.value_length", 0, kMaxWidth},
        {"rope.dimension_count", 0, kMaxWidth},
    }};
    for (const auto & [name, least, most] : kRanges) {
        if (Status status = check_range(name, least, most); !status) return status;
    }
    const uint32_t layers = number("block_count").value_or(0);
    return check_range("nextn_predict_layers", 0, layers);
}

Status Hyperparameters::check_experts() const {
    // These turn a single expert into none before anything is asserted.
    if (prefix_.starts_with("hunyuan")) return Status::ok();
    const uint32_t experts = number("expert_count").value_or(0);
    if (experts > kMaxExperts) return unexpected("expert_count", experts, "at most " + std::to_string(kMaxExperts));
    const uint32_t layers = number("block_count").value_or(1);
    auto used = per_layer_numbers(header_, source_, key("expert_used_count"), layers);
    if (!used) return used.status();
    uint32_t most_used = 0;
    for (const uint32_t value : used.value()) most_used = std::max(most_used, value);
    const bool is_sound = experts == 0 ? most_used == 0 : most_used > 0 && most_used <= experts;
    if (!is_sound) {
        return unexpected("expert_used_count", most_used,
                          experts == 0 ? "0 without experts" : "1 to the expert_count of " + std::to_string(experts));
    }
    const uint32_t groups = number("expert_group_count").value_or(0);
    if (groups > 0 && (groups >= experts || experts % groups != 0)) {
        return unexpected("expert_group_count", groups, "a divisor of the expert_count of " + std::to_string(experts));
    }
    const uint32_t groups_used = number("expert_group_used_count").value_or(0);
    if (groups > 1 && (groups_used == 0 || groups_used >= groups)) {
        return unexpected("expert_group_used_count", groups_used, "1 to " + std::to_string(groups - 1));
    }
    return Status::ok();
}

Status Hyperparameters::check_choices() const {
    const std::string_view scaling = header_.text(key("rope.scaling.type"));
    static constexpr std::array<std::string_view, 4> kScalings{"none", "linear", "yarn", "longrope"};
    // An array gives no text, and llama.cpp refuses it by itself.
    const bool is_given = header_.find(key("rope.scaling.type")) != nullptr;
    if (is_given && std::find(kScalings.begin(), kScalings.end(), scaling) == kScalings.end()) {
        return invalid(key("rope.scaling.type") + " is " + quoted(scaling) +
                       "; expected none, linear, yarn or longrope.");
    }
    return check_range("pooling_type", 0, kMaxPoolingType);
}

Status Hyperparameters::check_epsilon() const {
    for (const char * name :
         {"attention.layer_norm_epsilon", "attention.layer_norm_rms_epsilon", "attention.group_norm_epsilon"}) {
        const std::optional<float> value = header_.float32(key(name));
        // Written so that NaN fails.
        if (!value || (*value >= 0.0F && *value <= 1.0F)) continue;
        return invalid(key(name) + " is " + std::to_string(*value) + "; expected 0 to 1.");
    }
    return Status::ok();
}

Status Hyperparameters::check_heads(uint32_t layers, std::vector<uint32_t> & heads,
                                    std::vector<uint32_t> & kv_heads) const {
    auto read_heads = per_layer_numbers(header_, source_, key("attention.head_count"), layers);
    if (!read_heads) return read_heads.status();
    auto read_kv_heads = per_layer_numbers(header_, source_, key("attention.head_count_kv"), layers);
    if (!read_kv_heads) return read_kv_heads.status();
    heads = std::move(read_heads).value();
    kv_heads = std::move(read_kv_heads).value();
    for (const uint32_t value : heads) {
        if (value > kMaxWidth) return unexpected("attention.head_count", value, "at most " + std::to_string(kMaxWidth));
    }
    for (const uint32_t value : kv_heads) {
        if (value > kMaxWidth)
            return unexpected("attention.head_count_kv", value, "at most " + std::to_string(kMaxWidth));
    }
    return Status::ok();
}

Status Hyperparameters::check_attention() const {
    const uint32_t layers = number("block_count").value_or(1);
    std::vector<uint32_t> heads;
    std::vector<uint32_t> kv_heads;
    if (Status status = check_heads(layers, heads, kv_heads); !status) return status;
    if (!is_llama_like(header_.text("general.architecture")) || heads.empty()) return Status::ok();
    for (size_t i = 0; i < heads.size(); ++i) {
        const uint32_t kv = kv_heads.empty() ? heads[i] : kv_heads[i];
        if (heads[i] == 0) return unexpected("attention.head_count", 0, "1 or more");
        if (kv == 0 || heads[i] % kv != 0) {
            return unexpected("attention.head_count_kv", kv,
                              "a divisor of the head_count of " + std::to_string(heads[i]));
        }
    }
    const uint32_t width = number("embedding_length").value_or(0);
    const uint32_t head_width = number("attention.key_length").value_or(width / heads[0]);
    const uint32_t value_width = number("attention.value_length").value_or(width / heads[0]);
    const uint32_t rotary = number("rope.dimension_count").value_or(head_width);
    if (head_width == 0 || head_width % 2 != 0) {
        return invalid("The heads have " + std::to_string(head_width) + " dimensions by " +
                       key("attention.head_count") + " and " + key("embedding_length") + "; expected an even number.");
    }
    if (value_width != head_width) {
        return unexpected("attention.value_length", value_width, "the key_length of " + std::to_string(head_width));
    }
    if (rotary != head_width) {
        return unexpected("rope.dimension_count", rotary, "the head size of " + std::to_string(head_width));
    }
    return Status::ok();
}

}  // namespace

bool is_llama_like(std::string_view architecture) {
    return std::find(kLlamaLike.begin(), kLlamaLike.end(), architecture) != kLlamaLike.end();
}

Result<std::vector<uint32_t>> per_layer_numbers(const Header & header, ByteSource & source, const std::string & key,
                                                uint32_t layers) {
    const Value * value = header.find(key);
    if (value == nullptr) return std::vector<uint32_t>();
    if (value->type == ValueType::Uint32) {
        return std::vector<uint32_t>(layers, static_cast<uint32_t>(value->bits));
    }
    const bool is_list = value->type == ValueType::Array;
    const ValueType type = is_list ? value->item_type : value->type;
    const bool is_number =
        is_list && (type == ValueType::Uint32 || type == ValueType::Int32 || type == ValueType::Bool);
    if (!is_number) {
        return invalid(key + " is of type " + std::string(value_type_name(type)) +
                       "; expected uint32 or an array of it.");
    }
    if (value->count != layers) {
        return invalid(key + " has " + std::to_string(value->count) + " numbers; expected one for each of " +
                       std::to_string(layers) + " layers.");
    }
    std::vector<uint32_t> numbers;
    for (const int64_t number : read_integers(source, *value)) numbers.push_back(static_cast<uint32_t>(number));
    return numbers;
}

Status check_hyperparameters(const Header & header, ByteSource & source) {
    const Value * architecture = header.find("general.architecture");
    if (architecture == nullptr)
        return invalid("The key general.architecture is missing; it must name the model's kind.");
    if (architecture->type != ValueType::String || architecture->text.empty()) {
        return invalid("The key general.architecture is of type " + std::string(value_type_name(architecture->type)) +
                       "; expected a string that is not empty.");
    }
    if (architecture->text == "clip") {
        return {
            ErrorCode::UnsupportedModel,
            "The file holds an image or audio encoder (general.architecture is \"clip\"); expected a language model."};
    }
    return Hyperparameters(header, source).check();
}

}  // namespace inferno::gguf
