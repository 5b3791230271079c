#include "native/onnx/pooling.h"

#include <algorithm>
#include <bit>
#include <cmath>
#include <string>

namespace inferno::onnx {
namespace {

struct Float16 {
    uint16_t bits;
};
struct Bfloat16 {
    uint16_t bits;
};

float to_float(float value) { return value; }
float to_float(double value) { return static_cast<float>(value); }
float to_float(Float16 value) { return float16_to_float(value.bits); }
float to_float(Bfloat16 value) { return bfloat16_to_float(value.bits); }

// How the numbers of one row lie: `tokens` vectors of `width`.
struct Layout {
    size_t rows = 0;
    size_t tokens = 1;
    size_t width = 1;
    bool has_tokens = false;
};

Result<Layout> layout_of(const TensorContent & output) {
    const std::vector<int64_t> & dims = output.dims;
    constexpr size_t kMostDims = 3;
    if (dims.empty() || dims.size() > kMostDims) {
        return Status(ErrorCode::UnsupportedModel,
                      "The output has " + std::to_string(dims.size()) +
                          " dimensions; a batch needs rows, or rows of tokens, of numbers.");
    }
    Layout layout;
    layout.rows = static_cast<size_t>(dims[0]);
    layout.has_tokens = dims.size() == kMostDims;
    if (layout.has_tokens) layout.tokens = static_cast<size_t>(dims[1]);
    if (dims.size() > 1) layout.width = static_cast<size_t>(dims.back());
    return layout;
}

template <typename Element>
void append_vectors(const Element * from, size_t count, size_t stride, size_t width, std::vector<float> & values) {
    for (size_t i = 0; i < count; ++i) {
        for (size_t d = 0; d < width; ++d) values.push_back(to_float(from[i * stride + d]));
    }
}

template <typename Element>
void append_mean(const Element * from, size_t count, size_t stride, size_t width, std::vector<float> & values) {
    const size_t begin = values.size();
    values.resize(begin + width, 0.0F);
    float * sums = values.data() + begin;
    for (size_t i = 0; i < count; ++i) {
        for (size_t d = 0; d < width; ++d) sums[d] += to_float(from[i * stride + d]);
    }
    const float scale = count > 0 ? 1.0F / static_cast<float>(count) : 0.0F;
    for (size_t d = 0; d < width; ++d) sums[d] *= scale;
}

template <typename Element>
void append_row(const void * data, const Layout & layout, size_t row, size_t tokens, const PoolingOptions & options,
                size_t width, std::vector<float> & values) {
    const Element * from = static_cast<const Element *>(data) + row * layout.tokens * layout.width;
    const size_t own = std::min(tokens, layout.tokens);
    if (!layout.has_tokens) {
        append_vectors(from, 1, layout.width, width, values);
        return;
    }
    switch (options.pooling) {
        case Pooling::Mean:
            append_mean(from, own, layout.width, width, values);
            return;
        case Pooling::Cls:
            append_vectors(from, 1, layout.width, width, values);
            return;
        case Pooling::Last:
            append_vectors(from + (own > 0 ? own - 1 : 0) * layout.width, 1, layout.width, width, values);
            return;
        case Pooling::None:
            append_vectors(from, own, layout.width, width, values);
            return;
    }
}

// A vector of zeros stays one.
void scale_to_one(float * vector, size_t width) {
    double sum = 0.0;
    for (size_t d = 0; d < width; ++d) sum += static_cast<double>(vector[d]) * vector[d];
    if (sum <= 0.0) return;
    const auto scale = static_cast<float>(1.0 / std::sqrt(sum));
    for (size_t d = 0; d < width; ++d) vector[d] *= scale;
}

}  // namespace

float float16_to_float(uint16_t bits) {
    const uint32_t sign = static_cast<uint32_t>(bits & 0x8000U) << 16U;
    const uint32_t exponent = (bits >> 10U) & 0x1FU;
    const uint32_t mantissa = bits & 0x3FFU;
    constexpr uint32_t kInfiniteExponent = 0x1F;
    if (exponent == 0) {
        // Subnormal: mantissa · 2^-24, which a binary32 holds exactly.
        const float magnitude = std::ldexp(static_cast<float>(mantissa), -24);
        return sign != 0 ? -magnitude : magnitude;
    }
    if (exponent == kInfiniteExponent) return std::bit_cast<float>(sign | 0x7F800000U | (mantissa << 13U));
    return std::bit_cast<float>(sign | ((exponent + 112U) << 23U) | (mantissa << 13U));
}

float bfloat16_to_float(uint16_t bits) { return std::bit_cast<float>(static_cast<uint32_t>(bits) << 16U); }

Status pool_row(const TensorContent & output, size_t row, size_t tokens, const PoolingOptions & options,
                std::vector<float> & values) {
    const auto layout = layout_of(output);
    if (!layout) return layout.status();
    if (row >= layout.value().rows) {
        return {ErrorCode::UnsupportedModel, "The output has fewer rows than the batch."};
    }
    size_t width = layout.value().width;
    if (options.dimensions > 0) {
        const auto wanted = static_cast<size_t>(options.dimensions);
        if (wanted > width) {
            return {ErrorCode::InvalidArgument,
                    "The model gives " + std::to_string(width) + " dimensions, not " + std::to_string(wanted) + "."};
        }
        width = wanted;
    }
    const size_t begin = values.size();
    switch (output.type) {
        case ElementType::Float32:
            append_row<float>(output.data, layout.value(), row, tokens, options, width, values);
            break;
        case ElementType::Float16:
            append_row<Float16>(output.data, layout.value(), row, tokens, options, width, values);
            break;
        case ElementType::Bfloat16:
            append_row<Bfloat16>(output.data, layout.value(), row, tokens, options, width, values);
            break;
        case ElementType::Float64:
            append_row<double>(output.data, layout.value(), row, tokens, options, width, values);
            break;
        default:
            return {ErrorCode::UnsupportedModel, "The output is of " + std::string(element_type_name(output.type)) +
                                                     "; a batch needs floating point numbers."};
    }
    if (!options.normalize || width == 0) return Status::ok();
    for (size_t at = begin; at < values.size(); at += width) scale_to_one(values.data() + at, width);
    return Status::ok();
}

}  // namespace inferno::onnx
