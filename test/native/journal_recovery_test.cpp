// What a journal makes of damaged files: every single bit, every cut, power cuts at every step.
#include <cstdlib>
#include <optional>
#include <string>
#include <vector>

#include "native/queue/journal_format.h"
#include "native/queue/journal_store.h"
#include "test/native/check.h"
#include "test/native/journal_history.h"
#include "test/native/memory_folder.h"

using namespace inferno;
using namespace inferno::queue;
using namespace inferno::test;

namespace {

JournalStoreOptions small_options() {
    JournalStoreOptions options;
    options.log_chunk_bytes = 256;
    return options;
}

// A store with its history: what was acknowledged, and what may be there although it was not.
class TestStore {
  public:
    TestStore(MemoryDisk & disk, History & history) : history_(history) {
        auto opened = JournalStore::open(disk.open(), small_options(), warnings_);
        if (opened) store_ = std::move(opened).value();
    }
    const std::vector<std::string> & warnings() const { return warnings_; }
    JournalStore & operator*() { return *store_; }
    Contents contents() const { return contents_of(store_->snapshot()); }
    bool is_open() const { return store_ != nullptr; }

    bool put(const std::string & key, const std::string & value) {
        auto entry = std::make_shared<const JournalEntry>(JournalEntry{key, to_bytes(value)});
        history_.put(key, value);
        return append({ChangeKind::Put, std::move(entry)});
    }
    bool remove(const std::string & key) {
        history_.remove(key);
        return append({ChangeKind::Remove, std::make_shared<const JournalEntry>(JournalEntry{key, {}})});
    }
    bool checkpoint() {
        const Result<JournalSnapshot> snapshot = store_->begin_checkpoint();
        return snapshot && store_->write_checkpoint(snapshot.value());
    }

  private:
    bool append(const JournalChange & change) { return store_->append({&change, 1}).is_ok(); }

    History & history_;
    std::vector<std::string> warnings_;
    std::unique_ptr<JournalStore> store_;
};

constexpr const char * kOldLog = "journal-000000000002.log";
constexpr const char * kOldCheckpoint = "journal-000000000002.checkpoint";
constexpr const char * kNewLog = "journal-000000000003.log";
constexpr const char * kNewCheckpoint = "journal-000000000003.checkpoint";
constexpr size_t kChangesBeforeOldLog = 3;
constexpr size_t kChangesBeforeNewLog = 6;

// Two generations of files with three changes in each log.
std::map<std::string, FileBytes> two_generations(History & history) {
    MemoryDisk disk;
    TestStore store(disk, history);
    CHECK(store.put("a", "1") && store.put("b", "22") && store.put("c", "333"));
    CHECK(store.checkpoint());
    CHECK(store.put("d", "4444") && store.remove("a") && store.put("b", "again"));
    CHECK(store.checkpoint());
    CHECK(store.put("e", "5") && store.put("f", std::string(100, 'f')) && store.remove("c"));
    std::map<std::string, FileBytes> files = disk.files();
    CHECK_EQ(files.size(), size_t{4});
    return files;
}

// How many records of `log` lie wholly before `offset`.
size_t records_before(const FileBytes & log, uint64_t generation, size_t offset) {
    const Result<LogContents> contents = decode_log(log, generation);
    CHECK(contents.is_ok() && contents.value().fault.empty());
    size_t end = kLogRecordsBegin;
    size_t count = 0;
    for (const LogRecord & record : contents.value().records) {
        end += record_bytes(record.key.size(), record.value.size());
        if (end <= offset) ++count;
    }
    return count;
}

// Opens damaged files. They must be noticed and give at least `least` changes; afterwards the journal must be whole.
void check_recovery(const std::map<std::string, FileBytes> & files, const History & history, size_t least,
                    const std::string & what) {
    MemoryDisk disk;
    disk.set_files(files);
    History ignored;
    Contents recovered;
    {
        const TestStore store(disk, ignored);
        recovered = store.contents();
        const size_t changes = history.find(recovered);
        const bool is_prefix = changes != History::kNotThere && changes >= least;
        if (store.warnings().empty()) report_failure(__FILE__, __LINE__, "not noticed: " + what);
        if (!is_prefix) report_failure(__FILE__, __LINE__, "recovered something else: " + what);
    }
    const TestStore again(disk, ignored);
    if (!again.warnings().empty()) report_failure(__FILE__, __LINE__, "not mended: " + what);
    if (again.contents() != recovered) report_failure(__FILE__, __LINE__, "changed by mending: " + what);
}

// The least that must be left when byte `offset` of a file, or everything behind it, is bad.
size_t least_changes(const std::map<std::string, FileBytes> & files, const std::string & name, size_t offset,
                     const History & history) {
    if (name != kNewLog) return history.changes();
    return kChangesBeforeNewLog + records_before(files.at(kNewLog), 3, offset);
}

}  // namespace

