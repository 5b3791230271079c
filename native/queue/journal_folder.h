// What the journal asks of a file system: files in one folder whose contents and names can be made to survive a power
// cut. Real folders come from open_journal_folder(); the tests have one that fails and loses power when told to.
//
// Thread safety: a folder may be used by several threads at once, each file by one at a time.
// Ownership: files do not need their folder to outlive them.
// Sentences name files without their folder: they may reach users of a server.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <vector>

#include "native/core/status.h"

namespace inferno::queue {

// Open for writing. Every failure is JournalUnavailable; what a failed write left in the file is unknown.
class JournalFile {
  public:
    virtual ~JournalFile() = default;
    virtual Status write(uint64_t offset, std::span<const std::byte> bytes) = 0;
    virtual Status resize(uint64_t bytes) = 0;
    // The contents and the size survive a power cut when this returns Ok.
    virtual Status sync() = 0;
};

class JournalFolder {
  public:
    virtual ~JournalFolder() = default;
    virtual Result<std::vector<std::string>> list() = 0;
    virtual Result<std::vector<std::byte>> read(const std::string & name) = 0;
    // A file that is there already is emptied.
    virtual Result<std::unique_ptr<JournalFile>> create(const std::string & name) = 0;
    // Replaces `to` atomically.
    virtual Status rename(const std::string & from, const std::string & to) = 0;
    virtual Status remove(const std::string & name) = 0;
    // Names (created, renamed, removed) survive a power cut when this returns Ok.
    virtual Status sync() = 0;
};

// Makes the folder, for this user only, when it does not exist, and keeps it locked until the object is gone. Fails
// with JournalUnavailable when it cannot be made or written, or when somebody else (also in this process) has it open.
Result<std::unique_ptr<JournalFolder>> open_journal_folder(const std::string & path);

}  // namespace inferno::queue
