#include "native/onnx/value_info.h"

#include "native/onnx/api.h"

namespace inferno::onnx {
namespace {

template <typename Shaped>
void read_tensor(const Shaped & tensor, ValueInfo & info) {
    info.type = static_cast<ElementType>(tensor.GetElementType());
    info.dims = tensor.GetShape();
    std::vector<const char *> symbols(info.dims.size());
    tensor.GetSymbolicDimensions(symbols.data(), symbols.size());
    for (const char * symbol : symbols) info.symbols.emplace_back(symbol != nullptr ? symbol : "");
    // Zero dimensions are a scalar or an open rank; this API does not tell which.
    info.has_rank = !info.dims.empty();
}

void read_type(const Ort::ConstTypeInfo & type, ValueInfo & info) {
    switch (type.GetONNXType()) {
        case ONNX_TYPE_TENSOR:
            info.kind = ValueKind::Tensor;
            read_tensor(type.GetTensorTypeAndShapeInfo(), info);
            break;
        case ONNX_TYPE_SPARSETENSOR:
            info.kind = ValueKind::SparseTensor;
            read_tensor(type.GetTensorTypeAndShapeInfo(), info);
            break;
        case ONNX_TYPE_SEQUENCE: {
            const Ort::TypeInfo element = type.GetSequenceTypeInfo().GetSequenceElementType();
            read_type(element.GetConst(), info);
            info.kind = ValueKind::Sequence;
            break;
        }
        case ONNX_TYPE_MAP: {
            const Ort::TypeInfo value = type.GetMapTypeInfo().GetMapValueType();
            read_type(value.GetConst(), info);
            info.kind = ValueKind::Map;
            break;
        }
        case ONNX_TYPE_OPTIONAL: {
            const Ort::TypeInfo element = type.GetOptionalTypeInfo().GetOptionalElementType();
            read_type(element.GetConst(), info);
            info.kind = ValueKind::Optional;
            break;
        }
        default:
            info.kind = ValueKind::Unknown;
    }
}

ValueInfo make_info(const char * name, const Ort::TypeInfo & type, bool has_default) {
    ValueInfo info;
    info.name = name;
    info.has_default = has_default;
    read_type(type.GetConst(), info);
    return info;
}

}  // namespace

const char * value_kind_name(ValueKind kind) {
    constexpr const char * kNames[] = {"tensor", "sequence", "map", "optional", "sparse tensor", "unknown"};
    return kNames[static_cast<size_t>(kind)];
}

Result<GraphSignature> read_signature(const OrtSession * session) {
    GraphSignature signature;
    const Status status = guarded(ErrorCode::InvalidModelFile, [&] {
        const Ort::ConstSession view{session};
        Ort::AllocatorWithDefaultOptions allocator;
        for (size_t i = 0; i < view.GetInputCount(); ++i) {
            const auto name = view.GetInputNameAllocated(i, allocator);
            signature.inputs.push_back(make_info(name.get(), view.GetInputTypeInfo(i), false));
        }
        for (size_t i = 0; i < view.GetOverridableInitializerCount(); ++i) {
            const auto name = view.GetOverridableInitializerNameAllocated(i, allocator);
            signature.inputs.push_back(make_info(name.get(), view.GetOverridableInitializerTypeInfo(i), true));
        }
        for (size_t i = 0; i < view.GetOutputCount(); ++i) {
            const auto name = view.GetOutputNameAllocated(i, allocator);
            signature.outputs.push_back(make_info(name.get(), view.GetOutputTypeInfo(i), false));
        }
    });
    if (!status) return status;
    return signature;
}

}  // namespace inferno::onnx