INFERNO_TEST(every_flipped_bit_is_noticed_and_costs_only_what_comes_behind_it) {
    History history;
    const auto files = two_generations(history);
    for (const auto & [name, bytes] : files) {
        for (size_t bit = 0; bit < bytes.size() * 8; ++bit) {
            auto damaged = files;
            damaged[name][bit / 8] ^= std::byte{1} << (bit % 8);
            size_t least = least_changes(files, name, bit / 8, history);
            // The header is there twice.
            if (bit / 8 < kLogRecordsBegin) least = history.changes();
            check_recovery(damaged, history, least, name + " bit " + std::to_string(bit));
        }
    }
}

INFERNO_TEST(every_cut_is_noticed_and_costs_only_what_it_cut_off) {
    History history;
    const auto files = two_generations(history);
    for (const auto & [name, bytes] : files) {
        for (size_t size = 0; size < bytes.size(); ++size) {
            auto damaged = files;
            damaged[name].resize(size);
            check_recovery(damaged, history, least_changes(files, name, size, history),
                           name + " cut to " + std::to_string(size));
        }
    }
}

INFERNO_TEST(cut_where_a_record_ends_with_its_chunk_is_noticed) {
    // The third record ends exactly where the first chunk does.
    History history;
    MemoryDisk disk;
    TestStore store(disk, history);
    const size_t room = small_options().log_chunk_bytes - kLogRecordsBegin;
    CHECK(store.put("a", "1") && store.put("b", "2"));
    CHECK(store.put("c", std::string(room - 2 * record_bytes(1, 1) - record_bytes(1, 0), 'c')));
    {
        MemoryDisk copy;
        copy.set_files(disk.files());
        CHECK(TestStore(copy, history).warnings().empty());
    }
    CHECK(store.put("d", "4"));
    auto files = disk.files();
    const std::string name = journal_file_name(JournalFileKind::Log, 1);
    CHECK_EQ(records_before(files[name], 1, small_options().log_chunk_bytes), size_t{3});
    files[name].resize(small_options().log_chunk_bytes);
    check_recovery(files, history, 3, "cut behind the first chunk");
}

INFERNO_TEST(missing_log_of_a_checkpoint_is_noticed) {
    History history;
    auto files = two_generations(history);
    files.erase(kNewLog);
    check_recovery(files, history, kChangesBeforeNewLog, "the log is missing");
}

INFERNO_TEST(log_whose_two_headers_are_bad_costs_its_changes_only) {
    History history;
    auto files = two_generations(history);
    files[kNewLog][0] ^= std::byte{1};
    files[kNewLog][kLogHeaderBytes] ^= std::byte{1};
    check_recovery(files, history, kChangesBeforeNewLog, "both headers");
}

INFERNO_TEST(log_that_continues_lost_changes_is_not_used) {
    History history;
    auto files = two_generations(history);
    files[kNewCheckpoint][80] ^= std::byte{1};
    files[kOldLog][kLogRecordsBegin + 20] ^= std::byte{1};
    MemoryDisk disk;
    disk.set_files(files);
    const TestStore store(disk, history);
    CHECK(store.contents() == history.after(kChangesBeforeOldLog));
    CHECK_EQ(store.warnings().size(), size_t{3});
}

INFERNO_TEST(without_any_checkpoint_the_changes_of_the_logs_are_kept) {
    History history;
    auto files = two_generations(history);
    files[kNewCheckpoint][80] ^= std::byte{1};
    files[kOldCheckpoint][80] ^= std::byte{1};
    MemoryDisk disk;
    disk.set_files(files);
    const TestStore store(disk, history);
    CHECK(store.contents() == (Contents{{"b", "again"}, {"d", "4444"}, {"e", "5"}, {"f", std::string(100, 'f')}}));
    CHECK_EQ(store.warnings().size(), size_t{3});
}

