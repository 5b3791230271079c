// The values of one run: what goes in, where it comes out. Can be used again for the next run without allocating.
//
// Thread safety: none; it belongs to whoever prepares it, then to the thread that runs it.
#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "native/core/status.h"
#include "native/onnx/session.h"
#include "native/onnx/tensor.h"

namespace inferno::onnx {

class RunRequest {
  public:
    RunRequest() = default;
    ~RunRequest() { clear(); }
    RunRequest(RunRequest && other) noexcept;
    RunRequest & operator=(RunRequest && other) noexcept;

    void clear();
    void add_input(uint32_t index, ValuePtr value);
    // The run makes the value.
    void add_output(uint32_t index);
    // The run writes into this value.
    void add_output(uint32_t index, ValuePtr value);

    // Once; afterwards the outputs can be taken. Nothing is left in them after a failure.
    Status execute(const Session & session, const OrtRunOptions * options);

    size_t output_count() const { return outputs_.size(); }
    uint32_t output_index(size_t position) const { return output_indices_[position]; }
    // Whether the caller gave the value that was written.
    bool is_given(size_t position) const { return is_given_[position]; }
    const OrtValue * output(size_t position) const { return outputs_[position]; }
    // Null for what cannot be taken twice.
    ValuePtr take_output(size_t position);
    // Of all inputs that are not strings: a measure of how much a run will do.
    size_t input_bytes() const { return input_bytes_; }
    void count_input_bytes(size_t bytes) { input_bytes_ += bytes; }

  private:
    std::vector<uint32_t> input_indices_;
    std::vector<OrtValue *> inputs_;  // owned
    std::vector<uint32_t> output_indices_;
    std::vector<OrtValue *> outputs_;  // owned
    std::vector<bool> is_given_;
    size_t input_bytes_ = 0;
};

}  // namespace inferno::onnx
