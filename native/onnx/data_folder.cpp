#include "native/onnx/data_folder.h"

#include <algorithm>
#include <system_error>

namespace inferno::onnx {
namespace {

namespace fs = std::filesystem;

bool is_within(const fs::path & path, const fs::path & folder) {
    const auto [end, _] = std::mismatch(folder.begin(), folder.end(), path.begin(), path.end());
    return end == folder.end();
}

// A plain relative name: no root, no way up. Checked as text too, so that Windows' separators lead nowhere elsewhere.
bool is_plain(const std::string & name) {
    const fs::path path = path_from_utf8(name);
    if (name.empty() || path.is_absolute() || path.has_root_path() || name.find('\0') != std::string::npos)
        return false;
    if (name.find(':') != std::string::npos || name.find('\\') != std::string::npos) return false;
    return std::none_of(path.begin(), path.end(), [](const fs::path & part) { return part == ".."; });
}

}  // namespace

fs::path path_from_utf8(const std::string & utf8) { return {std::u8string(utf8.begin(), utf8.end())}; }

Status require_file(const std::string & path) {
    std::error_code error;
    const auto status = fs::status(path_from_utf8(path), error);
    if (status.type() == fs::file_type::not_found) return {ErrorCode::FileNotFound, "There is no file " + path + "."};
    if (error) return {ErrorCode::FileUnreadable, "The file " + path + " cannot be read: " + error.message() + "."};
    if (!fs::is_regular_file(status)) return {ErrorCode::InvalidModelFile, path + " is not a file."};
    return Status::ok();
}

DataFolder::DataFolder(const std::string & directory) {
    if (directory.empty()) return;
    directory_ = path_from_utf8(directory);
    std::error_code error;
    const fs::path canonical = fs::canonical(directory_, error);
    if (!error) allowed_.push_back(canonical);
}

DataFolder DataFolder::of_model(const std::string & model_path) {
    DataFolder folder{std::string()};
    const fs::path path = path_from_utf8(model_path);
    folder.directory_ = path.has_parent_path() ? path.parent_path() : fs::path(".");
    std::error_code error;
    const fs::path directory = fs::canonical(folder.directory_, error);
    if (!error) folder.allowed_.push_back(directory);
    const fs::path file = fs::canonical(path, error);
    if (!error) folder.allowed_.push_back(file.parent_path());
    return folder;
}

Result<uint64_t> DataFolder::size_of(const std::string & name) const {
    if (allowed_.empty()) {
        return Status(ErrorCode::InvalidModelFile, "its data lies in another file, and no folder was named for that");
    }
    if (!is_plain(name)) {
        return Status(ErrorCode::InvalidModelFile, "its data file \"" + name + "\" is not in the model's folder");
    }
    std::error_code error;
    const fs::path file = fs::canonical(directory_ / path_from_utf8(name), error);
    if (error) return Status(ErrorCode::InvalidModelFile, "its data file " + name + " is not there");
    const bool is_inside =
        std::any_of(allowed_.begin(), allowed_.end(), [&](const fs::path & folder) { return is_within(file, folder); });
    if (!is_inside) {
        return Status(ErrorCode::InvalidModelFile, "its data file " + name + " is a link out of the model's folder");
    }
    const uint64_t size = fs::file_size(file, error);
    if (error) return Status(ErrorCode::InvalidModelFile, "its data file " + name + " cannot be read");
    return size;
}

}  // namespace inferno::onnx
