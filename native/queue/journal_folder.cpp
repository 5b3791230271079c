#include "native/queue/journal_folder.h"

#include <dirent.h>
#include <fcntl.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <filesystem>
#include <system_error>
#include <utility>

namespace inferno::queue {
namespace {

constexpr mode_t kFileMode = 0600;  // a journal holds prompts and answers
constexpr mode_t kFolderMode = 0700;
constexpr const char * kLockName = "journal.lock";

Status failure(const std::string & what, int error) {
    return Status(ErrorCode::JournalUnavailable, what + ": " + std::generic_category().message(error) + ".");
}

class Descriptor {
  public:
    explicit Descriptor(int number = -1) : number_(number) {}
    ~Descriptor() {
        if (number_ >= 0) ::close(number_);
    }
    Descriptor(Descriptor && other) noexcept : number_(std::exchange(other.number_, -1)) {}
    Descriptor & operator=(Descriptor &&) = delete;
    Descriptor(const Descriptor &) = delete;
    Descriptor & operator=(const Descriptor &) = delete;

    int get() const { return number_; }
    int release() { return std::exchange(number_, -1); }
    explicit operator bool() const { return number_ >= 0; }

  private:
    int number_;
};

// Repeats a system call that a signal interrupted.
template <typename Call>
auto restarting(Call call) {
    auto result = call();
    while (result < 0 && errno == EINTR) result = call();
    return result;
}

Descriptor open_at(int folder, const char * name, int flags) {
    return Descriptor(restarting([&] { return ::openat(folder, name, flags | O_CLOEXEC, kFileMode); }));
}

int sync_contents(int file) {
#if defined(__APPLE__)
    // fsync() of macOS leaves the bytes in the drive's cache.
    if (::fcntl(file, F_FULLFSYNC) == 0) return 0;
    return restarting([&] { return ::fsync(file); });
#else
    return restarting([&] { return ::fdatasync(file); });
#endif
}

class DiskFile : public JournalFile {
  public:
    DiskFile(Descriptor file, std::string name) : file_(std::move(file)), name_(std::move(name)) {}

    Status write(uint64_t offset, std::span<const std::byte> bytes) override {
        while (!bytes.empty()) {
            const ssize_t written = restarting(
                [&] { return ::pwrite(file_.get(), bytes.data(), bytes.size(), static_cast<off_t>(offset)); });
            if (written <= 0) return failure(name_ + " could not be written", written < 0 ? errno : ENOSPC);
            bytes = bytes.subspan(static_cast<size_t>(written));
            offset += static_cast<uint64_t>(written);
        }
        return Status::ok();
    }

    Status resize(uint64_t bytes) override {
        if (restarting([&] { return ::ftruncate(file_.get(), static_cast<off_t>(bytes)); }) == 0) return Status::ok();
        return failure(name_ + " could not be cut", errno);
    }

    Status sync() override {
        if (sync_contents(file_.get()) == 0) return Status::ok();
        return failure(name_ + " could not be saved to the disk", errno);
    }

  private:
    const Descriptor file_;
    const std::string name_;
};

class DiskFolder : public JournalFolder {
  public:
    DiskFolder(Descriptor folder, Descriptor lock) : folder_(std::move(folder)), lock_(std::move(lock)) {}

    Result<std::vector<std::string>> list() override {
        // A descriptor of its own: reading moves its position.
        Descriptor copy = open_at(folder_.get(), ".", O_RDONLY | O_DIRECTORY);
        const std::unique_ptr<DIR, int (*)(DIR *)> entries(copy ? ::fdopendir(copy.get()) : nullptr, ::closedir);
        if (!entries) return failure("The journal's folder could not be read", errno);
        copy.release();
        std::vector<std::string> names;
        while (const dirent * entry = ::readdir(entries.get())) names.emplace_back(entry->d_name);
        std::sort(names.begin(), names.end());
        return names;
    }

