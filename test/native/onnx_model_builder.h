// Bytes of tiny ONNX models, by hand: protocol buffers are tags, lengths and numbers. Field numbers are those of
// onnx.proto. The TypeScript fixtures have a real writer; these tests run without Node.
#pragma once

#include <cstdint>
#include <cstring>
#include <span>
#include <string>
#include <utility>
#include <vector>

#include "native/onnx/element_type.h"

namespace inferno::test {

class Proto {
  public:
    Proto & number(uint32_t field, uint64_t value) {
        varint(field << 3U);
        varint(value);
        return *this;
    }
    Proto & bytes(uint32_t field, const std::string & value) {
        varint((field << 3U) | 2U);
        varint(value.size());
        bytes_ += value;
        return *this;
    }
    Proto & message(uint32_t field, const Proto & value) { return bytes(field, value.bytes_); }
    const std::string & text() const { return bytes_; }

  private:
    void varint(uint64_t value) {
        while (value > 0x7F) {
            bytes_.push_back(static_cast<char>((value & 0x7FU) | 0x80U));
            value >>= 7U;
        }
        bytes_.push_back(static_cast<char>(value));
    }
    std::string bytes_;
};

// A dimension: a number, or a name.
struct Dim {
    Dim(int64_t value) : value(value) {}
    Dim(const char * name) : name(name) {}
    int64_t value = 0;
    std::string name;
};

inline Proto value_info(const std::string & name, onnx::ElementType type, const std::vector<Dim> & dims) {
    Proto shape;
    for (const Dim & dim : dims) {
        Proto one;
        if (dim.name.empty()) {
            one.number(1, static_cast<uint64_t>(dim.value));
        } else {
            one.bytes(2, dim.name);
        }
        shape.message(1, one);
    }
    Proto tensor;
    tensor.number(1, static_cast<uint64_t>(type)).message(2, shape);
    return Proto().bytes(1, name).message(2, Proto().message(1, tensor));
}

inline Proto float_tensor(const std::string & name, const std::vector<int64_t> & dims,
                          const std::vector<float> & values) {
    Proto tensor;
    for (const int64_t dim : dims) tensor.number(1, static_cast<uint64_t>(dim));
    std::string raw(values.size() * sizeof(float), '\0');
    std::memcpy(raw.data(), values.data(), raw.size());
    return tensor.number(2, 1).bytes(8, name).bytes(9, raw);
}

// A tensor whose bytes lie in another file.
inline Proto external_tensor(const std::string & name, const std::vector<int64_t> & dims,
                             const std::string & location) {
    Proto tensor;
    for (const int64_t dim : dims) tensor.number(1, static_cast<uint64_t>(dim));
    const Proto entry = Proto().bytes(1, "location").bytes(2, location);
    return tensor.number(2, 1).bytes(8, name).message(13, entry).number(14, 1);
}

inline Proto node(const std::string & op, const std::vector<std::string> & inputs,
                  const std::vector<std::string> & outputs,
                  const std::vector<std::pair<std::string, int64_t>> & attributes = {}) {
    Proto node;
    for (const std::string & input : inputs) node.bytes(1, input);
    for (const std::string & output : outputs) node.bytes(2, output);
    node.bytes(3, op + outputs.front()).bytes(4, op);
    constexpr uint64_t kIntAttribute = 2;
    for (const auto & [name, value] : attributes) {
        node.message(5, Proto().bytes(1, name).number(3, static_cast<uint64_t>(value)).number(20, kIntAttribute));
    }
    return node;
}

struct GraphParts {
    std::vector<Proto> nodes;
    std::vector<Proto> initializers;
    std::vector<Proto> inputs;
    std::vector<Proto> outputs;
};

inline std::string model_bytes(const GraphParts & parts) {
    Proto graph;
    for (const Proto & node : parts.nodes) graph.message(1, node);
    graph.bytes(2, "test");
    for (const Proto & tensor : parts.initializers) graph.message(5, tensor);
    for (const Proto & input : parts.inputs) graph.message(11, input);
    for (const Proto & output : parts.outputs) graph.message(12, output);
    return Proto()
        .number(1, 9)
        .bytes(2, "inferno tests")
        .message(7, graph)
        .message(8, Proto().bytes(1, "").number(2, 17))
        .text();
}

inline std::span<const std::byte> as_bytes(const std::string & text) {
    return {reinterpret_cast<const std::byte *>(text.data()), text.size()};
}

// sum = a + b, float32[n].
inline std::string add_model() {
    using onnx::ElementType;
    GraphParts parts;
    parts.nodes = {node("Add", {"a", "b"}, {"sum"})};
    parts.inputs = {value_info("a", ElementType::Float32, {"n"}), value_info("b", ElementType::Float32, {"n"})};
    parts.outputs = {value_info("sum", ElementType::Float32, {"n"})};
    return model_bytes(parts);
}

// An encoder of a table: last_hidden_state[row, token] is the table's line of that token, two numbers wide. Tokens
// beyond the table's `lines` make the run fail.
inline std::string table_model(int64_t lines) {
    using onnx::ElementType;
    std::vector<float> table;
    for (int64_t i = 0; i < lines; ++i) {
        table.push_back(static_cast<float>(i));
        table.push_back(static_cast<float>(-i));
    }
    GraphParts parts;
    parts.nodes = {node("Gather", {"table", "input_ids"}, {"last_hidden_state"})};
    parts.initializers = {float_tensor("table", {lines, 2}, table)};
    parts.inputs = {value_info("input_ids", ElementType::Int64, {"batch", "length"})};
    parts.outputs = {value_info("last_hidden_state", ElementType::Float32, {"batch", "length", 2})};
    return model_bytes(parts);
}

// y = x multiplied by itself `rounds` times, float32[size, size]: takes a while, and can be stopped between the rounds.
inline std::string slow_model(int64_t size, int rounds) {
    using onnx::ElementType;
    GraphParts parts;
    std::string last = "x";
    for (int i = 0; i < rounds; ++i) {
        const std::string next = i + 1 == rounds ? "y" : "x" + std::to_string(i);
        parts.nodes.push_back(node("MatMul", {last, "x"}, {next}));
        last = next;
    }
    parts.inputs = {value_info("x", ElementType::Float32, {size, size})};
    parts.outputs = {value_info("y", ElementType::Float32, {size, size})};
    return model_bytes(parts);
}

}  // namespace inferno::test
