// Makes a file of a journal appear with all of its content or not at all: written under another name, synced, renamed.
// Thread safety: free functions; different names may be written at once.
#pragma once

#include <cstddef>
#include <memory>
#include <span>
#include <string>

#include "native/core/status.h"
#include "native/queue/journal_folder.h"

namespace inferno::queue {

// Returns the file, still open. When it fails, `name_may_exist` says whether the name may be found later all the same.
Result<std::unique_ptr<JournalFile>> write_journal_file(JournalFolder & folder, const std::string & name,
                                                        std::span<const std::byte> bytes, bool & name_may_exist);

// Renames damaged files to NAME.damaged-N; of all those in the folder the newest eight are kept.
Status set_aside(JournalFolder & folder, std::span<const std::string> names);

// Removes logs and checkpoints of generations before `oldest_kept`.
Status remove_generations_before(JournalFolder & folder, uint64_t oldest_kept);

}  // namespace inferno::queue