    Result<std::vector<std::byte>> read(const std::string & name) override {
        const Descriptor file = open_at(folder_.get(), name.c_str(), O_RDONLY | O_NOFOLLOW);
        struct stat status{};
        if (!file || ::fstat(file.get(), &status) != 0) return failure(name + " could not be read", errno);
        if (!S_ISREG(status.st_mode)) return failure(name + " could not be read", EISDIR);
        std::vector<std::byte> bytes(static_cast<size_t>(status.st_size));
        size_t filled = 0;
        while (filled < bytes.size()) {
            const ssize_t count =
                restarting([&] { return ::read(file.get(), bytes.data() + filled, bytes.size() - filled); });
            if (count < 0) return failure(name + " could not be read", errno);
            if (count == 0) break;
            filled += static_cast<size_t>(count);
        }
        bytes.resize(filled);
        return bytes;
    }

    Result<std::unique_ptr<JournalFile>> create(const std::string & name) override {
        Descriptor file = open_at(folder_.get(), name.c_str(), O_WRONLY | O_CREAT | O_TRUNC | O_NOFOLLOW);
        if (!file) return failure(name + " could not be made", errno);
        return std::unique_ptr<JournalFile>(std::make_unique<DiskFile>(std::move(file), name));
    }

    Status rename(const std::string & from, const std::string & to) override {
        if (::renameat(folder_.get(), from.c_str(), folder_.get(), to.c_str()) == 0) return Status::ok();
        return failure(from + " could not be renamed", errno);
    }

    Status remove(const std::string & name) override {
        if (::unlinkat(folder_.get(), name.c_str(), 0) == 0 || errno == ENOENT) return Status::ok();
        return failure(name + " could not be removed", errno);
    }

    Status sync() override {
        if (restarting([&] { return ::fsync(folder_.get()); }) == 0) return Status::ok();
        return failure("The journal's folder could not be saved to the disk", errno);
    }

  private:
    const Descriptor folder_;
    const Descriptor lock_;  // closing it unlocks
};

Status make_folder(const std::filesystem::path & path) {
    std::error_code error;
    const std::filesystem::path parent = path.has_parent_path() ? path.parent_path() : ".";
    std::filesystem::create_directories(parent, error);
    if (!error && ::mkdir(path.c_str(), kFolderMode) != 0) {
        if (errno == EEXIST) return Status::ok();
        error = {errno, std::generic_category()};
    }
    if (error) return failure("The journal's folder cannot be made", error.value());
    // So that the folder itself survives a power cut. Parents that cannot be opened are somebody else's.
    const Descriptor folder = open_at(AT_FDCWD, parent.c_str(), O_RDONLY | O_DIRECTORY);
    if (folder && ::fsync(folder.get()) != 0) return failure("The journal's folder cannot be made", errno);
    return Status::ok();
}

}  // namespace

Result<std::unique_ptr<JournalFolder>> open_journal_folder(const std::string & path) {
    constexpr const char * kUnusable = "The journal's folder cannot be used";
    std::filesystem::path folder_path(std::u8string(path.begin(), path.end()));
    if (!folder_path.has_filename()) folder_path = folder_path.parent_path();  // it ended with a slash
    const Status made = make_folder(folder_path);
    if (!made) return made;
    Descriptor folder = open_at(AT_FDCWD, folder_path.c_str(), O_RDONLY | O_DIRECTORY);
    if (!folder) return failure(kUnusable, errno);
    Descriptor lock = open_at(folder.get(), kLockName, O_RDWR | O_CREAT | O_NOFOLLOW);
    if (!lock || ::faccessat(folder.get(), ".", W_OK | X_OK, 0) != 0) return failure(kUnusable, errno);
    if (restarting([&] { return ::flock(lock.get(), LOCK_EX | LOCK_NB); }) != 0) {
        if (errno != EWOULDBLOCK) return failure("The journal's folder cannot be locked", errno);
        return Status(ErrorCode::JournalUnavailable, "The journal's folder is in use already.");
    }
    return std::unique_ptr<JournalFolder>(std::make_unique<DiskFolder>(std::move(folder), std::move(lock)));
}

}  // namespace inferno::queue
