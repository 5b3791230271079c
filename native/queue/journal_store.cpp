#include "native/queue/journal_store.h"

#include <new>
#include <utility>

#include "native/queue/journal_file.h"

namespace inferno::queue {

Result<std::unique_ptr<JournalStore>> JournalStore::open(std::unique_ptr<JournalFolder> folder,
                                                         const JournalStoreOptions & options,
                                                         std::vector<std::string> & warnings) {
    Result<RecoveredJournal> recovery = recover_journal(*folder);
    if (!recovery) return recovery.status();
    RecoveredJournal & recovered = recovery.value();
    warnings = std::move(recovered.warnings);
    std::unique_ptr<JournalStore> store(new JournalStore(std::move(folder), options, recovered));
    const Status ready = recovered.is_intact ? store->start_log() : store->rewrite_generations(recovered);
    if (!ready) {
        const bool takes_changes = store->log_ != nullptr;
        warnings.push_back(ready.message() + (takes_changes ? " The damaged files stay until the next start."
                                                            : " The journal takes no changes until that is mended."));
        return store;
    }
    // Only now: an empty log is what says that nothing is missing behind a checkpoint.
    for (const std::string & name : recovered.useless) (void)store->folder_->remove(name);
    return store;
}

JournalStore::JournalStore(std::unique_ptr<JournalFolder> folder, const JournalStoreOptions & options,
                           RecoveredJournal & recovered)
    : folder_(std::move(folder)),
      options_(options),
      map_(std::move(recovered.map)),
      next_sequence_(recovered.next_sequence),
      last_generation_(recovered.last_generation),
      has_changes_(recovered.has_changes),
      newest_checkpoint_(recovered.newest_checkpoint) {}

Status JournalStore::start_log() {
    const LogHeader header{last_generation_ + 1, next_sequence_, options_.log_chunk_bytes};
    bool name_may_exist = false;
    Result<std::unique_ptr<JournalLog>> log = JournalLog::create(*folder_, header, name_may_exist);
    if (log || name_may_exist) last_generation_ = header.generation;
    if (log) log_ = std::move(log).value();
    // Recovery ends a log where a later one begins, so the old one must take no more once there may be a new one.
    if (!log && name_may_exist) log_.reset();
    return log ? Status::ok() : log.status();
}

Status JournalStore::append(std::span<const JournalChange> changes) {
    try {
        if (log_ && !log_->repair()) log_.reset();
        if (!log_) {
            const Status started = start_log();
            if (!started) return started;
        }
        return append_to_log(changes);
    } catch (const std::bad_alloc &) {
        return Status(ErrorCode::JournalUnavailable, "There is not enough memory to write to the journal.");
    }
}

Status JournalStore::append_to_log(std::span<const JournalChange> changes) {
    size_t bytes = 0;
    for (const JournalChange & change : changes) {
        bytes += record_bytes(change.entry->key.size(), change.entry->value.size());
    }
    std::vector<std::byte> records;
    records.reserve(bytes + options_.log_chunk_bytes);
    uint64_t sequence = next_sequence_;
    for (const JournalChange & change : changes) {
        const LogRecord record{sequence++, change.kind, change.entry->key, change.entry->value};
        append_record(records, log_->seed(), record);
    }
    const Status status = log_->append(std::move(records));
    if (!status) return status;
    next_sequence_ = sequence;
    has_changes_ = true;
    for (const JournalChange & change : changes) {
        if (change.kind == ChangeKind::Put) {
            map_.put(change.entry);
        } else {
            map_.remove(change.entry->key);
        }
    }
    return Status::ok();
}

Result<JournalSnapshot> JournalStore::begin_checkpoint() {
    try {
        const Status started = start_log();
        if (!started) return started;
        JournalSnapshot snapshot{last_generation_, next_sequence_, map_.snapshot()};
        has_changes_ = false;
        return snapshot;
    } catch (const std::bad_alloc &) {
        return Status(ErrorCode::JournalUnavailable, "There is not enough memory for a checkpoint of the journal.");
    }
}

Status JournalStore::write_checkpoint(const JournalSnapshot & snapshot) {
    const Status status = write_checkpoint_file(snapshot);
    if (status) retire_files(snapshot.generation);
    return status;
}

Status JournalStore::write_checkpoint_file(const JournalSnapshot & snapshot) {
    std::vector<MapEntry> entries;
    entries.reserve(snapshot.entries.size());
    for (const JournalEntryPtr & entry : snapshot.entries) entries.push_back({entry->key, entry->value});
    CheckpointHeader header;
    header.generation = snapshot.generation;
    header.next_sequence = snapshot.next_sequence;
    const Result<std::vector<std::byte>> bytes = encode_checkpoint(header, entries, options_.compression_level);
    if (!bytes) return bytes.status();
    bool name_may_exist = false;
    const std::string name = journal_file_name(JournalFileKind::Checkpoint, snapshot.generation);
    const Result<std::unique_ptr<JournalFile>> file = write_journal_file(*folder_, name, bytes.value(), name_may_exist);
    return file ? Status::ok() : file.status();
}

// Keeps the checkpoint before the new one, with every log since: what recovery falls back on.
void JournalStore::retire_files(uint64_t new_checkpoint) {
    // A file that cannot be removed is tried again next time.
    (void)remove_generations_before(*folder_, newest_checkpoint_);
    newest_checkpoint_ = new_checkpoint;
}

// After damage: writes the map twice, as two generations, and only then takes the old files away.
Status JournalStore::rewrite_generations(const RecoveredJournal & recovered) {
    constexpr int kGenerationsKept = 2;
    uint64_t written_generation = 0;
    for (int i = 0; i < kGenerationsKept; ++i) {
        const Result<JournalSnapshot> snapshot = begin_checkpoint();
        has_changes_ = true;  // until both are written
        if (!snapshot) return snapshot.status();
        const Status written = write_checkpoint_file(snapshot.value());
        if (!written) return written;
        newest_checkpoint_ = std::exchange(written_generation, snapshot.value().generation);
    }
    has_changes_ = false;
    (void)set_aside(*folder_, recovered.damaged);
    retire_files(written_generation);
    return Status::ok();
}

}  // namespace inferno::queue
