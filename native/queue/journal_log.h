// The log that a journal appends to: zeros in chunks, records written over them, one sync per append.
//
// Thread safety: one thread at a time. Ownership: owns its file, which stays when the object goes.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <vector>

#include "native/core/status.h"
#include "native/queue/journal_file.h"
#include "native/queue/journal_folder.h"
#include "native/queue/journal_format.h"

namespace inferno::queue {

class JournalLog {
  public:
    // `name_may_exist` as in write_journal_file(): the file may be found later although this failed.
    static Result<std::unique_ptr<JournalLog>> create(JournalFolder & folder, const LogHeader & header,
                                                      bool & name_may_exist);

    uint64_t seed() const { return seed_; }
    // Bytes of header and records.
    uint64_t bytes() const { return end_; }

    // Durable when Ok. After a failure none of `records` counts, provided that repair() succeeds.
    Status append(std::vector<std::byte> records);
    // Brings the file back to its last good record. Ok at once when nothing failed since.
    Status repair();

  private:
    JournalLog(std::unique_ptr<JournalFile> file, const LogHeader & header);

    const std::unique_ptr<JournalFile> file_;
    const uint64_t seed_;
    const uint64_t chunk_bytes_;
    uint64_t end_ = kLogRecordsBegin;  // of the last good record
    uint64_t size_;                    // of the file, while nothing failed; more than end_
    uint64_t spoilt_end_ = 0;          // how far a failed append may have written; 0: none failed
};

}  // namespace inferno::queue
