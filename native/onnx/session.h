// A loaded ONNX model that runs on feeds. The queue in front of it is RunQueue; this is the bare session.
//
// Thread safety: run() and everything const from any thread, also at the same time. A session lives as long as somebody
// holds it, which every run under way must.
#pragma once

#include <cstdint>
#include <map>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "native/core/status.h"
#include "native/onnx/session_options.h"
#include "native/onnx/tensor.h"
#include "native/onnx/value_info.h"

struct OrtSession;
struct OrtRunOptions;

namespace inferno::onnx {

// A file, or bytes that stay unchanged while open() runs and are not needed afterwards.
struct ModelSource {
    std::string path;  // empty: bytes
    std::span<const std::byte> bytes;
    // Where external data of a model in bytes lies; empty: it may have none.
    std::string data_directory;
};

// What one run reads and writes. Everything is borrowed.
struct RunArguments {
    // Indices into inputs(), and a value for each.
    std::span<const uint32_t> input_indices;
    std::span<const OrtValue * const> inputs;
    // Indices into outputs(), and a place for each: null gets a new value, which the caller then owns, a value that is
    // there is written into.
    std::span<const uint32_t> output_indices;
    std::span<OrtValue *> outputs;
    // Null: the session's own, which nobody can cancel.
    const OrtRunOptions * options = nullptr;
};

class Session {
  public:
    // FileNotFound, FileUnreadable, InvalidModelFile, UnsupportedModel, ProviderMissing, OutOfMemory, BackendMissing.
    static Result<std::shared_ptr<const Session>> open(const ModelSource & source, const SessionOptions & options);

    ~Session();
    Session(const Session &) = delete;
    Session & operator=(const Session &) = delete;

    const std::vector<ValueInfo> & inputs() const { return signature_.inputs; }
    const std::vector<ValueInfo> & outputs() const { return signature_.outputs; }
    // Inputs without a default.
    size_t required_input_count() const { return required_input_count_; }
    std::optional<uint32_t> input_index(std::string_view name) const;
    std::optional<uint32_t> output_index(std::string_view name) const;
    // The model's own key-value pairs, and "producer", "graph", "domain", "description", "version" under `inferno.`.
    const std::map<std::string, std::string> & metadata() const { return metadata_; }
    // Of the model's file and its external data; what the weights take at least.
    uint64_t model_bytes() const { return model_bytes_; }

    // RunFailed, Cancelled (the options were told to terminate), OutOfMemory, InvalidTensor. After a failure no output
    // was made.
    Status run(const RunArguments & arguments) const;

    // For native/onnx only.
    OrtSession * ort() const { return session_; }

  private:
    Session() = default;
    Status load(const ModelSource & source, const SessionOptions & options);
    Status read_description();

    OrtSession * session_ = nullptr;
    GraphSignature signature_;
    std::vector<const char *> input_names_;   // point into signature_
    std::vector<const char *> output_names_;  // point into signature_
    std::map<std::string, std::string> metadata_;
    size_t required_input_count_ = 0;
    uint64_t model_bytes_ = 0;
};

// What stops a run that is under way. Thread safety: terminate() from any thread.
class RunControl {
  public:
    RunControl();
    ~RunControl();
    RunControl(const RunControl &) = delete;
    RunControl & operator=(const RunControl &) = delete;

    const OrtRunOptions * options() const { return options_; }
    // The run that uses these options, now or later, ends with Cancelled after its present node.
    void terminate();
    // Runs that use these options later go on. REQUIRES: none uses them now
    void reset();

  private:
    OrtRunOptions * options_ = nullptr;
};

}  // namespace inferno::onnx
