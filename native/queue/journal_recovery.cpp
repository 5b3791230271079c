#include "native/queue/journal_recovery.h"

#include <algorithm>
#include <limits>
#include <map>
#include <optional>
#include <string_view>
#include <utility>

#include "native/queue/journal_format.h"

namespace inferno::queue {
namespace {

using Generations = std::map<uint64_t, std::string>;  // file names

struct ReadLog {
    std::string name;
    std::vector<std::byte> bytes;
    LogContents contents;
};

class Recovery {
  public:
    explicit Recovery(JournalFolder & folder) : folder_(folder) {}

    Result<RecoveredJournal> run() {
        Result<std::vector<std::string>> names = folder_.list();
        if (!names) return names.status();
        sort_names(names.value());
        load_checkpoint();
        read_logs();
        replay_logs();
        return std::move(result_);
    }

  private:
    void sort_names(const std::vector<std::string> & names) {
        for (const std::string & name : names) {
            JournalFileKind kind{};
            uint64_t generation = 0;
            if (name.starts_with(kJournalFilePrefix) && name.ends_with(kPartialSuffix)) result_.useless.push_back(name);
            if (!parse_journal_file_name(name, kind, generation)) continue;
            (kind == JournalFileKind::Log ? log_names_ : checkpoint_names_).emplace(generation, name);
            result_.last_generation = std::max(result_.last_generation, generation);
        }
    }

    // The newest good one; the older ones are only checked, because they are the next line of defence.
    void load_checkpoint() {
        for (auto entry = checkpoint_names_.rbegin(); entry != checkpoint_names_.rend(); ++entry) {
            const auto & [generation, name] = *entry;
            const Result<std::vector<std::byte>> bytes = folder_.read(name);
            if (!bytes) {
                give_up(name, bytes.status().message());
            } else if (result_.newest_checkpoint == 0) {
                use_checkpoint(generation, name, bytes.value());
            } else if (const auto header = check_checkpoint(bytes.value(), generation); !header) {
                give_up(name, name + " " + header.status().message() + "; a later checkpoint replaces it.");
            }
        }
    }

    void use_checkpoint(uint64_t generation, const std::string & name, std::span<const std::byte> bytes) {
        const Result<CheckpointContents> contents = decode_checkpoint(bytes, generation);
        if (!contents) {
            give_up(name, name + " " + contents.status().message() + "; it was not used.");
            return;
        }
        for (const MapEntry & entry : contents.value().entries) put(entry.key, entry.value);
        result_.newest_checkpoint = generation;
        result_.next_sequence = contents.value().header.next_sequence;
    }

    void read_logs() {
        for (const auto & [generation, name] : log_names_) {
            Result<std::vector<std::byte>> bytes = folder_.read(name);
            if (!bytes) {
                give_up(name, bytes.status().message());
                continue;
            }
            ReadLog log{name, std::move(bytes).value(), {}};
            Result<LogContents> contents = decode_log(log.bytes, generation);
            if (!contents) {
                give_up(name, name + " " + contents.status().message() + "; it was not used.");
                continue;
            }
            log.contents = std::move(contents).value();
            if (generation >= result_.newest_checkpoint) {
                logs_.push_back(std::move(log));
            } else if (!log.contents.fault.empty()) {
                give_up(name, name + " " + log.contents.fault + "; a later checkpoint replaces it.");
            }
        }
    }

    void replay_logs() {
        const bool has_names = !log_names_.empty() && log_names_.rbegin()->first >= result_.newest_checkpoint;
        if (result_.newest_checkpoint > 0 && !has_names) {
            result_.is_intact = false;
            result_.warnings.push_back(journal_file_name(JournalFileKind::Log, result_.newest_checkpoint) +
                                       " is missing; what was in it is lost.");
        }
        if (result_.newest_checkpoint == 0 && !logs_.empty()) begin_without_checkpoint();
        for (size_t i = 0; i < logs_.size(); ++i) replay(logs_[i], begin_of_logs_after(i));
    }

    // All logs since the first are enough. Else their changes are still worth more than nothing.
    void begin_without_checkpoint() {
        const uint64_t first = logs_.front().contents.header.first_sequence;
        if (first == 1) return;
        result_.is_intact = false;
        result_.next_sequence = first;
        result_.warnings.push_back("No checkpoint could be used; what is older than " + logs_.front().name +
                                   " is lost.");
    }

    uint64_t begin_of_logs_after(size_t index) const {
        uint64_t begin = std::numeric_limits<uint64_t>::max();
        for (size_t i = index + 1; i < logs_.size(); ++i) {
            begin = std::min(begin, logs_[i].contents.header.first_sequence);
        }
        return begin;
    }

    void replay(const ReadLog & log, uint64_t limit) {
        const LogContents & contents = log.contents;
        if (contents.header.first_sequence > result_.next_sequence) {
            give_up(log.name, log.name + " continues changes that are lost; it was not used.");
            return;
        }
        for (const LogRecord & record : contents.records) {
            if (record.sequence < result_.next_sequence) continue;
            if (record.sequence >= limit) break;
            if (record.kind == ChangeKind::Put) {
                put(record.key, record.value);
            } else {
                result_.map.remove(record.key);
            }
            result_.next_sequence = record.sequence + 1;
            result_.has_changes = true;
        }
        if (!contents.fault.empty()) {
            const bool is_loss = contents.has_lost_records && result_.next_sequence < limit;
            const char * loss = is_loss ? "; changes behind that, if any, are lost." : "; nothing is lost.";
            give_up(log.name, log.name + " " + contents.fault + loss);
        } else if (contents.records.empty()) {
            result_.useless.push_back(log.name);
        }
    }

    void put(std::string_view key, std::span<const std::byte> value) {
        auto entry = std::make_shared<JournalEntry>();
        entry->key = key;
        entry->value.assign(value.begin(), value.end());
        result_.map.put(std::move(entry));
    }

    void give_up(const std::string & name, std::string warning) {
        result_.is_intact = false;
        result_.damaged.push_back(name);
        result_.warnings.push_back(std::move(warning));
    }

    JournalFolder & folder_;
    Generations checkpoint_names_;
    Generations log_names_;
    std::vector<ReadLog> logs_;  // since the checkpoint, oldest first, those with a good header
    RecoveredJournal result_;
};

}  // namespace

Result<RecoveredJournal> recover_journal(JournalFolder & folder) { return Recovery(folder).run(); }

}  // namespace inferno::queue
