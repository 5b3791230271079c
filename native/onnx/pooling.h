// From what a transformer says about every token of a row to what the row is: pooling, a cut to fewer dimensions
// (matryoshka), a length of one. Thread safety: free function.
#pragma once

#include <cstddef>
#include <cstdint>
#include <vector>

#include "native/core/status.h"
#include "native/onnx/tensor.h"

namespace inferno::onnx {

enum class Pooling : uint8_t {
    Mean,  // of the row's own tokens, not of what it was padded with
    Cls,   // the first token
    Last,  // the row's last own token
    None,  // what the graph gives: one vector a row, or one for each of its tokens
};

struct PoolingOptions {
    Pooling pooling = Pooling::Mean;
    // Scaled to a Euclidean length of 1, after the cut.
    bool normalize = false;
    // Only the first ones; 0: all.
    int32_t dimensions = 0;
};

// Appends row `row` of an output [rows, tokens, width], [rows, width] or [rows] (float32, float16, bfloat16, float64;
// rows are padded at their end). `tokens` are the row's own. UnsupportedModel for other outputs, InvalidArgument when
// it has fewer dimensions than asked for.
Status pool_row(const TensorContent & output, size_t row, size_t tokens, const PoolingOptions & options,
                std::vector<float> & values);

// IEEE binary16 and the upper half of a binary32.
float float16_to_float(uint16_t bits);
float bfloat16_to_float(uint16_t bits);

}  // namespace inferno::onnx
