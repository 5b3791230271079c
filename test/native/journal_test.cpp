// The journal as its users see it: durability, group commit, failing disks, closing, locking.
#include "native/queue/journal.h"

#include <atomic>
#include <condition_variable>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <future>
#include <thread>
#include <unistd.h>

#include "test/native/check.h"
#include "test/native/journal_history.h"
#include "test/native/memory_folder.h"

using namespace inferno;
using namespace inferno::queue;
using namespace inferno::test;

namespace {

class TemporaryFolder {
  public:
    TemporaryFolder() {
        std::string name = (std::filesystem::temp_directory_path() / "inferno-journal-XXXXXX").string();
        if (::mkdtemp(name.data()) == nullptr) std::abort();
        path_ = name;
    }
    ~TemporaryFolder() { std::filesystem::remove_all(path_); }
    std::string journal() const { return (path_ / "state" / "journal").string(); }
    const std::filesystem::path & path() const { return path_; }

  private:
    std::filesystem::path path_;
};

JournalOptions small_options() {
    JournalOptions options;
    options.store.log_chunk_bytes = 512;
    options.checkpoint_interval = std::chrono::hours(1);
    return options;
}

template <typename Place>
OpenedJournal open_journal(Place && place, const JournalOptions & options = small_options()) {
    Result<OpenedJournal> opened = Journal::open(std::forward<Place>(place), options);
    CHECK(opened.is_ok());
    if (!opened) std::abort();
    return std::move(opened).value();
}

// What a function with a callback calls back with.
template <typename Function>
Status wait_for(Function && function) {
    // Shared: the writer thread may still be in set_value() when this one goes on.
    const auto outcome = std::make_shared<std::promise<Status>>();
    function([outcome](const Status & status) { outcome->set_value(status); });
    return outcome->get_future().get();
}

Status put_and_wait(Journal & journal, const std::string & key, std::vector<std::byte> value) {
    return wait_for([&](auto done) { journal.put(key, std::move(value), done); });
}

Status remove_and_wait(Journal & journal, const std::string & key) {
    return wait_for([&](auto done) { journal.remove(key, done); });
}

Status checkpoint(Journal & journal) {
    return wait_for([&](auto done) { journal.checkpoint(done); });
}

void put(Journal & journal, const std::string & key, const std::string & value) {
    CHECK(put_and_wait(journal, key, to_bytes(value)).is_ok());
}

// What another process would find if this one were killed now.
Contents contents_after_kill(const MemoryDisk & disk) {
    MemoryDisk copy;
    copy.set_files(disk.files());
    const OpenedJournal opened = open_journal(copy.open());
    CHECK(opened.warnings.empty());
    return contents_of(opened.entries);
}

// A disk whose syncs wait while the gate is shut.
class SyncGate {
  public:
    void shut() {
        const std::lock_guard lock(mutex_);
        is_shut_ = true;
    }
    void open() {
        const std::lock_guard lock(mutex_);
        is_shut_ = false;
        wakeup_.notify_all();
    }
    void wait_for_arrival() {
        std::unique_lock lock(mutex_);
        wakeup_.wait(lock, [&] { return arrivals_ > 0; });
    }
    void pass() {
        std::unique_lock lock(mutex_);
        if (!is_shut_) return;
        ++arrivals_;
        wakeup_.notify_all();
        wakeup_.wait(lock, [&] { return !is_shut_; });
    }

  private:
    std::mutex mutex_;
    std::condition_variable wakeup_;
    bool is_shut_ = false;
    int arrivals_ = 0;
};

}  // namespace

INFERNO_TEST(journal_keeps_puts_and_removals_over_a_restart) {
    const TemporaryFolder folder;
    {
        OpenedJournal opened = open_journal(folder.journal());
        CHECK(opened.entries.empty());
        CHECK(opened.warnings.empty());
        put(*opened.journal, "a", "1");
        put(*opened.journal, "b", std::string("2\0\n", 3));
        put(*opened.journal, "a", "3");
        put(*opened.journal, "", "empty key");
        put(*opened.journal, "gone", "");
        CHECK(remove_and_wait(*opened.journal, "gone").is_ok());
        CHECK(remove_and_wait(*opened.journal, "never there").is_ok());
        CHECK_EQ(opened.journal->stats().entries, size_t{3});
        CHECK_EQ(opened.journal->stats().appends, uint64_t{7});
    }
    const OpenedJournal opened = open_journal(folder.journal());
    CHECK(opened.warnings.empty());
    CHECK(contents_of(opened.entries) == (Contents{{"a", "3"}, {"b", std::string("2\0\n", 3)}, {"", "empty key"}}));
}

