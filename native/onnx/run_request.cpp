#include "native/onnx/run_request.h"

#include <utility>

namespace inferno::onnx {
namespace {

void release(std::vector<OrtValue *> & values) {
    for (OrtValue * value : values) {
        if (value != nullptr) ReleaseValue()(value);
    }
    values.clear();
}

}  // namespace

RunRequest::RunRequest(RunRequest && other) noexcept { *this = std::move(other); }

RunRequest & RunRequest::operator=(RunRequest && other) noexcept {
    // Swapped, so that whoever was moved from keeps room for its next run.
    std::swap(input_indices_, other.input_indices_);
    std::swap(inputs_, other.inputs_);
    std::swap(output_indices_, other.output_indices_);
    std::swap(outputs_, other.outputs_);
    std::swap(is_given_, other.is_given_);
    std::swap(input_bytes_, other.input_bytes_);
    return *this;
}

void RunRequest::clear() {
    release(inputs_);
    release(outputs_);
    input_indices_.clear();
    output_indices_.clear();
    is_given_.clear();
    input_bytes_ = 0;
}

void RunRequest::add_input(uint32_t index, ValuePtr value) {
    input_indices_.push_back(index);
    inputs_.push_back(value.release());
}

void RunRequest::add_output(uint32_t index) { add_output(index, nullptr); }

void RunRequest::add_output(uint32_t index, ValuePtr value) {
    output_indices_.push_back(index);
    is_given_.push_back(value != nullptr);
    outputs_.push_back(value.release());
}

Status RunRequest::execute(const Session & session, const OrtRunOptions * options) {
    RunArguments arguments;
    arguments.input_indices = input_indices_;
    arguments.inputs = inputs_;
    arguments.output_indices = output_indices_;
    arguments.outputs = outputs_;
    arguments.options = options;
    const Status status = session.run(arguments);
    // The inputs' memory may go now.
    release(inputs_);
    if (!status) release(outputs_);
    return status;
}

ValuePtr RunRequest::take_output(size_t position) { return ValuePtr(std::exchange(outputs_[position], nullptr)); }

}  // namespace inferno::onnx
