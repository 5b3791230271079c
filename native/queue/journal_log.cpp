#include "native/queue/journal_log.h"

#include <algorithm>
#include <utility>

namespace inferno::queue {

Result<std::unique_ptr<JournalLog>> JournalLog::create(JournalFolder & folder, const LogHeader & header,
                                                       bool & name_may_exist) {
    const std::string name = journal_file_name(JournalFileKind::Log, header.generation);
    Result<std::unique_ptr<JournalFile>> file =
        write_journal_file(folder, name, encode_log_start(header), name_may_exist);
    if (!file) return file.status();
    return std::unique_ptr<JournalLog>(new JournalLog(std::move(file).value(), header));
}

JournalLog::JournalLog(std::unique_ptr<JournalFile> file, const LogHeader & header)
    : file_(std::move(file)), seed_(log_seed(header)), chunk_bytes_(header.chunk_bytes), size_(header.chunk_bytes) {}

Status JournalLog::append(std::vector<std::byte> records) {
    const Status usable = repair();
    if (!usable) return usable;
    const uint64_t end = end_ + records.size();
    uint64_t size = size_;
    if (end >= size) {
        // At least one zero follows, so that a cut right behind the record is seen.
        size = (end / chunk_bytes_ + 1) * chunk_bytes_;
        records.resize(static_cast<size_t>(size - end_));
    }
    Status status = file_->write(end_, records);
    if (status) status = file_->sync();
    if (!status) {
        spoilt_end_ = std::min(end, size_);
        // Now, so that a failed change does not come back should the process end before the next append.
        (void)repair();
        return status;
    }
    end_ = end;
    size_ = size;
    return Status::ok();
}

Status JournalLog::repair() {
    if (spoilt_end_ == 0) return Status::ok();
    const std::vector<std::byte> zeros(static_cast<size_t>(spoilt_end_ - end_));
    Status status = file_->resize(size_);
    if (status) status = file_->write(end_, zeros);
    if (status) status = file_->sync();
    if (status) spoilt_end_ = 0;
    return status;
}

}  // namespace inferno::queue