INFERNO_TEST(journal_files_are_for_their_user_only) {
    const TemporaryFolder folder;
    const OpenedJournal opened = open_journal(folder.journal());
    constexpr auto kOthers = std::filesystem::perms::group_all | std::filesystem::perms::others_all;
    for (const auto & entry : std::filesystem::recursive_directory_iterator(folder.path() / "state")) {
        CHECK((entry.status().permissions() & kOthers) == std::filesystem::perms::none);
    }
}

INFERNO_TEST(journal_commits_what_waits_with_one_sync) {
    MemoryDisk disk;
    SyncGate gate;
    disk.on_sync([&] { gate.pass(); });
    OpenedJournal opened = open_journal(disk.open());
    gate.shut();
    std::atomic<int> settled = 0;
    const auto count = [&](const Status & status) { settled += status.is_ok() ? 1 : 0; };
    opened.journal->put("first", to_bytes("x"), count);
    gate.wait_for_arrival();
    constexpr int kWaiting = 50;
    for (int i = 0; i < kWaiting; ++i) opened.journal->put(std::to_string(i), to_bytes("x"), count);
    CHECK_EQ(settled.load(), 0);
    gate.open();
    opened.journal->close();
    CHECK_EQ(settled.load(), kWaiting + 1);
    CHECK_EQ(opened.journal->stats().appends, uint64_t{kWaiting + 1});
    CHECK_EQ(opened.journal->stats().syncs, uint64_t{2});
}

INFERNO_TEST(journal_takes_changes_while_a_checkpoint_is_written) {
    MemoryDisk disk;
    OpenedJournal opened = open_journal(disk.open());
    put(*opened.journal, "a", "1");
    SyncGate gate;
    // A checkpoint syncs its new log, then its own file, which is held back here.
    std::atomic<int> syncs = 0;
    disk.on_sync([&] {
        if (++syncs == 2) gate.pass();
    });
    gate.shut();
    std::atomic<bool> is_written = false;
    opened.journal->checkpoint([&](const Status & status) { is_written = status.is_ok(); });
    gate.wait_for_arrival();
    put(*opened.journal, "b", "2");
    CHECK(!is_written);
    gate.open();
    opened.journal->close();
    CHECK(is_written);
    CHECK(contents_of(open_journal(disk.open()).entries) == (Contents{{"a", "1"}, {"b", "2"}}));
}

INFERNO_TEST(journal_callbacks_may_put_more) {
    MemoryDisk disk;
    OpenedJournal opened = open_journal(disk.open());
    std::atomic<bool> is_done = false;
    opened.journal->put("a", to_bytes("1"), [&](const Status &) {
        opened.journal->put("b", to_bytes("2"), [&](const Status & status) { is_done = status.is_ok(); });
    });
    while (!is_done) std::this_thread::yield();
    CHECK_EQ(opened.journal->stats().entries, size_t{2});
}

INFERNO_TEST(journal_with_many_concurrent_writers_keeps_every_acknowledged_change) {
    const TemporaryFolder folder;
    constexpr int kThreads = 8;
    constexpr int kChanges = 60;
    Contents expected;
    {
        OpenedJournal opened = open_journal(folder.journal());
        Journal & journal = *opened.journal;
        std::atomic<int> failures = 0;
        std::vector<std::thread> threads;
        for (int thread = 0; thread < kThreads; ++thread) {
            threads.emplace_back([&, thread] {
                const auto count = [&](const Status & status) { failures += status.is_ok() ? 0 : 1; };
                for (int i = 0; i < kChanges; ++i) {
                    const std::string key = std::to_string(thread) + "-" + std::to_string(i);
                    count(put_and_wait(journal, key, to_bytes("old")));
                    journal.put(key, to_bytes("new"), count);
                    if (i % 3 == 0) journal.remove(key, count);
                    if (i % 20 == 0) journal.checkpoint(count);
                    (void)journal.stats();
                }
            });
        }
        for (std::thread & thread : threads) thread.join();
        journal.close();
        CHECK_EQ(failures.load(), 0);
        CHECK(journal.stats().checkpoints > 0);
    }
    for (int thread = 0; thread < kThreads; ++thread) {
        for (int i = 0; i < kChanges; ++i) {
            if (i % 3 != 0) expected[std::to_string(thread) + "-" + std::to_string(i)] = "new";
        }
    }
    const OpenedJournal opened = open_journal(folder.journal());
    CHECK(opened.warnings.empty());
    CHECK(contents_of(opened.entries) == expected);
}

