#include "native/gguf/gguf_check.h"

#include <array>
#include <cstdio>
#include <exception>
#include <memory>
#include <new>
#include <optional>
#include <unordered_set>
#include <vector>

#include "native/gguf/byte_source.h"
#include "native/gguf/header.h"
#include "native/gguf/model_rules.h"

namespace inferno::gguf {
namespace {

constexpr uint16_t kMaxParts = 9999;

Status invalid(std::string message) { return {ErrorCode::InvalidModelFile, std::move(message)}; }

// Which of how many files a header belongs to.
struct Part {
    uint16_t index = 0;
    uint16_t count = 1;
};

Result<uint16_t> part_number(const Header & header, const char * key, uint16_t by_default) {
    const Value * value = header.find(key);
    if (value == nullptr) return by_default;
    // llama.cpp asserts the type in every file but the first.
    if (value->type != ValueType::Uint16) {
        return invalid(std::string(key) + " is of type " + std::string(value_type_name(value->type)) +
                       "; expected uint16.");
    }
    return static_cast<uint16_t>(value->bits);
}

Result<Part> read_part(const Header & header) {
    auto count = part_number(header, "split.count", 1);
    if (!count) return count.status();
    auto index = part_number(header, "split.no", 0);
    if (!index) return index.status();
    if (count.value() > kMaxParts) {
        return invalid("split.count is " + std::to_string(count.value()) + "; expected at most 9999.");
    }
    return Part{index.value(), count.value()};
}

// NAME-00001-of-00003.gguf for part 0 of 3, as llama.cpp names and finds the parts.
std::string part_ending(uint32_t index, uint32_t count) {
    std::array<char, 40> ending{};
    std::snprintf(ending.data(), ending.size(), "-%05u-of-%05u.gguf", index + 1, count);
    return ending.data();
}

std::string file_name(const std::string & path) {
    const size_t separator = path.find_last_of("/\\");
    return separator == std::string::npos ? path : path.substr(separator + 1);
}

// A model, which may lie in several files.
class ModelCheck {
  public:
    ModelCheck(ByteSource & source, const std::string * path) : source_(source), path_(path) {}

    Result<GgufSummary> run() {
        auto header = read_header(source_);
        if (!header) return header.status();
        header_ = std::move(header).value();
        size_bytes_ = source_.size();
        // First of all: only the first part has the keys that are checked next.
        if (Status status = read_own_part(); !status) return status;
        if (Status status = check_hyperparameters(header_, source_); !status) return status;
        if (Status status = check_tokenizer(header_, source_); !status) return status;
        if (Status status = add_tensors(header_); !status) return status;
        if (Status status = read_other_parts(); !status) return status;
        if (Status status = check_tensors(header_, source_, tensors_); !status) return status;
        return summary();
    }

  private:
    Status add_tensors(const Header & header);
    Status read_own_part();
    Status read_other_parts();
    Status read_part_file(const std::string & path, uint32_t index, uint32_t count);
    GgufSummary summary() const;

    ByteSource & source_;
    // Null when the bytes have no name.
    const std::string * path_;
    Header header_;
    std::vector<Tensor> tensors_;
    std::unordered_set<std::string> names_;
    uint32_t part_count_ = 1;
    uint64_t size_bytes_ = 0;
};

Status ModelCheck::add_tensors(const Header & header) {
    for (const Tensor & tensor : header.tensors) {
        if (!names_.insert(tensor.name).second) {
            return invalid("The tensor " + quoted(tensor.name) + " is in two of the model's files.");
        }
        tensors_.push_back(tensor);
    }
    return Status::ok();
}

Status ModelCheck::read_own_part() {
    auto part = read_part(header_);
    if (!part) return part.status();
    const auto [index, count] = part.value();
    part_count_ = count;
    if (count <= 1 || index == 0) return Status::ok();
    return invalid("The file is part " + std::to_string(index + 1) + " of " + std::to_string(count) +
                   " of a model; give the path of part 1.");
}

Status ModelCheck::read_other_parts() {
    const uint32_t count = part_count_;
    if (count <= 1) return Status::ok();
    const std::string ending = part_ending(0, count);
    if (path_ == nullptr || !path_->ends_with(ending)) {
        return invalid("The file is part 1 of " + std::to_string(count) + " of a model; expected a name that ends in " +
                       ending + ", beside the others.");
    }
    const std::string prefix = path_->substr(0, path_->size() - ending.size());
    for (uint32_t i = 1; i < count; ++i) {
        if (Status status = read_part_file(prefix + part_ending(i, count), i, count); !status) return status;
    }
    return Status::ok();
}

Status ModelCheck::read_part_file(const std::string & path, uint32_t index, uint32_t count) {
    auto source = open_file_source(path);
    if (!source) {
        const Status & status = source.status();
        return {status.code(),
                "Part " + std::to_string(index + 1) + " of the model cannot be opened: " + status.message()};
    }
    auto header = read_header(*source.value());
    if (!header) return {header.status().code(), file_name(path) + ": " + header.status().message()};
    auto part = read_part(header.value());
    if (!part) return {part.status().code(), file_name(path) + ": " + part.status().message()};
    if (header.value().find("split.no") == nullptr || part.value().index != index) {
        return invalid(file_name(path) + " says that it is part " + std::to_string(part.value().index + 1) +
                       "; expected part " + std::to_string(index + 1) + " of " + std::to_string(count) + ".");
    }
    size_bytes_ += source.value()->size();
    return add_tensors(header.value());
}

GgufSummary ModelCheck::summary() const {
    GgufSummary summary;
    summary.version = header_.version;
    summary.architecture = header_.text("general.architecture");
    summary.name = header_.text("general.name");
    summary.tensor_count = tensors_.size();
    summary.metadata_count = header_.values.size();
    summary.file_size_bytes = size_bytes_;
    for (const Tensor & tensor : tensors_) summary.parameter_count += tensor.element_count();
    summary.context_length = header_.uint32(summary.architecture + ".context_length").value_or(0);
    summary.vocabulary_size = vocabulary_size(header_);
    return summary;
}

Result<GgufSummary> check(ByteSource & source, const std::string * path) {
    try {
        return ModelCheck(source, path).run();
    } catch (const std::bad_alloc &) {
        return Status(ErrorCode::OutOfMemory, "There is not enough memory to read the metadata of the model file.");
    } catch (const std::exception & error) {
        return Status(ErrorCode::Internal, std::string("Checking the model file failed: ") + error.what() + ".");
    }
}

}  // namespace

Result<GgufSummary> check_gguf(const std::string & path) {
    auto source = open_file_source(path);
    if (!source) return source.status();
    return check(*source.value(), &path);
}

Result<GgufSummary> check_gguf_bytes(std::span<const std::byte> bytes) {
    MemorySource source(bytes);
    return check(source, nullptr);
}

}  // namespace inferno::gguf
