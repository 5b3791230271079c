#include "binding/onnx_values.h"

namespace inferno::binding {
namespace {

// A number where the dimension is fixed, else its name, null when it has none.
Napi::Array dims_to_js(Napi::Env env, const onnx::ValueInfo & info) {
    Napi::Array dims = Napi::Array::New(env, info.dims.size());
    for (size_t i = 0; i < info.dims.size(); ++i) {
        const auto at = static_cast<uint32_t>(i);
        if (info.dims[i] >= 0) {
            dims.Set(at, Napi::Number::New(env, static_cast<double>(info.dims[i])));
        } else if (!info.symbols[i].empty()) {
            dims.Set(at, info.symbols[i]);
        } else {
            dims.Set(at, env.Null());
        }
    }
    return dims;
}

}  // namespace

Napi::Array value_infos_to_js(Napi::Env env, const std::vector<onnx::ValueInfo> & infos) {
    Napi::Array array = Napi::Array::New(env, infos.size());
    for (size_t i = 0; i < infos.size(); ++i) {
        const onnx::ValueInfo & info = infos[i];
        Napi::Object object = Napi::Object::New(env);
        object.Set("name", info.name);
        object.Set("kind", onnx::value_kind_name(info.kind));
        object.Set("type", std::string(onnx::element_type_name(info.type)));
        object.Set("dims", dims_to_js(env, info));
        object.Set("hasDefault", info.has_default);
        array.Set(static_cast<uint32_t>(i), object);
    }
    return array;
}

}  // namespace inferno::binding