INFERNO_TEST(journal_writes_checkpoints_by_itself_when_something_changed) {
    MemoryDisk disk;
    JournalOptions options = small_options();
    options.checkpoint_interval = std::chrono::milliseconds(1);
    OpenedJournal opened = open_journal(disk.open(), options);
    put(*opened.journal, "a", "1");
    while (opened.journal->stats().checkpoints == 0) std::this_thread::yield();
    CHECK(checkpoint(*opened.journal).is_ok());
    opened.journal->close();
    CHECK_EQ(opened.journal->stats().checkpoints, uint64_t{1});
}

INFERNO_TEST(journal_keeps_two_generations_and_no_more) {
    MemoryDisk disk;
    OpenedJournal opened = open_journal(disk.open());
    for (int i = 0; i < 5; ++i) {
        put(*opened.journal, "key", std::to_string(i));
        CHECK(checkpoint(*opened.journal).is_ok());
    }
    std::string names;
    for (const auto & [name, bytes] : disk.files()) names += name + " ";
    CHECK_EQ(names, std::string("journal-000000000005.checkpoint journal-000000000005.log "
                                "journal-000000000006.checkpoint journal-000000000006.log "));
}

INFERNO_TEST(journal_that_was_opened_and_closed_often_does_not_grow) {
    MemoryDisk disk;
    for (int i = 0; i < 5; ++i) {
        OpenedJournal opened = open_journal(disk.open());
        CHECK(opened.warnings.empty());
        if (i == 0) put(*opened.journal, "a", "1");
        CHECK(i == 0 || contents_of(opened.entries) == (Contents{{"a", "1"}}));
    }
    CHECK(disk.files().size() <= 4);
}

INFERNO_TEST(journal_on_a_full_disk_refuses_changes_and_goes_on_when_there_is_room) {
    MemoryDisk disk;
    OpenedJournal opened = open_journal(disk.open());
    put(*opened.journal, "kept", "1");
    disk.set_capacity(700);
    const Status refused = put_and_wait(*opened.journal, "large", std::vector<std::byte>(2000));
    CHECK(refused.code() == ErrorCode::JournalUnavailable);
    CHECK(!refused.message().empty());
    put(*opened.journal, "small", "fits into the chunk that is there");
    CHECK_EQ(contents_after_kill(disk).size(), size_t{2});
    CHECK(!checkpoint(*opened.journal).is_ok());
    CHECK_EQ(opened.journal->stats().entries, size_t{2});
    disk.set_capacity(MemoryDisk::kNever);
    CHECK(put_and_wait(*opened.journal, "large", std::vector<std::byte>(2000)).is_ok());
    CHECK(checkpoint(*opened.journal).is_ok());
    CHECK(remove_and_wait(*opened.journal, "large").is_ok());
    opened.journal->close();
    const OpenedJournal again = open_journal(disk.open());
    CHECK(again.warnings.empty());
    CHECK_EQ(contents_of(again.entries).size(), size_t{2});
}

INFERNO_TEST(journal_that_starts_on_a_full_disk_has_its_entries_and_takes_changes_later) {
    MemoryDisk disk;
    put(*open_journal(disk.open()).journal, "a", "1");
    disk.set_capacity(0);
    OpenedJournal opened = open_journal(disk.open());
    CHECK(contents_of(opened.entries) == (Contents{{"a", "1"}}));
    CHECK_EQ(opened.warnings.size(), size_t{1});
    CHECK(put_and_wait(*opened.journal, "b", {}).code() == ErrorCode::JournalUnavailable);
    disk.set_capacity(MemoryDisk::kNever);
    put(*opened.journal, "b", "2");
    opened.journal->close();
    CHECK(contents_of(open_journal(disk.open()).entries) == (Contents{{"a", "1"}, {"b", "2"}}));
}

