// The ONNX Runtime library of this process: found and opened at the first use, never closed. One environment with one
// pool of threads for all sessions.
//
// Thread safety: all functions may be called from any thread; whoever comes first initializes.
#pragma once

#include <string>
#include <vector>

#include "native/core/status.h"

struct OrtEnv;

namespace inferno::onnx {

// Where the library lies: the folder of the addon. Called before load_runtime(); the first call counts.
void set_library_directory(const std::string & directory);

// Opens the library and makes the environment, once. A failure is remembered: BackendMissing with what was tried.
Status load_runtime();

// REQUIRES: load_runtime() succeeded.
OrtEnv * environment();
// e.g. "1.30.0".
std::string runtime_version();
// Names as a user writes them ("cpu", "cuda", "webgpu"), those that this library was built with.
std::vector<std::string> available_providers();

}  // namespace inferno::onnx
