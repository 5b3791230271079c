#include "binding/onnx_outputs.h"

#include <cstring>
#include <utility>

#include "binding/errors.h"

namespace inferno::binding {
namespace {

// Below this a copy costs less than an ArrayBuffer over foreign memory, which needs a finalizer.
constexpr size_t kCopiedBytes = 4096;

napi_value copied(Napi::Env env, const void * data, size_t bytes) {
    void * memory = nullptr;
    napi_value buffer = nullptr;
    if (napi_create_arraybuffer(env, bytes, &memory, &buffer) != napi_ok) {
        throw to_error(env, Status(ErrorCode::OutOfMemory, "There is no memory for an output of the model."));
    }
    if (bytes > 0) std::memcpy(memory, data, bytes);
    return buffer;
}

class OutputWriter {
  public:
    OutputWriter(Napi::Env env, const CallHeader & header, size_t count)
        : env_(env), header_(header), data_(Napi::Array::New(env, count)) {}

    Napi::Array data() const { return data_; }

    void value(onnx::ValuePtr value, bool is_given) {
        const auto kind = onnx::value_kind(value.get());
        if (!kind) throw to_error(env_, kind.status());
        switch (kind.value()) {
            case onnx::ValueKind::Tensor:
                tensor(std::move(value), is_given);
                return;
            case onnx::ValueKind::Sequence:
            case onnx::ValueKind::Map:
                members(std::move(value), kind.value() == onnx::ValueKind::Map);
                return;
            case onnx::ValueKind::Optional:
                put(kNothing);
                return;
            default:
                throw to_error(env_, Status(ErrorCode::UnsupportedModel, "An output of the model is a sparse tensor."));
        }
    }

  private:
    void put(double number) {
        if (at_ >= header_.capacity) {
            throw Napi::RangeError::New(env_, "The outputs have too many parts for the call header.");
        }
        header_.data[at_++] = number;
    }

    void members(onnx::ValuePtr value, bool is_map) {
        auto parts = onnx::value_members(value.get());
        if (!parts) throw to_error(env_, parts.status());
        put(is_map ? kMap : kSequence);
        put(static_cast<double>(parts.value().size()));
        for (onnx::ValuePtr & part : parts.value()) this->value(std::move(part), false);
    }

    void tensor(onnx::ValuePtr value, bool is_given) {
        if (const Status status = onnx::read_tensor(value.get(), content_); !status) throw to_error(env_, status);
        put(static_cast<double>(content_.type));
        put(static_cast<double>(content_.dims.size()));
        for (const int64_t dim : content_.dims) put(static_cast<double>(dim));
        const uint32_t at = next_++;
        if (is_given) return;
        const bool is_text = content_.type == onnx::ElementType::String;
        napi_set_element(env_, data_, at, is_text ? strings(value.get()) : buffer(std::move(value)));
    }

    napi_value strings(const OrtValue * value) {
        const auto texts = onnx::tensor_strings(value);
        if (!texts) throw to_error(env_, texts.status());
        Napi::Array array = Napi::Array::New(env_, texts.value().size());
        for (size_t i = 0; i < texts.value().size(); ++i) array.Set(static_cast<uint32_t>(i), texts.value()[i]);
        return array;
    }

    // Over the value's own memory, or a copy where it is small or the host forbids foreign memory (Electron). A value
    // keeps the allocator that it came from, so it may outlive its session.
    napi_value buffer(onnx::ValuePtr value) {
        if (content_.bytes <= kCopiedBytes) return copied(env_, content_.data, content_.bytes);
        napi_value buffer = nullptr;
        const napi_status status = napi_create_external_arraybuffer(
            env_, content_.data, content_.bytes,
            [](napi_env, void *, void * hint) { onnx::ReleaseValue()(static_cast<OrtValue *>(hint)); }, value.get(),
            &buffer);
        if (status != napi_ok) return copied(env_, content_.data, content_.bytes);
        value.release();
        return buffer;
    }

    const Napi::Env env_;
    const CallHeader & header_;
    Napi::Array data_;
    size_t at_ = 0;
    uint32_t next_ = 0;
    onnx::TensorContent content_;
};

}  // namespace

Napi::Array write_outputs(Napi::Env env, const CallHeader & header, onnx::RunRequest & request) {
    OutputWriter writer(env, header, request.output_count());
    for (size_t i = 0; i < request.output_count(); ++i) writer.value(request.take_output(i), request.is_given(i));
    return writer.data();
}

}  // namespace inferno::binding