INFERNO_TEST(journal_whose_disk_fails_mends_its_log_or_starts_another) {
    // The record is written; then fail its sync, mending the log, mending it at the next change, making a new log.
    for (const uint64_t failing : {1, 2, 3, 4}) {
        MemoryDisk disk;
        OpenedJournal opened = open_journal(disk.open());
        put(*opened.journal, "a", "1");
        disk.fail_operations(1, failing);
        const Status refused = put_and_wait(*opened.journal, "b", to_bytes("2"));
        CHECK(refused.code() == ErrorCode::JournalUnavailable);
        const bool is_second_refused = !put_and_wait(*opened.journal, "c", to_bytes("3"));
        CHECK_EQ(is_second_refused, failing == 4);
        put(*opened.journal, "d", "4");
        Contents expected{{"a", "1"}, {"d", "4"}};
        if (!is_second_refused) expected["c"] = "3";
        CHECK(contents_after_kill(disk) == expected);
    }
}

INFERNO_TEST(journal_whose_checkpoint_fails_at_any_step_loses_nothing) {
    constexpr uint64_t kSteps = 12;  // more than a checkpoint takes
    for (uint64_t step = 0; step < kSteps; ++step) {
        MemoryDisk disk;
        OpenedJournal opened = open_journal(disk.open());
        put(*opened.journal, "a", "1");
        disk.fail_operations(step, 1);
        (void)checkpoint(*opened.journal);
        disk.fail_operations(0, 0);
        put(*opened.journal, "b", "2");
        CHECK(contents_after_kill(disk) == (Contents{{"a", "1"}, {"b", "2"}}));
        CHECK(checkpoint(*opened.journal).is_ok());
        CHECK(contents_after_kill(disk) == (Contents{{"a", "1"}, {"b", "2"}}));
    }
}

INFERNO_TEST(journal_refuses_entries_that_are_too_large) {
    MemoryDisk disk;
    OpenedJournal opened = open_journal(disk.open());
    const Status status = put_and_wait(*opened.journal, "a", std::vector<std::byte>(kMaxJournalRecordBytes));
    CHECK(status.code() == ErrorCode::InvalidArgument);
    bool is_called = false;
    opened.journal->put("a", std::vector<std::byte>(kMaxJournalRecordBytes),
                        [&](const Status & refused) { is_called = refused.code() == ErrorCode::InvalidArgument; });
    CHECK(is_called);
    CHECK_EQ(opened.journal->stats().entries, size_t{0});
}

INFERNO_TEST(journal_close_settles_everything_and_then_refuses) {
    MemoryDisk disk;
    OpenedJournal opened = open_journal(disk.open());
    Journal & journal = *opened.journal;
    std::atomic<int> settled = 0;
    constexpr int kChanges = 100;
    for (int i = 0; i < kChanges; ++i) {
        journal.put(std::to_string(i), to_bytes("x"),
                    [&](const Status & status) { settled += status.is_ok() ? 1 : 0; });
    }
    std::thread other([&] { journal.close(); });
    journal.close();
    CHECK_EQ(settled.load(), kChanges);
    other.join();
    CHECK(put_and_wait(journal, "late", {}).code() == ErrorCode::JournalUnavailable);
    CHECK(remove_and_wait(journal, "late").code() == ErrorCode::JournalUnavailable);
    CHECK(checkpoint(journal).code() == ErrorCode::JournalUnavailable);
    bool is_refused = false;
    journal.put("late", {}, [&](const Status & status) { is_refused = !status; });
    CHECK(is_refused);
    CHECK_EQ(journal.stats().entries, size_t{kChanges});
    CHECK_EQ(open_journal(disk.open()).entries.size(), size_t{kChanges});
}

INFERNO_TEST(journal_folder_is_locked_until_it_is_closed) {
    const TemporaryFolder folder;
    OpenedJournal opened = open_journal(folder.journal());
    const Result<OpenedJournal> second = Journal::open(folder.journal(), small_options());
    CHECK(!second && second.status().code() == ErrorCode::JournalUnavailable);
    opened.journal->close();
    CHECK(Journal::open(folder.journal(), small_options()).is_ok());
}

INFERNO_TEST(journal_folder_that_cannot_be_made_is_refused_without_its_path) {
    const TemporaryFolder folder;
    std::ofstream(folder.path() / "file") << "not a folder";
    for (const char * place : {"file", "file/below"}) {
        const Result<OpenedJournal> opened = Journal::open((folder.path() / place).string(), small_options());
        CHECK(!opened && opened.status().code() == ErrorCode::JournalUnavailable);
        CHECK(opened.status().message().find(folder.path().string()) == std::string::npos);
    }
}
