// What a graph over token sequences wants and gives, found by the names that exporters use: input_ids, attention_mask,
// token_type_ids, position_ids, int64 or int32. And the inputs of one batch.
//
// Thread safety: values; BatchInputs belongs to one thread.
#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "native/core/status.h"
#include "native/onnx/run_request.h"
#include "native/onnx/session.h"

namespace inferno::onnx {

enum class TokenInput : uint8_t { Ids, Mask, Types, Positions };
inline constexpr size_t kTokenInputCount = 4;

struct BatchGraph {
    struct Input {
        uint32_t index = 0;
        ElementType type = ElementType::Int64;
    };
    std::array<std::optional<Input>, kTokenInputCount> inputs;  // by TokenInput; the ids are always there
    uint32_t output = 0;
    // Where the graph fixes them; 0: open.
    int64_t fixed_rows = 0;
    int64_t fixed_length = 0;

    bool has(TokenInput input) const { return inputs[static_cast<size_t>(input)].has_value(); }
};

// `output`: its name; empty: the first of sentence_embedding, pooler-free hidden states, logits, that it has.
// UnsupportedModel for graphs with other inputs or without ids, InvalidArgument for an unknown output.
Result<BatchGraph> read_batch_graph(const Session & session, const std::string & output);

// One sequence of a batch.
struct TokenRow {
    std::span<const int32_t> ids;
    std::span<const int32_t> types;  // empty: zeros
};

// Lays rows out, padded at their end, in memory that is used again for the next batch.
class BatchInputs {
  public:
    // The request gets views of this memory: they are good until the next call.
    Status lay_out(const BatchGraph & graph, std::span<const TokenRow> rows, int64_t pad_id, RunRequest & request);
    // Of the last layout: rows times length.
    int64_t padded_tokens() const { return rows_ * length_; }

  private:
    template <typename Integer>
    void fill(TokenInput input, std::span<const TokenRow> rows, int64_t pad_id, std::vector<Integer> & target) const;

    int64_t rows_ = 0;
    int64_t length_ = 0;
    std::array<std::vector<int64_t>, kTokenInputCount> wide_;
    std::array<std::vector<int32_t>, kTokenInputCount> narrow_;
};

}  // namespace inferno::onnx
