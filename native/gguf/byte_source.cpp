#include "native/gguf/byte_source.h"

#include <algorithm>
#include <cstring>
#include <filesystem>
#include <fstream>
#include <system_error>

namespace inferno::gguf {
namespace {

class FileSource : public ByteSource {
  public:
    FileSource(std::ifstream file, uint64_t size) : file_(std::move(file)), size_(size) {}

    uint64_t size() const override { return size_; }
    size_t read(uint64_t offset, std::span<std::byte> out) override {
        file_.clear();
        file_.seekg(static_cast<std::streamoff>(offset));
        file_.read(reinterpret_cast<char *>(out.data()), static_cast<std::streamsize>(out.size()));
        return static_cast<size_t>(std::max<std::streamsize>(file_.gcount(), 0));
    }

  private:
    std::ifstream file_;
    uint64_t size_;
};

std::filesystem::path path_from_utf8(const std::string & path) {
    return std::filesystem::path(std::u8string(path.begin(), path.end()));
}

}  // namespace

size_t MemorySource::read(uint64_t offset, std::span<std::byte> out) {
    if (offset >= bytes_.size()) return 0;
    const size_t count = std::min(out.size(), bytes_.size() - static_cast<size_t>(offset));
    std::memcpy(out.data(), bytes_.data() + offset, count);
    return count;
}

Result<std::unique_ptr<ByteSource>> open_file_source(const std::string & path) {
    const std::filesystem::path file_path = path_from_utf8(path);
    std::error_code error;
    const std::filesystem::file_status status = std::filesystem::status(file_path, error);
    if (status.type() == std::filesystem::file_type::not_found) {
        return Status(ErrorCode::FileNotFound, "There is no file " + path + ".");
    }
    // A pipe or a device would block or never end.
    if (!error && !std::filesystem::is_regular_file(status)) {
        return Status(ErrorCode::FileUnreadable, path + " is not a file.");
    }
    const uintmax_t size = error ? 0 : std::filesystem::file_size(file_path, error);
    std::ifstream file;
    // Reads are large and the reader has a window of its own.
    file.rdbuf()->pubsetbuf(nullptr, 0);
    if (!error) file.open(file_path, std::ios::binary);
    if (error || !file) {
        const std::string reason = error ? error.message() : "opening it failed";
        return Status(ErrorCode::FileUnreadable, path + " cannot be read: " + reason + ".");
    }
    return std::unique_ptr<ByteSource>(std::make_unique<FileSource>(std::move(file), size));
}

}  // namespace inferno::gguf
