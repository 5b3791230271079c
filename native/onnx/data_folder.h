// The folder that a model's external data may lie in, and nowhere else. Thread safety: const after construction.
#pragma once

#include <cstdint>
#include <filesystem>
#include <string>
#include <vector>

#include "native/core/status.h"

namespace inferno::onnx {

// Of a path in UTF-8.
std::filesystem::path path_from_utf8(const std::string & utf8);

// FileNotFound, FileUnreadable, InvalidModelFile when there is no plain file.
Status require_file(const std::string & path);

class DataFolder {
  public:
    // Empty: none, every name is refused.
    explicit DataFolder(const std::string & directory);
    // The model's own. A model that is a link (as download caches keep them) has two: where the link is, and where the
    // file is.
    static DataFolder of_model(const std::string & model_path);

    // Of the file with this name. InvalidModelFile for names that lead out of the folder, also through links, and for
    // files that are not there.
    Result<uint64_t> size_of(const std::string & name) const;

  private:
    std::filesystem::path directory_;
    std::vector<std::filesystem::path> allowed_;  // canonical
};

}  // namespace inferno::onnx
