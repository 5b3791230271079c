#include "binding/onnx_call.h"

#include <iterator>

namespace inferno::binding {
namespace {

// By napi_typedarray_type; newer kinds (Float16Array) have two bytes.
constexpr size_t kElementBytes[] = {1, 1, 1, 2, 2, 4, 4, 4, 8, 8, 8};
constexpr size_t kNewerElementBytes = 2;

std::vector<std::string> read_names(const Napi::Value & value) {
    std::vector<std::string> names;
    if (!value.IsArray()) return names;
    const auto array = value.As<Napi::Array>();
    for (uint32_t i = 0; i < array.Length(); ++i) names.push_back(array.Get(i).ToString().Utf8Value());
    return names;
}

}  // namespace

double OnnxCallReader::next() {
    if (at_ >= header_->capacity) throw Napi::RangeError::New(env_, "The call header ends too early.");
    return header_->data[at_++];
}

uint32_t OnnxCallReader::next_index(size_t count) {
    const double value = next();
    if (!(value >= 0 && value < static_cast<double>(count))) {
        throw Napi::RangeError::New(env_, "The call header names an input or output that does not exist.");
    }
    return static_cast<uint32_t>(value);
}

Status OnnxCallReader::read(Napi::Env env, const CallHeader & header, napi_value data, const Napi::Value & unknown,
                            const onnx::Session & session, onnx::RunRequest & request) {
    env_ = env;
    header_ = &header;
    data_ = data;
    at_ = 0;
    next_data_ = 0;
    inputs_.clear();
    outputs_.clear();
    dims_.clear();
    input_bytes_ = 0;
    read_header(session);
    connect_dims();
    onnx::Feeds feeds;
    feeds.inputs = input_shapes_;
    feeds.outputs = output_shapes_;
    if (unknown.IsUndefined()) {
        if (Status status = onnx::check_feeds(session, feeds); !status) return status;
        return make_values(session, request);
    }
    const auto object = unknown.As<Napi::Object>();
    const std::vector<std::string> inputs = read_names(object.Get("inputs"));
    const std::vector<std::string> outputs = read_names(object.Get("outputs"));
    feeds.unknown_inputs = inputs;
    feeds.unknown_outputs = outputs;
    return onnx::check_feeds(session, feeds);
}

void OnnxCallReader::read_header(const onnx::Session & session) {
    const double input_count = next();
    for (double i = 0; i < input_count; ++i) {
        const uint32_t index = next_index(session.inputs().size());
        read_part(inputs_, index, next());
    }
    const double output_count = next();
    wants_all_ = output_count == kAllOutputs;
    for (double i = 0; i < output_count; ++i) {
        const uint32_t index = next_index(session.outputs().size());
        const double type = next();
        if (type == kRunMakesIt) {
            Part part;
            part.shape.index = index;
            part.is_made_by_run = true;
            outputs_.push_back(part);
        } else {
            read_part(outputs_, index, type);
        }
    }
}

void OnnxCallReader::read_part(std::vector<Part> & parts, uint32_t index, double type) {
    Part part;
    part.shape.index = index;
    if (type == kSequence) {
        part.shape.kind = onnx::ValueKind::Sequence;
        part.members = static_cast<uint32_t>(next_index(header_->capacity));
        parts.push_back(part);
        for (uint32_t i = 0; i < part.members; ++i) read_part(parts, index, next());
        return;
    }
    if (!(type >= 1 && type < onnx::kElementTypeCount)) {
        throw Napi::RangeError::New(env_, "The call header names an unknown element type.");
    }
    part.shape.type = static_cast<onnx::ElementType>(static_cast<uint8_t>(type));
    part.rank = next_index(header_->capacity);
    part.dims_at = dims_.size();
    for (size_t i = 0; i < part.rank; ++i) dims_.push_back(static_cast<int64_t>(next()));
    read_data(part);
    parts.push_back(part);
}

void OnnxCallReader::read_data(Part & part) {
    napi_value value = nullptr;
    if (napi_get_element(env_, data_, next_data_++, &value) != napi_ok) {
        throw Napi::TypeError::New(env_, "Expected an array of the tensors' data.");
    }
    if (part.shape.type == onnx::ElementType::String) {
        uint32_t length = 0;
        if (napi_get_array_length(env_, value, &length) != napi_ok) {
            throw Napi::TypeError::New(env_, "Expected an array of strings.");
        }
        part.strings = value;
        part.shape.bytes = length;
        return;
    }
    napi_typedarray_type type{};
    size_t length = 0;
    if (napi_get_typedarray_info(env_, value, &type, &length, &part.memory, nullptr, nullptr) != napi_ok) {
        throw Napi::TypeError::New(env_, "Expected a typed array.");
    }
    const auto kind = static_cast<size_t>(type);
    part.shape.bytes = length * (kind < std::size(kElementBytes) ? kElementBytes[kind] : kNewerElementBytes);
    input_bytes_ += part.shape.bytes;
}

// The dimensions of all tensors lie in one vector, which has found its place only when all are read.
void OnnxCallReader::connect_dims() {
    const auto connect = [this](std::vector<Part> & parts, std::vector<onnx::FeedShape> & shapes) {
        shapes.clear();
        size_t members = 0;
        for (Part & part : parts) {
            part.shape.dims = {dims_.data() + part.dims_at, part.rank};
            // ONNX Runtime checks what is in a sequence.
            const bool is_member = members > 0;
            if (is_member) --members;
            members += part.members;
            if (!is_member && !part.is_made_by_run) shapes.push_back(part.shape);
        }
    };
    connect(inputs_, input_shapes_);
    connect(outputs_, output_shapes_);
}

Status OnnxCallReader::make_values(const onnx::Session & session, onnx::RunRequest & request) {
    for (size_t at = 0; at < inputs_.size();) {
        const uint32_t index = inputs_[at].shape.index;
        auto value = make_value(inputs_, at);
        if (!value) return value.status();
        request.add_input(index, std::move(value).value());
    }
    request.count_input_bytes(input_bytes_);
    if (wants_all_) {
        for (uint32_t i = 0; i < session.outputs().size(); ++i) request.add_output(i);
    }
    for (size_t at = 0; at < outputs_.size();) {
        const uint32_t index = outputs_[at].shape.index;
        if (outputs_[at].is_made_by_run) {
            request.add_output(index);
            ++at;
            continue;
        }
        auto value = make_value(outputs_, at);
        if (!value) return value.status();
        request.add_output(index, std::move(value).value());
    }
    return Status::ok();
}

Result<onnx::ValuePtr> OnnxCallReader::make_value(const std::vector<Part> & parts, size_t & at) const {
    const Part & part = parts[at++];
    if (part.shape.kind == onnx::ValueKind::Sequence) {
        std::vector<onnx::ValuePtr> members;
        for (uint32_t i = 0; i < part.members; ++i) {
            auto member = make_value(parts, at);
            if (!member) return member.status();
            members.push_back(std::move(member).value());
        }
        return onnx::make_sequence(members);
    }
    if (part.shape.type == onnx::ElementType::String) return make_strings(part);
    return onnx::make_view({part.shape.type, part.shape.dims, part.memory, part.shape.bytes});
}

Result<onnx::ValuePtr> OnnxCallReader::make_strings(const Part & part) const {
    const Napi::Array array(env_, part.strings);
    std::vector<std::string> texts;
    texts.reserve(part.shape.bytes);
    for (uint32_t i = 0; i < part.shape.bytes; ++i) {
        const Napi::Value text = array.Get(i);
        if (!text.IsString()) throw Napi::TypeError::New(env_, "Expected an array of strings.");
        texts.push_back(text.As<Napi::String>().Utf8Value());
    }
    return onnx::make_strings(texts, part.shape.dims);
}

}  // namespace inferno::binding
