#include "native/onnx/runtime.h"

#include <algorithm>
#include <cstdlib>
#include <mutex>
#include <optional>

#if defined(_WIN32)
#include <windows.h>
#else
#include <dlfcn.h>
#endif

#include "native/core/available_cores.h"
#include "native/onnx/api.h"
#include "native/onnx/provider_names.h"

namespace inferno::onnx {
namespace {

#if defined(_WIN32)
constexpr const char * kLibraryNames[] = {"onnxruntime.dll"};
constexpr char kSeparator = '\\';
#elif defined(__APPLE__)
constexpr const char * kLibraryNames[] = {"libonnxruntime.1.30.0.dylib", "libonnxruntime.dylib"};
constexpr char kSeparator = '/';
#else
constexpr const char * kLibraryNames[] = {"libonnxruntime.so.1", "libonnxruntime.so"};
constexpr char kSeparator = '/';
#endif
// Builds with other execution providers, which come from elsewhere.
constexpr const char * kLibraryVariable = "INFERNO_ONNXRUNTIME";

using GetApiBase = const OrtApiBase *(ORT_API_CALL *)();

struct State {
    std::mutex mutex;
    std::string directory;          // guarded by mutex
    std::optional<Status> outcome;  // of loading; guarded by mutex
    OrtEnv * environment = nullptr;
    std::string version;
};

// Never destroyed: sessions may be closed while the process exits.
State & state() {
    static State * const instance = new State();
    return *instance;
}

GetApiBase open_library(const std::string & name, std::string & fault) {
#if defined(_WIN32)
    HMODULE library = LoadLibraryExA(name.c_str(), nullptr, LOAD_WITH_ALTERED_SEARCH_PATH);
    if (library == nullptr) {
        fault = "error " + std::to_string(GetLastError());
        return nullptr;
    }
    return reinterpret_cast<GetApiBase>(reinterpret_cast<void *>(GetProcAddress(library, "OrtGetApiBase")));
#else
    void * library = dlopen(name.c_str(), RTLD_NOW | RTLD_LOCAL);
    if (library == nullptr) {
        const char * text = dlerror();
        fault = text != nullptr ? text : "unknown error";
        return nullptr;
    }
    return reinterpret_cast<GetApiBase>(dlsym(library, "OrtGetApiBase"));
#endif
}

// A path that somebody asked for, then what lies beside the addon, then the system's.
std::vector<std::string> candidates(const std::string & directory) {
    if (const char * chosen = std::getenv(kLibraryVariable); chosen != nullptr && *chosen != '\0') return {chosen};
    std::vector<std::string> names;
    if (!directory.empty()) {
        for (const char * name : kLibraryNames) names.push_back(directory + kSeparator + name);
    }
    for (const char * name : kLibraryNames) names.emplace_back(name);
    return names;
}

Status open_api(const std::string & directory, std::string & version) {
    std::string faults;
    for (const std::string & name : candidates(directory)) {
        std::string fault = "it has no OrtGetApiBase";
        const GetApiBase get_base = open_library(name, fault);
        if (get_base == nullptr) {
            faults += (faults.empty() ? "" : "; ") + name + ": " + fault;
            continue;
        }
        const OrtApiBase * base = get_base();
        const OrtApi * api = base->GetApi(ORT_API_VERSION);
        version = base->GetVersionString();
        if (api == nullptr) {
            faults += (faults.empty() ? "" : "; ") + name + ": version " + version + " is older than API " +
                      std::to_string(ORT_API_VERSION);
            continue;
        }
        Ort::InitApi(api);
        return Status::ok();
    }
    return {ErrorCode::BackendMissing, "The ONNX Runtime library could not be opened. " + faults};
}

// What goes wrong comes back as a status; ONNX Runtime's own lines on stderr would only disturb the user's program.
void ORT_API_CALL ignore_log(void *, OrtLoggingLevel, const char *, const char *, const char *, const char *) {}

OrtEnv * make_environment() {
    Ort::ThreadingOptions threading;
    // The calling thread counts as one of the pool's.
    threading.SetGlobalIntraOpNumThreads(available_cores());
    threading.SetGlobalInterOpNumThreads(1);
    threading.SetGlobalSpinControl(0);
    Ort::Env environment(threading, ignore_log, nullptr, ORT_LOGGING_LEVEL_FATAL, "inferno");
    environment.DisableTelemetryEvents();
    return environment.release();
}

}  // namespace

void set_library_directory(const std::string & directory) {
    State & shared = state();
    const std::lock_guard lock(shared.mutex);
    if (shared.directory.empty()) shared.directory = directory;
}

Status load_runtime() {
    State & shared = state();
    const std::lock_guard lock(shared.mutex);
    if (shared.outcome) return *shared.outcome;
    Status status = open_api(shared.directory, shared.version);
    if (status) status = guarded(ErrorCode::BackendMissing, [&] { shared.environment = make_environment(); });
    shared.outcome = status;
    return status;
}

OrtEnv * environment() { return state().environment; }

std::string runtime_version() { return state().version; }

std::vector<std::string> available_providers() {
    std::vector<std::string> names;
    for (const std::string & name : Ort::GetAvailableProviders()) names.push_back(provider_short_name(name));
    return names;
}

}  // namespace inferno::onnx
