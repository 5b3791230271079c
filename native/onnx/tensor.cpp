#include "native/onnx/tensor.h"

#include <algorithm>

#include "native/onnx/api.h"

namespace inferno::onnx {
namespace {

ONNXTensorElementDataType ort_type(ElementType type) { return static_cast<ONNXTensorElementDataType>(type); }

// Of the host's memory: what views are made in. Never destroyed, as values may be released while the process exits.
const OrtMemoryInfo * host_memory() {
    static const OrtMemoryInfo * const info =
        Ort::MemoryInfo::CreateCpu(OrtDeviceAllocator, OrtMemTypeDefault).release();
    return info;
}

Status check_size(const TensorView & view) {
    const auto needed = tensor_bytes(view.type, view.dims);
    if (!needed) return {ErrorCode::InvalidTensor, "The dimensions of a tensor are negative or too large."};
    if (view.bytes >= *needed) return Status::ok();
    return {ErrorCode::InvalidTensor,
            "A tensor of " + std::to_string(*needed) + " bytes has memory of only " + std::to_string(view.bytes) + "."};
}

}  // namespace

void ReleaseValue::operator()(OrtValue * value) const { Ort::GetApi().ReleaseValue(value); }

Result<ValuePtr> make_view(const TensorView & view) {
    if (Status status = check_size(view); !status) return status;
    OrtValue * value = nullptr;
    // Zero bytes may come without an address, which ONNX Runtime refuses.
    static char nothing[1];
    void * data = view.data != nullptr ? view.data : nothing;
    const Status status = guarded(ErrorCode::InvalidTensor, [&] {
        Ort::ThrowOnError(Ort::GetApi().CreateTensorWithDataAsOrtValue(
            host_memory(), data, view.bytes, view.dims.data(), view.dims.size(), ort_type(view.type), &value));
    });
    if (!status) return status;
    return ValuePtr(value);
}

Result<ValuePtr> make_strings(std::span<const std::string> texts, std::span<const int64_t> dims) {
    if (element_count(dims) != static_cast<int64_t>(texts.size())) {
        return Status(ErrorCode::InvalidTensor,
                      "A tensor of strings has another number of them than its dimensions say.");
    }
    OrtValue * value = nullptr;
    const Status status = guarded(ErrorCode::InvalidTensor, [&] {
        Ort::AllocatorWithDefaultOptions allocator;
        Ort::ThrowOnError(Ort::GetApi().CreateTensorAsOrtValue(allocator, dims.data(), dims.size(),
                                                               ONNX_TENSOR_ELEMENT_DATA_TYPE_STRING, &value));
        // Not FillStringTensor, which ends a text at its first NUL.
        for (size_t i = 0; i < texts.size(); ++i) {
            char * buffer = nullptr;
            Ort::ThrowOnError(Ort::GetApi().GetResizedStringTensorElementBuffer(value, i, texts[i].size(), &buffer));
            std::copy(texts[i].begin(), texts[i].end(), buffer);
        }
    });
    ValuePtr owned(value);
    if (!status) return status;
    return owned;
}

Result<ValuePtr> make_tensor(ElementType type, std::span<const int64_t> dims) {
    if (!tensor_bytes(type, dims)) {
        return Status(ErrorCode::InvalidTensor, "The dimensions of a tensor are negative or too large.");
    }
    OrtValue * value = nullptr;
    const Status status = guarded(ErrorCode::OutOfMemory, [&] {
        Ort::AllocatorWithDefaultOptions allocator;
        Ort::ThrowOnError(
            Ort::GetApi().CreateTensorAsOrtValue(allocator, dims.data(), dims.size(), ort_type(type), &value));
    });
    if (!status) return status;
    return ValuePtr(value);
}

Result<TensorContent> tensor_content(const OrtValue * value) {
    TensorContent content;
    const Status status = guarded(ErrorCode::InvalidTensor, [&] {
        const Ort::ConstValue view{value};
        if (!view.IsTensor()) throw Ort::Exception("The value is not a dense tensor.", ORT_INVALID_ARGUMENT);
        const Ort::TensorTypeAndShapeInfo info = view.GetTensorTypeAndShapeInfo();
        content.type = static_cast<ElementType>(info.GetElementType());
        content.dims = info.GetShape();
        if (content.type == ElementType::String) return;
        content.bytes = tensor_bytes(content.type, content.dims).value_or(0);
        // The API wants a mutable value for its data.
        Ort::ThrowOnError(Ort::GetApi().GetTensorMutableData(const_cast<OrtValue *>(value), &content.data));
    });
    if (!status) return status;
    return content;
}

Result<std::vector<std::string>> tensor_strings(const OrtValue * value) {
    std::vector<std::string> texts;
    const Status status = guarded(ErrorCode::RunFailed, [&] {
        const Ort::ConstValue view{value};
        const size_t count = view.GetTensorTypeAndShapeInfo().GetElementCount();
        texts.reserve(count);
        for (size_t i = 0; i < count; ++i) texts.push_back(view.GetStringTensorElement(i));
    });
    if (!status) return status;
    return texts;
}

}  // namespace inferno::onnx
