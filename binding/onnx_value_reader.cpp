#include "binding/onnx_value_reader.h"

#include <cstring>
#include <string>
#include <vector>

#include "binding/errors.h"

namespace inferno::binding {
namespace {

// Below this a copy costs less than an ArrayBuffer over foreign memory, which needs a finalizer.
constexpr size_t kCopiedBytes = 4096;
constexpr double kAllOutputs = -1;
constexpr double kNotGiven = -1;

// Reads the header from front to back; what does not fit is a bug of the caller.
class HeaderReader {
  public:
    HeaderReader(Napi::Env env, const CallHeader & header) : env_(env), header_(header) {}
    double next() {
        if (at_ >= header_.capacity) throw Napi::RangeError::New(env_, "The call header ends too early.");
        return header_.data[at_++];
    }
    uint32_t index(size_t count) {
        const double value = next();
        if (!(value >= 0 && value < static_cast<double>(count))) {
            throw Napi::RangeError::New(env_, "The call header names an input or output that does not exist.");
        }
        return static_cast<uint32_t>(value);
    }
    onnx::ElementType type(double value) {
        if (!(value >= 1 && value < onnx::kElementTypeCount)) {
            throw Napi::RangeError::New(env_, "The call header names an unknown element type.");
        }
        return static_cast<onnx::ElementType>(static_cast<uint8_t>(value));
    }
    std::vector<int64_t> & dims() {
        const double rank = next();
        if (!(rank >= 0 && rank <= static_cast<double>(header_.capacity))) {
            throw Napi::RangeError::New(env_, "The call header has an impossible rank.");
        }
        dims_.clear();
        for (size_t i = 0; i < static_cast<size_t>(rank); ++i) dims_.push_back(static_cast<int64_t>(next()));
        return dims_;
    }

