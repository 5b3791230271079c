// The tensors of one run from JS. The numbers of a call (which input, type, dimensions) lie in one Float64Array that
// both sides share, the call header, so that a run costs one call into the addon and no property of a JS object is
// read. Its layout: lib/onnx/call-header.ts.
//
// JS thread only. A reader is used again for every call of its session and allocates only when a call is larger than
// any before.
#pragma once

#include <napi.h>

#include <cstdint>
#include <string>
#include <vector>

#include "native/onnx/feed_check.h"
#include "native/onnx/run_request.h"
#include "native/onnx/session.h"

namespace inferno::binding {

// The shared header; `data` stays valid as long as its session's object.
struct CallHeader {
    double * data = nullptr;
    size_t capacity = 0;
};

// In the place of an element type.
inline constexpr double kRunMakesIt = -1;
inline constexpr double kSequence = -2;
inline constexpr double kMap = -3;
inline constexpr double kNothing = -4;
// In the place of the number of outputs.
inline constexpr double kAllOutputs = -1;

class OnnxCallReader {
  public:
    // Fills `request` from the header and the tensors' data: of the inputs, then of the outputs that are given. Copies
    // nothing but strings. `unknown` are the names of inputs and outputs that the typed layer did not find, or
    // undefined. Throws TypeError or RangeError for what the typed layer would not send; the result says what is wrong
    // with tensors.
    Status read(Napi::Env env, const CallHeader & header, napi_value data, const Napi::Value & unknown,
                const onnx::Session & session, onnx::RunRequest & request);

  private:
    // A tensor of the call, or one of a sequence's. `dims_at` indexes dims_.
    struct Part {
        onnx::FeedShape shape;
        size_t dims_at = 0;
        size_t rank = 0;
        void * memory = nullptr;
        napi_value strings = nullptr;
        bool is_made_by_run = false;
        uint32_t members = 0;  // of a sequence; they follow
    };

    void read_header(const onnx::Session & session);
    void read_part(std::vector<Part> & parts, uint32_t index, double type);
    void read_data(Part & part);
    void connect_dims();
    Status make_values(const onnx::Session & session, onnx::RunRequest & request);
    Result<onnx::ValuePtr> make_value(const std::vector<Part> & parts, size_t & at) const;
    Result<onnx::ValuePtr> make_strings(const Part & part) const;
    double next();
    uint32_t next_index(size_t count);

    // Of the present call.
    napi_env env_ = nullptr;
    const CallHeader * header_ = nullptr;
    napi_value data_ = nullptr;
    size_t at_ = 0;
    uint32_t next_data_ = 0;
    bool wants_all_ = false;

    std::vector<Part> inputs_;
    std::vector<Part> outputs_;
    std::vector<int64_t> dims_;
    std::vector<onnx::FeedShape> input_shapes_;
    std::vector<onnx::FeedShape> output_shapes_;
    size_t input_bytes_ = 0;
};

}  // namespace inferno::binding
