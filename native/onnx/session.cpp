#include "native/onnx/session.h"

#include <algorithm>
#include <array>
#include <filesystem>

#include "native/onnx/api.h"
#include "native/onnx/data_folder.h"
#include "native/onnx/model_check.h"
#include "native/onnx/runtime.h"

namespace inferno::onnx {
namespace {

// Most graphs have fewer inputs and outputs; names of more are gathered on the heap.
constexpr size_t kFewNames = 16;

class NameList {
  public:
    NameList(const std::vector<const char *> & names, std::span<const uint32_t> indices) {
        const char ** target = few_.data();
        if (indices.size() > few_.size()) {
            many_.resize(indices.size());
            target = many_.data();
        }
        for (size_t i = 0; i < indices.size(); ++i) target[i] = names[indices[i]];
        data_ = target;
    }
    const char * const * data() const { return data_; }

  private:
    std::array<const char *, kFewNames> few_;
    std::vector<const char *> many_;
    const char * const * data_;
};

std::optional<uint32_t> index_of(const std::vector<ValueInfo> & infos, std::string_view name) {
    const auto found =
        std::find_if(infos.begin(), infos.end(), [&](const ValueInfo & info) { return info.name == name; });
    if (found == infos.end()) return std::nullopt;
    return static_cast<uint32_t>(found - infos.begin());
}

Status load_failure(const Ort::Exception & error) {
    switch (error.GetOrtErrorCode()) {
        case ORT_NO_SUCHFILE:
            return {ErrorCode::FileNotFound, clean_message(error.what())};
        case ORT_NOT_IMPLEMENTED:
            return {ErrorCode::UnsupportedModel, clean_message(error.what())};
        default:
            return {ErrorCode::InvalidModelFile, clean_message(error.what())};
    }
}

Result<ModelSummary> size_of_file(const std::string & path) {
    if (Status status = require_file(path); !status) return status;
    ModelSummary summary;
    std::error_code error;
    summary.total_bytes = std::filesystem::file_size(path_from_utf8(path), error);
    return summary;
}

}  // namespace

Result<std::shared_ptr<const Session>> Session::open(const ModelSource & source, const SessionOptions & options) {
    if (Status status = load_runtime(); !status) return status;
    // A model in ONNX Runtime's own format (.ort) is a flat buffer, which that verifies itself.
    auto summary = source.path.ends_with(".ort") ? size_of_file(source.path)
                   : source.path.empty()         ? check_model_bytes(source.bytes, source.data_directory)
                                                 : check_model_file(source.path);
    if (!summary) return summary.status();
    std::shared_ptr<Session> session(new Session());
    session->model_bytes_ = summary.value().total_bytes;
    if (Status status = session->load(source, options); !status) return status;
    if (Status status = session->read_description(); !status) return status;
    return std::shared_ptr<const Session>(std::move(session));
}

Status Session::load(const ModelSource & source, const SessionOptions & options) {
    Status status;
    const Status outer = guarded(ErrorCode::InvalidModelFile, [&] {
        Ort::SessionOptions target;
        status = apply_options(options, target);
        if (!status) return;
        try {
            if (!source.path.empty()) {
                Ort::ThrowOnError(
                    Ort::GetApi().CreateSession(environment(), path_from_utf8(source.path).c_str(), target, &session_));
            } else {
                if (!source.data_directory.empty()) {
                    target.AddConfigEntry("session.model_external_initializers_file_folder_path",
                                          source.data_directory.c_str());
                }
                Ort::ThrowOnError(Ort::GetApi().CreateSessionFromArray(environment(), source.bytes.data(),
                                                                       source.bytes.size(), target, &session_));
            }
        } catch (const Ort::Exception & error) {
            status = load_failure(error);
        }
    });
    return outer ? status : outer;
}

Session::~Session() {
    if (session_ != nullptr) Ort::GetApi().ReleaseSession(session_);
}

Status Session::read_description() {
    auto signature = read_signature(session_);
    if (!signature) return signature.status();
    signature_ = std::move(signature).value();
    for (const ValueInfo & info : signature_.inputs) {
        input_names_.push_back(info.name.c_str());
        if (!info.has_default) ++required_input_count_;
    }
    for (const ValueInfo & info : signature_.outputs) output_names_.push_back(info.name.c_str());
    return guarded(ErrorCode::InvalidModelFile, [&] {
        const Ort::ConstSession view{session_};
        const Ort::ModelMetadata metadata = view.GetModelMetadata();
        Ort::AllocatorWithDefaultOptions allocator;
        for (const auto & key : metadata.GetCustomMetadataMapKeysAllocated(allocator)) {
            metadata_[key.get()] = metadata.LookupCustomMetadataMapAllocated(key.get(), allocator).get();
        }
        metadata_["inferno.producer"] = metadata.GetProducerNameAllocated(allocator).get();
        metadata_["inferno.graph"] = metadata.GetGraphNameAllocated(allocator).get();
        metadata_["inferno.domain"] = metadata.GetDomainAllocated(allocator).get();
        metadata_["inferno.description"] = metadata.GetDescriptionAllocated(allocator).get();
        metadata_["inferno.version"] = std::to_string(metadata.GetVersion());
    });
}

std::optional<uint32_t> Session::input_index(std::string_view name) const { return index_of(signature_.inputs, name); }

std::optional<uint32_t> Session::output_index(std::string_view name) const {
    return index_of(signature_.outputs, name);
}

Status Session::run(const RunArguments & arguments) const {
    const NameList inputs(input_names_, arguments.input_indices);
    const NameList outputs(output_names_, arguments.output_indices);
    const OrtApi & api = Ort::GetApi();
    OrtStatus * failure = nullptr;
    try {
        failure = api.Run(session_, arguments.options, inputs.data(), arguments.inputs.data(), arguments.inputs.size(),
                          outputs.data(), arguments.outputs.size(), arguments.outputs.data());
    } catch (const std::exception & error) {
        return {ErrorCode::RunFailed, clean_message(error.what())};
    }
    if (failure == nullptr) return Status::ok();
    const Ort::Status owned(failure);
    const std::string message = clean_message(owned.GetErrorMessage());
    const OrtErrorCode code = owned.GetErrorCode();
    if (code == ORT_INVALID_ARGUMENT) return {ErrorCode::InvalidTensor, message};
    if (message.find("Exiting due to terminate flag") != std::string::npos) {
        return {ErrorCode::Cancelled, "The run was cancelled."};
    }
    if (message.find("Failed to allocate memory") != std::string::npos ||
        message.find("bad_alloc") != std::string::npos) {
        return {ErrorCode::OutOfMemory, message};
    }
    return {ErrorCode::RunFailed, message};
}

RunControl::RunControl() {
    // Fails only when memory is out, which ends the process on its own account soon.
    if (OrtStatus * failure = Ort::GetApi().CreateRunOptions(&options_); failure != nullptr) {
        Ort::GetApi().ReleaseStatus(failure);
    }
}

RunControl::~RunControl() {
    if (options_ != nullptr) Ort::GetApi().ReleaseRunOptions(options_);
}

void RunControl::terminate() {
    if (options_ == nullptr) return;
    if (OrtStatus * failure = Ort::GetApi().RunOptionsSetTerminate(options_); failure != nullptr) {
        Ort::GetApi().ReleaseStatus(failure);
    }
}

void RunControl::reset() {
    if (options_ == nullptr) return;
    if (OrtStatus * failure = Ort::GetApi().RunOptionsUnsetTerminate(options_); failure != nullptr) {
        Ort::GetApi().ReleaseStatus(failure);
    }
}

}  // namespace inferno::onnx
