// A durable map from key to bytes. A change is acknowledged when it would survive a power cut; changes that wait at the
// same time share one write and one sync (group commit). Every so often the whole map is saved as a compressed
// checkpoint, and the log starts anew. Files: journal_format.h; recovery: journal_recovery.h.
//
// A writer thread commits: it takes everything that waits, writes and syncs it, calls back, and takes what came
// meanwhile. A second thread writes checkpoints; changes stop only while it starts the new log.
//
// Thread safety: all functions from any thread. Callbacks are called on the writer thread (of checkpoints: on the
// other), in the order of the changes; they may call everything but close() and the destructor. A change that is too
// large (InvalidArgument) or comes after close() (JournalUnavailable) calls back at once, on the calling thread. A
// change that failed is not in the map, unless the process ends before the log could be mended.
//
// Ownership: owns its threads, its folder and the folder's lock. The callers bound what waits: they are told when it is
// done.
#pragma once

#include <chrono>
#include <condition_variable>
#include <cstddef>
#include <cstdint>
#include <deque>
#include <functional>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <thread>
#include <vector>

#include "native/core/status.h"
#include "native/queue/journal_folder.h"
#include "native/queue/journal_map.h"
#include "native/queue/journal_store.h"

namespace inferno::queue {

struct JournalOptions {
    JournalStoreOptions store;
    std::chrono::milliseconds checkpoint_interval{30'000};
};

struct JournalStats {
    size_t entries = 0;
    uint64_t appends = 0;
    uint64_t syncs = 0;  // for appends
    uint64_t checkpoints = 0;
    uint64_t log_bytes = 0;
};

class Journal;
struct OpenedJournal {
    std::unique_ptr<Journal> journal;
    std::vector<JournalEntryPtr> entries;  // by key
    std::vector<std::string> warnings;     // a sentence each
};

class Journal {
  public:
    using Callback = std::function<void(const Status &)>;

    // Recovers what is there, up to the last good record. Fails with JournalUnavailable when the folder cannot be used.
    static Result<OpenedJournal> open(const std::string & directory, const JournalOptions & options);
    static Result<OpenedJournal> open(std::unique_ptr<JournalFolder> folder, const JournalOptions & options);
    // Closes. REQUIRES: no other call is under way.
    ~Journal();
    Journal(const Journal &) = delete;
    Journal & operator=(const Journal &) = delete;

    void put(std::string key, std::vector<std::byte> value, Callback done);
    void remove(std::string key, Callback done);
    // Saves the map as it is when the checkpoint begins; Ok at once when nothing changed since the last one.
    void checkpoint(Callback done);
    JournalStats stats() const;
    // Commits what waits, writes a last checkpoint, releases the folder. Returns when that is done, also when somebody
    // else closes at the same time. A checkpoint that fails loses nothing: the log has it all.
    void close();

  private:
    struct Group {
        std::vector<JournalChange> changes;
        std::vector<Callback> callbacks;  // one for each
        size_t bytes = 0;
    };
    using Lock = std::unique_lock<std::mutex>;
    using Clock = std::chrono::steady_clock;

    Journal(std::unique_ptr<JournalStore> store, const JournalOptions & options);

    void submit(ChangeKind kind, std::string key, std::vector<std::byte> value, Callback done);
    // Ok when `change` may wait. REQUIRES: mutex_ is held.
    Status admit(const JournalChange & change) const;
    void run_writer();
    void commit(Group group);
    void run_checkpoints();
    Status make_checkpoint();
    Status begin_checkpoint();
    Status write_unwritten();

    // Constant after construction.
    const std::chrono::milliseconds checkpoint_interval_;

    // Taken before mutex_, never after it. Held over a write and its sync.
    std::mutex store_mutex_;
    std::unique_ptr<JournalStore> store_;  // guarded by store_mutex_; its write_checkpoint() needs no lock

    mutable std::mutex mutex_;
    std::condition_variable work_;            // for the writer thread
    std::condition_variable checkpoint_due_;  // for the checkpoint thread
    std::condition_variable closed_wakeup_;
    // Guarded by mutex_.
    std::deque<Group> groups_;  // that wait; changes are added to the last
    std::vector<Callback> checkpoint_requests_;
    bool is_log_long_ = false;
    JournalStats stats_;
    bool is_closing_ = false;
    bool is_closed_ = false;

    // Checkpoint thread; after it ended, close().
    std::optional<JournalSnapshot> unwritten_;  // its checkpoint could not be written yet

    std::thread writer_;
    std::thread checkpointer_;
};

}  // namespace inferno::queue
