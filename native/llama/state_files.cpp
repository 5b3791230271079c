#include "native/llama/state_files.h"

#include <atomic>
#include <exception>
#include <filesystem>
#include <fstream>
#include <random>
#include <span>

#include "native/core/zstd_frame.h"

namespace inferno::llama {
namespace {

// KV values hardly compress, so one of zstd's fast levels, which finds that out soonest, is as good as any.
constexpr int kCompressionLevel = -5;

bool write_file(const std::string & path, std::span<const std::byte> bytes) {
    std::ofstream file(path, std::ios::binary | std::ios::trunc);
    file.write(reinterpret_cast<const char *>(bytes.data()), static_cast<std::streamsize>(bytes.size()));
    file.close();
    return !file.fail();
}

std::vector<std::byte> read_file(const std::string & path) {
    std::ifstream file(path, std::ios::binary | std::ios::ate);
    if (!file) return {};
    std::vector<std::byte> bytes(static_cast<size_t>(file.tellg()));
    file.seekg(0);
    file.read(reinterpret_cast<char *>(bytes.data()), static_cast<std::streamsize>(bytes.size()));
    return file ? bytes : std::vector<std::byte>{};
}

}  // namespace

Result<std::unique_ptr<StateFiles>> StateFiles::open(const std::string & directory, std::function<void()> done) {
    std::error_code error;
    std::filesystem::create_directories(directory, error);
    std::random_device random;
    const std::filesystem::path folder =
        std::filesystem::path(directory) / ("inferno-kv-" + std::to_string(random()) + std::to_string(random()));
    if (!std::filesystem::create_directory(folder, error) || error) {
        return Status(ErrorCode::InvalidArgument,
                      "The cache directory cannot be used: " + (error ? error.message() : "it exists already") + ".");
    }
    // Prompts can be told from their KV cache.
    std::filesystem::permissions(folder, std::filesystem::perms::owner_all, error);
    return std::unique_ptr<StateFiles>(new StateFiles(folder.string(), std::move(done)));
}

StateFiles::StateFiles(std::string folder, std::function<void()> done)
    : folder_(std::move(folder)), done_(std::move(done)), thread_([this] { run(); }) {}

StateFiles::~StateFiles() {
    {
        const std::lock_guard lock(mutex_);
        stopping_ = true;
        jobs_.clear();
    }
    wakeup_.notify_one();
    thread_.join();
    std::error_code error;
    std::filesystem::remove_all(folder_, error);
}

void StateFiles::write(uint64_t id, KvStatePtr state) { post({Kind::Write, id, std::move(state), 0}); }
void StateFiles::read(uint64_t id, uint64_t state_bytes) { post({Kind::Read, id, nullptr, state_bytes}); }
void StateFiles::remove(uint64_t id) { post({Kind::Remove, id, nullptr, 0}); }

// Reads first: a request waits for them.
void StateFiles::post(Job job) {
    {
        const std::lock_guard lock(mutex_);
        if (job.kind == Kind::Read) {
            jobs_.push_front(std::move(job));
        } else {
            jobs_.push_back(std::move(job));
        }
    }
    wakeup_.notify_one();
}

std::vector<StateFiles::Done> StateFiles::take_results() {
    const std::lock_guard lock(mutex_);
    return std::exchange(results_, {});
}

void StateFiles::run() {
    std::unique_lock lock(mutex_);
    while (true) {
        wakeup_.wait(lock, [this] { return stopping_ || !jobs_.empty(); });
        if (stopping_) return;
        const Job job = std::move(jobs_.front());
        jobs_.pop_front();
        lock.unlock();
        perform(job);
        lock.lock();
    }
}

void StateFiles::perform(const Job & job) {
    Done done{job.id, job.kind == Kind::Read, 0, nullptr};
    try {
        if (job.kind == Kind::Remove) {
            std::error_code error;
            std::filesystem::remove(path_of(job.id), error);
            return;
        }
        if (job.kind == Kind::Write) {
            const auto frame = compress(std::as_bytes(std::span(job.state->bytes)), kCompressionLevel);
            if (write_file(path_of(job.id), frame)) done.bytes = frame.size();
        } else {
            const std::vector<std::byte> frame = read_file(path_of(job.id));
            auto bytes = decompress(frame, job.state_bytes);
            if (bytes) {
                auto state = std::make_shared<KvState>();
                const auto * data = reinterpret_cast<const uint8_t *>(bytes.value().data());
                state->bytes.assign(data, data + bytes.value().size());
                done.state = std::move(state);
                done.bytes = frame.size();
            }
        }
    } catch (const std::exception &) {
        // Out of memory: as a read or write that failed.
    }
    {
        const std::lock_guard lock(mutex_);
        results_.push_back(std::move(done));
    }
    done_();
}

std::string StateFiles::path_of(uint64_t id) const {
    return (std::filesystem::path(folder_) / (std::to_string(id) + ".kv.zst")).string();
}

}  // namespace inferno::llama