INFERNO_TEST(files_of_another_kind_or_number_are_noticed) {
    History history;
    const auto files = two_generations(history);
    auto damaged = files;
    damaged[kNewCheckpoint] = files.at(kOldCheckpoint);
    check_recovery(damaged, history, history.changes(), "an older checkpoint under the newer name");
    damaged = files;
    damaged[kNewLog] = files.at(kOldLog);
    check_recovery(damaged, history, kChangesBeforeNewLog, "an older log under the newer name");
    damaged = files;
    damaged[kNewLog] = files.at(kNewCheckpoint);
    check_recovery(damaged, history, kChangesBeforeNewLog, "a checkpoint under the name of a log");
    damaged = files;
    damaged["journal-000000000009.log"] = {};
    check_recovery(damaged, history, history.changes(), "an empty file under the name of a log");
    damaged = files;
    damaged["notes.txt"] = to_bytes("not ours");
    damaged["journal-x.log"] = to_bytes("not ours");
    MemoryDisk disk;
    disk.set_files(damaged);
    CHECK(TestStore(disk, history).warnings().empty());
    CHECK_EQ(disk.files().count("notes.txt") + disk.files().count("journal-x.log"), size_t{2});
}

INFERNO_TEST(damaged_files_are_set_aside_and_their_number_is_bounded) {
    MemoryDisk disk;
    History history;
    {
        CHECK(TestStore(disk, history).put("a", "1"));
    }
    const auto count_aside = [&] {
        size_t count = 0;
        for (const auto & [name, bytes] : disk.files()) count += name.find(".damaged-") == std::string::npos ? 0 : 1;
        return count;
    };
    for (size_t round = 1; round <= 12; ++round) {
        auto files = disk.files();
        for (auto & [name, bytes] : files) {
            if (name.ends_with(".log")) bytes.back() ^= std::byte{1};
        }
        disk.set_files(files);
        TestStore store(disk, history);
        CHECK(store.contents() == (Contents{{"a", "1"}}));
        CHECK(count_aside() >= 1 && count_aside() <= 8);
    }
    CHECK_EQ(count_aside(), size_t{8});
}

INFERNO_TEST(damage_on_a_full_disk_loses_nothing_while_it_cannot_be_mended) {
    History history;
    auto files = two_generations(history);
    files[kNewLog][files[kNewLog].size() - 1] ^= std::byte{1};
    MemoryDisk disk;
    disk.set_files(files);
    disk.set_capacity(0);
    {
        TestStore store(disk, history);
        CHECK(store.contents() == history.last());
        disk.set_capacity(MemoryDisk::kNever);
        CHECK(store.put("more", "room"));
    }
    const TestStore again(disk, history);
    CHECK(again.contents() == history.last());
}

// For each number of operations: the process is killed there, the power fails, and the journal is opened again. What
// was acknowledged must be there; the one change that was under way may be.
INFERNO_TEST(power_cut_at_any_step_loses_nothing_that_was_acknowledged) {
    for (uint32_t seed = 0; seed < 400; ++seed) {
        std::mt19937 random(seed);
        MemoryDisk disk;
        History history;
        bool survived_to_the_end = true;
        for (int restart = 0; restart < 3; ++restart) {
            size_t acknowledged = history.changes();
            disk.die_after(1 + random() % 90);
            {
                TestStore store(disk, history);
                if (!store.is_open()) continue;
                for (int step = 0; step < 30 && !disk.is_dead(); ++step) {
                    const std::string key(1, static_cast<char>('a' + random() % 5));
                    if (random() % 8 == 0) (void)store.checkpoint();
                    const bool is_done = random() % 4 == 0
                                             ? store.remove(key)
                                             : store.put(key, std::to_string(seed) + std::string(random() % 200, 'x'));
                    if (is_done) acknowledged = history.changes();
                }
            }
            disk.cut_power(random);
            History ignored;
            const TestStore recovered(disk, ignored);
            const size_t found = history.find(recovered.contents());
            if (found == History::kNotThere || found < acknowledged) {
                report_failure(__FILE__, __LINE__, "lost acknowledged changes with seed " + std::to_string(seed));
                survived_to_the_end = false;
                break;
            }
            history = History::beginning_with(recovered.contents());
        }
        if (!survived_to_the_end) break;
    }
}
