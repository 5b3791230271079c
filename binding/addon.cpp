// Entry of the addon: the export table (NativeAddon in lib/native-addon-types.ts).
#include <napi.h>

#include "binding/devices.h"
#include "binding/environment.h"
#include "binding/errors.h"
#include "binding/journal.h"
#include "binding/model.h"
#include "binding/model_loader.h"
#include "binding/onnx_batcher.h"
#include "binding/onnx_session.h"
#include "binding/onnx_session_loader.h"
#include "binding/onnx_text_engine.h"
#include "binding/statistics.h"
#include "binding/zstd_stream.h"
#include "native/llama/backend.h"
#include "native/llama/quantizer.h"
#include "native/onnx/runtime.h"

namespace inferno::binding {
namespace {

// initialize(libraryDirectory: string, backendDirectories: readonly string[]): void
void initialize(const Napi::CallbackInfo & info) {
    std::vector<std::string> directories;
    const auto list = info[1].As<Napi::Array>();
    for (uint32_t i = 0; i < list.Length(); ++i) directories.push_back(list.Get(i).ToString().Utf8Value());
    const Status status = llama::initialize_backend(info[0].ToString().Utf8Value(), directories);
    if (!status) throw to_error(info.Env(), status);
    onnx::set_library_directory(info[0].ToString().Utf8Value());
}

// quantizationTypes(): readonly string[]
Napi::Value quantization_types(const Napi::CallbackInfo & info) {
    const auto types = llama::quantization_types();
    Napi::Array array = Napi::Array::New(info.Env(), types.size());
    for (size_t i = 0; i < types.size(); ++i) array.Set(static_cast<uint32_t>(i), std::string(types[i]));
    return array;
}

Napi::Object define_exports(Napi::Env env, Napi::Object exports) {
    auto * environment = new Environment();
    environment->model_constructor = Napi::Persistent(ModelObject::define(env));
    environment->journal_constructor = Napi::Persistent(JournalObject::define(env));
    environment->statistics_constructor = Napi::Persistent(StatisticsObject::define(env));
    environment->onnx_session_constructor = Napi::Persistent(OnnxSessionObject::define(env));
    environment->onnx_batcher_constructor = Napi::Persistent(OnnxBatcherObject::define(env));
    environment->onnx_text_engine_constructor = Napi::Persistent(OnnxTextEngineObject::define(env));
    env.SetInstanceData(environment);
    exports.Set("createStatistics", Napi::Function::New<create_statistics>(env, "createStatistics"));
    exports.Set("initialize", Napi::Function::New<initialize>(env, "initialize"));
    exports.Set("devices", Napi::Function::New<read_devices>(env, "devices"));
    exports.Set("systemInfo", Napi::Function::New<system_info>(env, "systemInfo"));
    exports.Set("checkGguf", Napi::Function::New<check_gguf_file>(env, "checkGguf"));
    exports.Set("loadModel", Napi::Function::New<load_model>(env, "loadModel"));
    exports.Set("openOnnxSession", Napi::Function::New<open_onnx_session>(env, "openOnnxSession"));
    exports.Set("onnxRuntimeInfo", Napi::Function::New<onnx_runtime_info>(env, "onnxRuntimeInfo"));
    exports.Set("createOnnxTextEngine", Napi::Function::New<create_onnx_text_engine>(env, "createOnnxTextEngine"));
    exports.Set("openJournal", Napi::Function::New<open_journal>(env, "openJournal"));
    exports.Set("quantizationTypes", Napi::Function::New<quantization_types>(env, "quantizationTypes"));
    exports.Set("ZstdStream", ZstdStreamObject::define(env));
    exports.Set("quantize", Napi::Function::New<quantize>(env, "quantize"));
    return exports;
}

}  // namespace
}  // namespace inferno::binding

static Napi::Object init(Napi::Env env, Napi::Object exports) { return inferno::binding::define_exports(env, exports); }
NODE_API_MODULE(inferno, init)
