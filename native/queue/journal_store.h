// A journal's map and its files, without threads: changes are appended to the newest log, checkpoints replace old logs.
//
// Thread safety: none of its own. Members are labelled with who may use them: "changes" is whoever holds the mutex of
// the Journal that owns it, "checkpoints" is the one thread that writes checkpoints. The two run side by side.
#pragma once

#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <vector>

#include "native/core/status.h"
#include "native/queue/journal_folder.h"
#include "native/queue/journal_format.h"
#include "native/queue/journal_log.h"
#include "native/queue/journal_map.h"
#include "native/queue/journal_recovery.h"

namespace inferno::queue {

struct JournalChange {
    ChangeKind kind;
    JournalEntryPtr entry;  // of a removal only the key counts
};

// The map at the moment when the log of `generation` began.
struct JournalSnapshot {
    uint64_t generation = 0;
    uint64_t next_sequence = 1;
    std::vector<JournalEntryPtr> entries;
};

struct JournalStoreOptions {
    int compression_level = 3;
    uint32_t log_chunk_bytes = kDefaultLogChunkBytes;
};

class JournalStore {
  public:
    // Recovers what is in the folder; what was wrong with it is added to `warnings`. Fails with JournalUnavailable only
    // when the folder cannot be listed.
    static Result<std::unique_ptr<JournalStore>> open(std::unique_ptr<JournalFolder> folder,
                                                      const JournalStoreOptions & options,
                                                      std::vector<std::string> & warnings);

    // Changes. All of them or none, with one write and one sync; JournalUnavailable when none.
    Status append(std::span<const JournalChange> changes);
    // Changes. Is there anything that the newest checkpoint lacks?
    bool has_changes() const { return has_changes_; }
    // Changes.
    size_t entries() const { return map_.size(); }
    std::vector<JournalEntryPtr> snapshot() const { return map_.snapshot(); }
    // Changes. Of header and records of the log.
    uint64_t log_bytes() const { return log_ ? log_->bytes() : 0; }
    // Changes. Starts a new log; the snapshot is what a checkpoint of its generation has to hold.
    Result<JournalSnapshot> begin_checkpoint();

    // Checkpoints. Afterwards files that are older than the checkpoint before this one are removed.
    Status write_checkpoint(const JournalSnapshot & snapshot);

  private:
    JournalStore(std::unique_ptr<JournalFolder> folder, const JournalStoreOptions & options,
                 RecoveredJournal & recovered);

    Status start_log();
    Status append_to_log(std::span<const JournalChange> changes);
    Status write_checkpoint_file(const JournalSnapshot & snapshot);
    void retire_files(uint64_t new_checkpoint);
    Status rewrite_generations(const RecoveredJournal & recovered);

    // Constant after construction.
    const std::unique_ptr<JournalFolder> folder_;
    const JournalStoreOptions options_;

    // Changes.
    JournalMap map_;
    uint64_t next_sequence_;
    uint64_t last_generation_;
    bool has_changes_;
    std::unique_ptr<JournalLog> log_;  // null while none could be made

    // Checkpoints.
    uint64_t newest_checkpoint_;  // 0: none
};

}  // namespace inferno::queue
