#include "native/queue/journal.h"

#include <new>
#include <system_error>
#include <utility>

namespace inferno::queue {
namespace {

// More than this is not gathered for one write; a single change may be larger.
constexpr size_t kMaxGroupBytes = size_t{16} << 20;
// A log this long is replaced by a checkpoint before its time, which bounds the disk it takes and the next start.
constexpr uint64_t kLongLogBytes = uint64_t{64} << 20;

Status closed() { return Status(ErrorCode::JournalUnavailable, "The journal is closed."); }

size_t bytes_of_change(const JournalChange & change) {
    return record_bytes(change.entry->key.size(), change.entry->value.size());
}

}  // namespace

Result<OpenedJournal> Journal::open(const std::string & directory, const JournalOptions & options) {
    Result<std::unique_ptr<JournalFolder>> folder = open_journal_folder(directory);
    if (!folder) return folder.status();
    return open(std::move(folder).value(), options);
}

Result<OpenedJournal> Journal::open(std::unique_ptr<JournalFolder> folder, const JournalOptions & options) {
    try {
        OpenedJournal opened;
        auto store = JournalStore::open(std::move(folder), options.store, opened.warnings);
        if (!store) return store.status();
        opened.entries = store.value()->snapshot();
        opened.journal.reset(new Journal(std::move(store).value(), options));
        opened.journal->writer_ = std::thread([journal = opened.journal.get()] { journal->run_writer(); });
        opened.journal->checkpointer_ = std::thread([journal = opened.journal.get()] { journal->run_checkpoints(); });
        return opened;
    } catch (const std::bad_alloc &) {
        return Status(ErrorCode::JournalUnavailable, "There is not enough memory to read the journal.");
    } catch (const std::system_error &) {
        return Status(ErrorCode::JournalUnavailable, "The threads of the journal could not be started.");
    }
}

Journal::Journal(std::unique_ptr<JournalStore> store, const JournalOptions & options)
    : checkpoint_interval_(options.checkpoint_interval), store_(std::move(store)) {
    stats_.entries = store_->entries();
    stats_.log_bytes = store_->log_bytes();
}

Journal::~Journal() { close(); }

void Journal::put(std::string key, std::vector<std::byte> value, Callback done) {
    submit(ChangeKind::Put, std::move(key), std::move(value), std::move(done));
}

void Journal::remove(std::string key, Callback done) {
    submit(ChangeKind::Remove, std::move(key), {}, std::move(done));
}

void Journal::submit(ChangeKind kind, std::string key, std::vector<std::byte> value, Callback done) {
    JournalChange change{kind, std::make_shared<const JournalEntry>(JournalEntry{std::move(key), std::move(value)})};
    Lock lock(mutex_);
    const Status admitted = admit(change);
    if (!admitted) {
        lock.unlock();
        done(admitted);
        return;
    }
    const size_t bytes = bytes_of_change(change);
    const bool is_idle = groups_.empty();
    if (is_idle || groups_.back().bytes + bytes > kMaxGroupBytes) groups_.emplace_back();
    Group & group = groups_.back();
    group.bytes += bytes;
    group.changes.push_back(std::move(change));
    group.callbacks.push_back(std::move(done));
    lock.unlock();
    if (is_idle) work_.notify_one();
}

Status Journal::admit(const JournalChange & change) const {
    if (is_closing_) return closed();
    const size_t bytes = bytes_of_change(change);
    if (bytes <= kMaxJournalRecordBytes) return Status::ok();
    return Status(ErrorCode::InvalidArgument, "Expected at most 64 MiB for an entry of the journal but received " +
                                                  std::to_string(bytes) + " bytes.");
}

void Journal::run_writer() {
    Lock lock(mutex_);
    while (true) {
        work_.wait(lock, [this] { return !groups_.empty() || is_closing_; });
        if (groups_.empty()) return;  // it is closing
        Group group = std::move(groups_.front());
        groups_.pop_front();
        lock.unlock();
        commit(std::move(group));
        lock.lock();
    }
}

void Journal::commit(Group group) {
    Lock store_lock(store_mutex_);
    const Status status = store_->append(group.changes);
    const size_t entries = store_->entries();
    const uint64_t log_bytes = store_->log_bytes();
    store_lock.unlock();

    Lock lock(mutex_);
    stats_.entries = entries;
    stats_.log_bytes = log_bytes;
    if (status) {
        stats_.appends += group.changes.size();
        ++stats_.syncs;
    }
    is_log_long_ = log_bytes > kLongLogBytes;
    if (is_log_long_) checkpoint_due_.notify_one();
    lock.unlock();
    for (const Callback & done : group.callbacks) done(status);
}

void Journal::checkpoint(Callback done) {
    Lock lock(mutex_);
    if (!is_closing_) {
        checkpoint_requests_.push_back(std::move(done));
        checkpoint_due_.notify_one();
        return;
    }
    lock.unlock();
    done(closed());
}

void Journal::run_checkpoints() {
    Lock lock(mutex_);
    bool may_be_early = true;
    Clock::time_point due = Clock::now() + checkpoint_interval_;
    while (!is_closing_) {
        checkpoint_due_.wait_until(
            lock, due, [&] { return is_closing_ || !checkpoint_requests_.empty() || (is_log_long_ && may_be_early); });
        if (is_closing_) return;
        std::vector<Callback> requests = std::exchange(checkpoint_requests_, {});
        lock.unlock();
        const Status status = make_checkpoint();
        for (const Callback & done : requests) done(status);
        requests.clear();
        lock.lock();
        may_be_early = status.is_ok();  // a full disk is not tried again and again
        due = Clock::now() + checkpoint_interval_;
    }
}

Status Journal::make_checkpoint() {
    Status status = write_unwritten();
    if (status) status = begin_checkpoint();
    return status ? write_unwritten() : status;
}

Status Journal::begin_checkpoint() {
    Lock store_lock(store_mutex_);
    if (!store_->has_changes()) return Status::ok();
    Result<JournalSnapshot> snapshot = store_->begin_checkpoint();
    const uint64_t log_bytes = store_->log_bytes();
    store_lock.unlock();

    const Lock lock(mutex_);
    stats_.log_bytes = log_bytes;
    is_log_long_ = log_bytes > kLongLogBytes;
    if (!snapshot) return snapshot.status();
    unwritten_ = std::move(snapshot).value();
    return Status::ok();
}

Status Journal::write_unwritten() {
    if (!unwritten_) return Status::ok();
    const Status status = store_->write_checkpoint(*unwritten_);
    if (!status) return status;
    unwritten_.reset();
    const Lock lock(mutex_);
    ++stats_.checkpoints;
    return status;
}

JournalStats Journal::stats() const {
    const Lock lock(mutex_);
    return stats_;
}

void Journal::close() {
    Lock lock(mutex_);
    if (is_closing_) {
        closed_wakeup_.wait(lock, [this] { return is_closed_; });
        return;
    }
    is_closing_ = true;
    work_.notify_one();
    checkpoint_due_.notify_one();
    lock.unlock();
    if (writer_.joinable()) writer_.join();
    if (checkpointer_.joinable()) checkpointer_.join();
    const Status status = make_checkpoint();
    for (const Callback & done : std::exchange(checkpoint_requests_, {})) done(status);
    store_.reset();
    lock.lock();
    is_closed_ = true;
    closed_wakeup_.notify_all();
}

}  // namespace inferno::queue
