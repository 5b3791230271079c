// A folder in memory that does what disks do: it forgets at a power cut what was not synced, it fills up, it fails.
//
// Thread safety: all functions from any thread. Ownership: a MemoryDisk outlives the folders opened on it.
#pragma once

#include <algorithm>
#include <cstdint>
#include <functional>
#include <limits>
#include <map>
#include <memory>
#include <mutex>
#include <random>
#include <string>
#include <utility>
#include <vector>

#include "native/queue/journal_folder.h"

namespace inferno::test {

using FileBytes = std::vector<std::byte>;

class MemoryDisk {
  public:
    static constexpr uint64_t kNever = std::numeric_limits<uint64_t>::max();

    std::unique_ptr<queue::JournalFolder> open() { return std::make_unique<Folder>(*this); }

    // What is there now, by name; writing to it is damage.
    std::map<std::string, FileBytes> files() const {
        const std::lock_guard lock(mutex_);
        std::map<std::string, FileBytes> all;
        for (const auto & [name, node] : names_) all[name] = node->bytes;
        return all;
    }
    void set_files(const std::map<std::string, FileBytes> & files) {
        const std::lock_guard lock(mutex_);
        names_.clear();
        for (const auto & [name, bytes] : files) names_[name] = std::make_shared<Node>(Node{bytes, bytes, {}});
        durable_names_ = names_;
        renames_.clear();
    }

    // From this operation on (0 is the next one) everything fails without effect, as if the process had been killed.
    void die_after(uint64_t operations) {
        const std::lock_guard lock(mutex_);
        operations_left_ = operations;
    }
    bool is_dead() const {
        const std::lock_guard lock(mutex_);
        return operations_left_ == 0;
    }
    // Writes that would make all files together larger fail, having written what fits.
    void set_capacity(uint64_t bytes) {
        const std::lock_guard lock(mutex_);
        capacity_ = bytes;
    }
    // `skipped` operations go well, the next `count` fail without effect.
    void fail_operations(uint64_t skipped, uint64_t count) {
        const std::lock_guard lock(mutex_);
        skipped_ = skipped;
        failing_ = count;
    }
    // Called in every sync() of a file.
    void on_sync(std::function<void()> hook) {
        const std::lock_guard lock(mutex_);
        sync_hook_ = std::move(hook);
    }
    // Of what was not synced any sector and any number of renames may be there. Brings a dead disk back to life.
    void cut_power(std::mt19937 & random) {
        const std::lock_guard lock(mutex_);
        const size_t kept = renames_.empty() ? 0 : random() % (renames_.size() + 1);
        names_ = kept == 0 ? durable_names_ : renames_[kept - 1];
        for (auto & [name, node] : names_) node->cut_power(random);
        durable_names_ = names_;
        renames_.clear();
        operations_left_ = kNever;
    }

  private:
    struct Write {
        uint64_t offset;
        FileBytes bytes;
        bool is_resize;  // to `offset`
    };
    struct Node {
        FileBytes bytes;
        FileBytes durable;
        std::vector<Write> unsynced;

        static void apply(FileBytes & bytes, const Write & write) {
            if (write.is_resize) {
                bytes.resize(write.offset);
                return;
            }
            bytes.resize(std::max<size_t>(bytes.size(), write.offset + write.bytes.size()));
            std::copy(write.bytes.begin(), write.bytes.end(), bytes.begin() + static_cast<ptrdiff_t>(write.offset));
        }
        void cut_power(std::mt19937 & random) {
            constexpr size_t kSector = 64;  // small, so that small files are torn in many ways
            for (const Write & write : unsynced) {
                if (write.is_resize && random() % 2 == 0) apply(durable, write);
                for (size_t begin = 0; begin < write.bytes.size(); begin += kSector) {
                    if (random() % 2 == 0) continue;
                    const size_t end = std::min(begin + kSector, write.bytes.size());
                    const auto at = [&](size_t index) { return write.bytes.begin() + static_cast<ptrdiff_t>(index); };
                    apply(durable, {write.offset + begin, FileBytes(at(begin), at(end)), false});
                }
            }
            unsynced.clear();
            bytes = durable;
        }
    };
    using Names = std::map<std::string, std::shared_ptr<Node>>;

