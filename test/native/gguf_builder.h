// Writes GGUF files into memory, right or wrong ones, for the tests of the checker. Single-threaded.
#pragma once

#include <cstddef>
#include <cstdint>
#include <cstring>
#include <functional>
#include <map>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace inferno::test {

// Little-endian bytes.
class Bytes {
  public:
    template <typename T>
    Bytes & number(T value) {
        const auto * begin = reinterpret_cast<const std::byte *>(&value);
        bytes_.insert(bytes_.end(), begin, begin + sizeof value);
        return *this;
    }
    Bytes & text(std::string_view value) {
        number<uint64_t>(value.size());
        const auto * begin = reinterpret_cast<const std::byte *>(value.data());
        bytes_.insert(bytes_.end(), begin, begin + value.size());
        return *this;
    }
    Bytes & append(const Bytes & other) {
        bytes_.insert(bytes_.end(), other.bytes_.begin(), other.bytes_.end());
        return *this;
    }
    void resize(size_t size) { bytes_.resize(size); }
    size_t size() const { return bytes_.size(); }
    std::span<const std::byte> span() const { return bytes_; }

  private:
    std::vector<std::byte> bytes_;
};

struct BuiltTensor {
    std::string name;
    std::vector<uint64_t> dimensions;
    uint32_t type = 0;
    uint64_t size_bytes = 0;
};

// Starts as a valid tiny llama; a test changes one thing and builds.
class GgufBuilder {
  public:
    uint32_t magic = 0x46554747;
    uint32_t version = 3;
    uint64_t alignment = 32;
    // By key: type and value as they are in the file.
    std::map<std::string, Bytes> values;
    std::vector<BuiltTensor> tensors;
    // Appended as they are, behind `values`.
    std::vector<std::pair<std::string, Bytes>> more_values;
    uint64_t extra_key_count = 0;
    uint64_t extra_tensor_count = 0;
    uint64_t offset_error = 0;

    static Bytes uint32(uint32_t value) { return Bytes().number<uint32_t>(4).number(value); }
    static Bytes uint16(uint16_t value) { return Bytes().number<uint32_t>(2).number(value); }
    static Bytes float32(float value) { return Bytes().number<uint32_t>(6).number(value); }
    static Bytes boolean(bool value) { return Bytes().number<uint32_t>(7).number<uint8_t>(value ? 1 : 0); }
    static Bytes text(std::string_view value) { return Bytes().number<uint32_t>(8).text(value); }
    static Bytes texts(const std::vector<std::string> & items) {
        Bytes bytes = array(8, items.size());
        for (const std::string & item : items) bytes.text(item);
        return bytes;
    }
    static Bytes int32s(const std::vector<int32_t> & items) {
        Bytes bytes = array(5, items.size());
        for (const int32_t item : items) bytes.number(item);
        return bytes;
    }
    static Bytes array(uint32_t item_type, uint64_t count) {
        return Bytes().number<uint32_t>(9).number(item_type).number(count);
    }

    static BuiltTensor f32(std::string name, std::vector<uint64_t> dimensions) {
        uint64_t size = sizeof(float);
        for (const uint64_t dimension : dimensions) size *= dimension;
        return {std::move(name), std::move(dimensions), 0, size};
    }

    static GgufBuilder llama() {
        GgufBuilder file;
        file.values = {
            {"general.architecture", text("llama")},
            {"general.name", text("tiny")},
            {"llama.block_count", uint32(1)},
            {"llama.context_length", uint32(64)},
            {"llama.embedding_length", uint32(8)},
            {"llama.feed_forward_length", uint32(16)},
            {"llama.attention.head_count", uint32(2)},
            {"llama.attention.head_count_kv", uint32(1)},
            {"llama.attention.layer_norm_rms_epsilon", float32(1e-5F)},
            {"tokenizer.ggml.model", text("llama")},
            {"tokenizer.ggml.tokens", texts({"<unk>", "<s>", "</s>", "a"})},
            {"tokenizer.ggml.token_type", int32s({2, 3, 3, 1})},
        };
        file.tensors = {
            f32("token_embd.weight", {8, 4}),    f32("blk.0.attn_norm.weight", {8}),
            f32("blk.0.attn_q.weight", {8, 8}),  f32("blk.0.attn_k.weight", {8, 4}),
            f32("blk.0.attn_v.weight", {8, 4}),  f32("blk.0.attn_output.weight", {8, 8}),
            f32("blk.0.ffn_norm.weight", {8}),   f32("blk.0.ffn_gate.weight", {8, 16}),
            f32("blk.0.ffn_up.weight", {8, 16}), f32("blk.0.ffn_down.weight", {16, 8}),
            f32("output_norm.weight", {8}),
        };
        return file;
    }

    BuiltTensor & tensor(std::string_view name) {
        for (BuiltTensor & candidate : tensors) {
            if (candidate.name == name) return candidate;
        }
        return tensors.emplace_back();
    }

    Bytes build() const {
        Bytes out;
        out.number(magic).number(version).number<uint64_t>(tensors.size() + extra_tensor_count);
        out.number<uint64_t>(values.size() + more_values.size() + extra_key_count);
        for (const auto & [key, value] : values) out.text(key).append(value);
        for (const auto & [key, value] : more_values) out.text(key).append(value);
        uint64_t offset = offset_error;
        for (const BuiltTensor & tensor : tensors) {
            out.text(tensor.name).number<uint32_t>(static_cast<uint32_t>(tensor.dimensions.size()));
            for (const uint64_t dimension : tensor.dimensions) out.number(dimension);
            out.number(tensor.type).number(offset);
            offset += (tensor.size_bytes + alignment - 1) / alignment * alignment;
        }
        const uint64_t data = (out.size() + alignment - 1) / alignment * alignment;
        out.resize(data + offset);
        return out;
    }
};

}  // namespace inferno::test
