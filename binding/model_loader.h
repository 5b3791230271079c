// loadModel, replicate, checkGguf and quantize: long work on libuv's pool, results as promises. JS thread only.
#pragma once

#include <napi.h>

#include <memory>

#include "native/llama/model.h"

namespace inferno::binding {

// loadModel(options: NativeLoadOptions, onProgress?): NativeLoadHandle
Napi::Value load_model(const Napi::CallbackInfo & info);
// NativeModel.replicate(options): NativeLoadHandle; another engine over `model`
Napi::Value replicate_model(const Napi::CallbackInfo & info, std::shared_ptr<const llama::Model> model);
// checkGguf(path: string): Promise<NativeGgufSummary>
Napi::Value check_gguf_file(const Napi::CallbackInfo & info);
// quantize(input: string, output: string, type: string, threads: number): Promise<void>
Napi::Value quantize(const Napi::CallbackInfo & info);

}  // namespace inferno::binding