    class File : public queue::JournalFile {
      public:
        File(MemoryDisk & disk, std::shared_ptr<Node> node) : disk_(disk), node_(std::move(node)) {}
        Status write(uint64_t offset, std::span<const std::byte> bytes) override {
            return disk_.write(*node_, {offset, FileBytes(bytes.begin(), bytes.end()), false});
        }
        Status resize(uint64_t bytes) override { return disk_.write(*node_, {bytes, {}, true}); }
        Status sync() override { return disk_.sync_file(*node_); }

      private:
        MemoryDisk & disk_;
        const std::shared_ptr<Node> node_;
    };

    class Folder : public queue::JournalFolder {
      public:
        explicit Folder(MemoryDisk & disk) : disk_(disk) {}
        Result<std::vector<std::string>> list() override {
            std::vector<std::string> names;
            for (const auto & [name, bytes] : disk_.files()) names.push_back(name);
            return names;
        }
        Result<FileBytes> read(const std::string & name) override {
            const auto files = disk_.files();
            const auto found = files.find(name);
            if (found == files.end()) return failure("there is no such file");
            return found->second;
        }
        Result<std::unique_ptr<queue::JournalFile>> create(const std::string & name) override {
            auto node = std::make_shared<Node>();
            const Status status = disk_.change_names([&](Names & names) { names[name] = node; });
            if (!status) return status;
            return std::unique_ptr<queue::JournalFile>(std::make_unique<File>(disk_, node));
        }
        Status rename(const std::string & from, const std::string & to) override {
            return disk_.change_names([&](Names & names) {
                names[to] = names[from];
                names.erase(from);
            });
        }
        Status remove(const std::string & name) override {
            return disk_.change_names([&](Names & names) { names.erase(name); });
        }
        Status sync() override {
            const std::lock_guard lock(disk_.mutex_);
            if (!disk_.operate()) return failure("the disk is broken");
            disk_.durable_names_ = disk_.names_;
            disk_.renames_.clear();
            return Status::ok();
        }

      private:
        MemoryDisk & disk_;
    };

    static Status failure(const std::string & why) { return Status(ErrorCode::JournalUnavailable, why); }

    // REQUIRES: mutex_ is held. False when it has to fail.
    bool operate() {
        if (operations_left_ == 0) return false;
        if (operations_left_ != kNever) --operations_left_;
        if (skipped_ > 0) {
            --skipped_;
        } else if (failing_ > 0) {
            --failing_;
            return false;
        }
        return true;
    }
    Status change_names(const std::function<void(Names &)> & change) {
        const std::lock_guard lock(mutex_);
        if (!operate()) return failure("the disk is broken");
        change(names_);
        renames_.push_back(names_);
        return Status::ok();
    }
    Status write(Node & node, Write write) {
        const std::lock_guard lock(mutex_);
        if (!operate()) return failure("the disk is broken");
        uint64_t used = 0;
        for (const auto & [name, other] : names_) used += other->bytes.size();
        const uint64_t end = write.offset + write.bytes.size();
        const uint64_t grown = end > node.bytes.size() ? end - node.bytes.size() : 0;
        const uint64_t room = capacity_ > used ? capacity_ - used : 0;
        const bool fits = write.is_resize || grown <= room;
        if (!fits) write.bytes.resize(write.bytes.size() - std::min<uint64_t>(write.bytes.size(), grown - room));
        Node::apply(node.bytes, write);
        node.unsynced.push_back(std::move(write));
        return fits ? Status::ok() : failure("the disk is full");
    }
    Status sync_file(Node & node) {
        std::function<void()> hook;
        {
            const std::lock_guard lock(mutex_);
            hook = sync_hook_;
        }
        if (hook) hook();
        const std::lock_guard lock(mutex_);
        if (!operate()) return failure("the disk is broken");
        node.durable = node.bytes;
        node.unsynced.clear();
        return Status::ok();
    }

    mutable std::mutex mutex_;
    // Guarded by mutex_.
    Names names_;
    Names durable_names_;
    std::vector<Names> renames_;  // the names after each change since the last sync of the folder
    uint64_t operations_left_ = kNever;
    uint64_t capacity_ = kNever;
    uint64_t skipped_ = 0;
    uint64_t failing_ = 0;
    std::function<void()> sync_hook_;
};

}  // namespace inferno::test
