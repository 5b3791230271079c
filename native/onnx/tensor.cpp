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

Result<ValuePtr> make_sequence(std::span<const ValuePtr> members) {
    std::vector<const OrtValue *> values;
    for (const ValuePtr & member : members) values.push_back(member.get());
    OrtValue * sequence = nullptr;
    const Status status = guarded(ErrorCode::InvalidTensor, [&] {
        Ort::ThrowOnError(Ort::GetApi().CreateValue(values.data(), values.size(), ONNX_TYPE_SEQUENCE, &sequence));
    });
    if (!status) return status;
    return ValuePtr(sequence);
}

Result<ValueKind> value_kind(const OrtValue * value) {
    ValueKind kind = ValueKind::Unknown;
    const Status status = guarded(ErrorCode::RunFailed, [&] {
        int has_value = 0;
        Ort::ThrowOnError(Ort::GetApi().HasValue(value, &has_value));
        ONNXType type = ONNX_TYPE_UNKNOWN;
        if (has_value != 0) Ort::ThrowOnError(Ort::GetApi().GetValueType(value, &type));
        kind = has_value == 0                   ? ValueKind::Optional
               : type == ONNX_TYPE_TENSOR       ? ValueKind::Tensor
               : type == ONNX_TYPE_SEQUENCE     ? ValueKind::Sequence
               : type == ONNX_TYPE_MAP          ? ValueKind::Map
               : type == ONNX_TYPE_SPARSETENSOR ? ValueKind::SparseTensor
                                                : ValueKind::Unknown;
    });
    if (!status) return status;
    return kind;
}

Result<std::vector<ValuePtr>> value_members(const OrtValue * value) {
    std::vector<ValuePtr> members;
    const Status status = guarded(ErrorCode::RunFailed, [&] {
        Ort::AllocatorWithDefaultOptions allocator;
        size_t count = 0;
        Ort::ThrowOnError(Ort::GetApi().GetValueCount(value, &count));
        for (size_t i = 0; i < count; ++i) {
            OrtValue * member = nullptr;
            Ort::ThrowOnError(Ort::GetApi().GetValue(value, static_cast<int>(i), allocator, &member));
            members.emplace_back(member);
        }
    });
    if (!status) return status;
    return members;
}

Status read_tensor(const OrtValue * value, TensorContent & content) {
    return guarded(ErrorCode::InvalidTensor, [&] {
        const OrtApi & api = Ort::GetApi();
        OrtTensorTypeAndShapeInfo * raw = nullptr;
        Ort::ThrowOnError(api.GetTensorTypeAndShape(value, &raw));
        const std::unique_ptr<OrtTensorTypeAndShapeInfo, decltype(api.ReleaseTensorTypeAndShapeInfo)> info(
            raw, api.ReleaseTensorTypeAndShapeInfo);
        ONNXTensorElementDataType type{};
        size_t rank = 0;
        Ort::ThrowOnError(api.GetTensorElementType(raw, &type));
        Ort::ThrowOnError(api.GetDimensionsCount(raw, &rank));
        content.type = static_cast<ElementType>(type);
        content.dims.resize(rank);
        Ort::ThrowOnError(api.GetDimensions(raw, content.dims.data(), rank));
        content.data = nullptr;
        content.bytes = 0;
        if (content.type == ElementType::String) return;
        content.bytes = tensor_bytes(content.type, content.dims).value_or(0);
        // The API wants a mutable value for its data.
        Ort::ThrowOnError(api.GetTensorMutableData(const_cast<OrtValue *>(value), &content.data));
    });
}

Result<TensorContent> tensor_content(const OrtValue * value) {
    TensorContent content;
    if (Status status = read_tensor(value, content); !status) return status;
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
