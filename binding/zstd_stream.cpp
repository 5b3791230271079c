#include "binding/zstd_stream.h"

namespace inferno::binding {

Napi::Function ZstdStreamObject::define(Napi::Env env) {
    return DefineClass(env, "NativeZstdStream", {InstanceMethod<&ZstdStreamObject::write>("write")});
}

ZstdStreamObject::ZstdStreamObject(const Napi::CallbackInfo & info)
    : Napi::ObjectWrap<ZstdStreamObject>(info),
      stream_(info[0].ToNumber().Int32Value(), info[1].ToNumber().Int32Value()) {}

// write(bytes: Uint8Array, ends: boolean): Uint8Array
Napi::Value ZstdStreamObject::write(const Napi::CallbackInfo & info) {
    const Napi::Env env = info.Env();
    if (!info[0].IsTypedArray()) throw Napi::TypeError::New(env, "Expected a Uint8Array for bytes.");
    const auto bytes = info[0].As<Napi::Uint8Array>();
    const auto * data = reinterpret_cast<const std::byte *>(bytes.Data());
    const std::vector<std::byte> out = stream_.write({data, bytes.ByteLength()}, info[1].ToBoolean());
    return Napi::Buffer<std::byte>::Copy(env, out.data(), out.size());
}

}  // namespace inferno::binding
