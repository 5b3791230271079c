#include "native/queue/journal.h"

#include <new>
#include <system_error>
#include <utility>

namespace inferno::queue {
namespace {

// More than this is not gathered for one write; a single change may be larger.
constexpr size_t kMaxBatchBytes = size_t{16} << 20;
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
    submit(make_change(ChangeKind::Put, std::move(key), std::move(value)), std::move(done));
}

void Journal::remove(std::string key, Callback done) {
    submit(make_change(ChangeKind::Remove, std::move(key), {}), std::move(done));
}

Status Journal::put_and_wait(std::string key, std::vector<std::byte> value) {
    return submit_and_wait(make_change(ChangeKind::Put, std::move(key), std::move(value)));
}

Status Journal::remove_and_wait(std::string key) {
    return submit_and_wait(make_change(ChangeKind::Remove, std::move(key), {}));
}

JournalChange Journal::make_change(ChangeKind kind, std::string key, std::vector<std::byte> value) {
    return {kind, std::make_shared<const JournalEntry>(JournalEntry{std::move(key), std::move(value)})};
}

Status Journal::admit(const JournalChange & change) const {
    if (is_closing_) return closed();
    if (bytes_of_change(change) <= kMaxJournalRecordBytes) return Status::ok();
    return Status(ErrorCode::InvalidArgument, "Expected at most 64 MiB for an entry of the journal but received " +
                                                  std::to_string(bytes_of_change(change)) + " bytes.");
}

void Journal::submit(JournalChange change, Callback done) {
    Lock lock(mutex_);
    const Status admitted = admit(change);
    if (!admitted) {
        lock.unlock();
        done(admitted);
        return;
    }
    waiting_.push_back({std::move(change), std::move(done), nullptr});
    ++waiting_callbacks_;
    if (!is_committing_) work_.notify_one();
}

Status Journal::submit_and_wait(JournalChange change) {
    Lock lock(mutex_);
    const Status admitted = admit(change);
    if (!admitted) return admitted;
    Outcome outcome;
    waiting_.push_back({std::move(change), nullptr, &outcome});
    while (!outcome.is_settled) {
        if (is_committing_) {
            role_free_.wait(lock);
        } else {
            commit_waiting(lock);
        }
    }
    return outcome.status;
}

void Journal::take_role(Lock & lock) {
    role_free_.wait(lock, [this] { return !is_committing_; });
    is_committing_ = true;
    lock.unlock();
}

void Journal::release_role(Lock & lock) {
    lock.lock();
    is_committing_ = false;
    role_free_.notify_all();
    if (waiting_callbacks_ > 0 || is_closing_) work_.notify_one();
}

std::deque<Journal::Waiting> Journal::take_batch() {
    std::deque<Waiting> batch;
    size_t bytes = 0;
    while (!waiting_.empty()) {
        bytes += bytes_of_change(waiting_.front().change);
        if (!batch.empty() && bytes > kMaxBatchBytes) break;
        waiting_callbacks_ -= waiting_.front().outcome == nullptr ? 1 : 0;
        batch.push_back(std::move(waiting_.front()));
        waiting_.pop_front();
    }
    return batch;
}

void Journal::commit_waiting(Lock & lock) {
    std::deque<Waiting> batch = take_batch();
    take_role(lock);
    std::vector<JournalChange> changes;
    changes.reserve(batch.size());
    for (const Waiting & waiting : batch) changes.push_back(waiting.change);
    const Status status = store_->append(changes);
    for (Waiting & waiting : batch) {
        if (!waiting.done) continue;
        waiting.done(status);
        waiting.done = nullptr;  // what it holds must not be destroyed under the lock
    }
    const size_t entries = store_->entries();
    const uint64_t log_bytes = store_->log_bytes();
    release_role(lock);
    for (const Waiting & waiting : batch) {
        if (waiting.outcome != nullptr) *waiting.outcome = {status, true};
    }
    stats_.entries = entries;
    stats_.log_bytes = log_bytes;
    if (status) {
        stats_.appends += batch.size();
        ++stats_.syncs;
    }
    is_log_long_ = log_bytes > kLongLogBytes;
    if (is_log_long_) checkpoint_due_.notify_one();
}

void Journal::run_writer() {
    Lock lock(mutex_);
    while (true) {
        work_.wait(lock, [this] { return !is_committing_ && (waiting_callbacks_ > 0 || is_closing_); });
        if (!waiting_.empty()) {
            commit_waiting(lock);
        } else if (is_closing_) {
            return;
        }
    }
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
        checkpoint_due_.wait_until(lock, due, [&] {
            return is_closing_ || !checkpoint_requests_.empty() || (is_log_long_ && may_be_early);
        });
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
    const Status caught_up = write_unwritten();
    if (!caught_up) return caught_up;
    Lock lock(mutex_);
    take_role(lock);
    Status status;
    if (store_->has_changes()) {
        Result<JournalSnapshot> snapshot = store_->begin_checkpoint();
        if (snapshot) {
            unwritten_ = std::move(snapshot).value();
        } else {
            status = snapshot.status();
        }
    }
    const uint64_t log_bytes = store_->log_bytes();
    release_role(lock);
    stats_.log_bytes = log_bytes;
    is_log_long_ = log_bytes > kLongLogBytes;
    lock.unlock();
    return status ? write_unwritten() : status;
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