  private:
    const Napi::Env env_;
    const CallHeader & header_;
    size_t at_ = 0;
    std::vector<int64_t> dims_;
};

Result<onnx::ValuePtr> read_strings(const Napi::Value & value, std::span<const int64_t> dims) {
    if (!value.IsArray()) throw Napi::TypeError::New(value.Env(), "Expected an array of strings.");
    const auto array = value.As<Napi::Array>();
    std::vector<std::string> texts;
    texts.reserve(array.Length());
    for (uint32_t i = 0; i < array.Length(); ++i) {
        const Napi::Value text = array.Get(i);
        if (!text.IsString()) throw Napi::TypeError::New(value.Env(), "Expected an array of strings.");
        texts.push_back(text.As<Napi::String>().Utf8Value());
    }
    return onnx::make_strings(texts, dims);
}

Result<onnx::ValuePtr> read_tensor(const Napi::Value & value, onnx::ElementType type, std::span<const int64_t> dims,
                                   size_t & bytes) {
    if (type == onnx::ElementType::String) return read_strings(value, dims);
    napi_typedarray_type array_type{};
    size_t length = 0;
    void * memory = nullptr;
    if (napi_get_typedarray_info(value.Env(), value, &array_type, &length, &memory, nullptr, nullptr) != napi_ok) {
        throw Napi::TypeError::New(value.Env(), "Expected a typed array.");
    }
    constexpr size_t kElementBytes[] = {1, 1, 1, 2, 2, 4, 4, 4, 8, 8, 8};
    // Newer kinds (Float16Array) have two bytes.
    constexpr size_t kNewerElementBytes = 2;
    const auto kind = static_cast<size_t>(array_type);
    onnx::TensorView view;
    view.type = type;
    view.dims = dims;
    view.data = memory;
    view.bytes = length * (kind < std::size(kElementBytes) ? kElementBytes[kind] : kNewerElementBytes);
    bytes += view.bytes;
    return onnx::make_view(view);
}

struct OwnedOutput {
    onnx::ValuePtr value;
    // Its memory came from an allocator of the session.
    std::shared_ptr<const onnx::Session> session;
};

Napi::Value copied(Napi::Env env, const void * data, size_t bytes) {
    Napi::ArrayBuffer buffer = Napi::ArrayBuffer::New(env, bytes);
    if (bytes > 0) std::memcpy(buffer.Data(), data, bytes);
    return buffer;
}

// An ArrayBuffer over the value's own memory, or a copy where it is small or the host forbids foreign memory
// (Electron).
Napi::Value buffer_over(Napi::Env env, const onnx::TensorContent & content, onnx::ValuePtr value,
                        const std::shared_ptr<const onnx::Session> & session) {
    if (content.bytes <= kCopiedBytes) return copied(env, content.data, content.bytes);
    auto * owner = new OwnedOutput{std::move(value), session};
    napi_value buffer = nullptr;
    const napi_status status = napi_create_external_arraybuffer(
        env, content.data, content.bytes,
        [](napi_env, void *, void * hint) { delete static_cast<OwnedOutput *>(hint); }, owner, &buffer);
    if (status == napi_ok) return {env, buffer};
    const Napi::Value copy = copied(env, content.data, content.bytes);
    delete owner;
    return copy;
}

Napi::Value strings_to_js(Napi::Env env, const OrtValue * value) {
    const auto texts = onnx::tensor_strings(value);
    if (!texts) throw to_error(env, texts.status());
    Napi::Array array = Napi::Array::New(env, texts.value().size());
    for (size_t i = 0; i < texts.value().size(); ++i) array.Set(static_cast<uint32_t>(i), texts.value()[i]);
    return array;
}

}  // namespace

void read_request(Napi::Env env, const CallHeader & header, const Napi::Array & data, const onnx::Session & session,
                  onnx::RunRequest & request, Status & status) {
    HeaderReader reader(env, header);
    uint32_t next_data = 0;
    size_t bytes = 0;
    const double input_count = reader.next();
    for (double i = 0; i < input_count; ++i) {
        const uint32_t index = reader.index(session.inputs().size());
        const onnx::ElementType type = reader.type(reader.next());
        auto value = read_tensor(data.Get(next_data++), type, reader.dims(), bytes);
        if (!value) {
            status = value.status();
            return;
        }
        request.add_input(index, std::move(value).value());
    }
    request.count_input_bytes(bytes);
    const double output_count = reader.next();
    if (output_count == kAllOutputs) {
        for (uint32_t i = 0; i < session.outputs().size(); ++i) request.add_output(i);
        return;
    }
    for (double i = 0; i < output_count; ++i) {
        const uint32_t index = reader.index(session.outputs().size());
        const double type = reader.next();
        if (type == kNotGiven) {
            request.add_output(index);
            continue;
        }
        auto value = read_tensor(data.Get(next_data++), reader.type(type), reader.dims(), bytes);
        if (!value) {
            status = value.status();
            return;
        }
        request.add_output(index, std::move(value).value());
    }
}

Napi::Array write_outputs(Napi::Env env, const CallHeader & header,
                          const std::shared_ptr<const onnx::Session> & session, onnx::RunRequest & request) {
    Napi::Array outputs = Napi::Array::New(env, request.output_count());
    size_t at = 0;
    const auto put = [&](double value) {
        if (at >= header.capacity) throw Napi::RangeError::New(env, "The outputs have too many dimensions.");
        header.data[at++] = value;
    };
    for (size_t i = 0; i < request.output_count(); ++i) {
        const bool is_given = request.is_given(i);
        onnx::ValuePtr value = request.take_output(i);
        const auto content = onnx::tensor_content(value.get());
        if (!content) throw to_error(env, content.status());
        put(static_cast<double>(content.value().type));
        put(static_cast<double>(content.value().dims.size()));
        for (const int64_t dim : content.value().dims) put(static_cast<double>(dim));
        if (is_given) continue;
        const bool is_text = content.value().type == onnx::ElementType::String;
        outputs.Set(static_cast<uint32_t>(i), is_text ? strings_to_js(env, value.get())
                                                      : buffer_over(env, content.value(), std::move(value), session));
    }
    return outputs;
}

}  // namespace inferno::binding
