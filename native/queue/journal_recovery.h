// Reads what a journal left in its folder, whatever happened to it, and says which map that is.
//
// Checkpoint G is the map as it was before the first record of log G; every log says which sequence number it begins
// with. So the newest good checkpoint and the logs since then are the map. When the newest is damaged, the one before
// it and one more log give the same map. A damaged log counts up to its last good record; later logs only when they
// continue there. A log counts only up to where a later one begins: what lies behind was reported as failed.
//
// Changes nothing in the folder. Thread safety: a free function; one thread uses the folder meanwhile.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "native/core/status.h"
#include "native/queue/journal_folder.h"
#include "native/queue/journal_map.h"

namespace inferno::queue {

struct RecoveredJournal {
    JournalMap map;
    uint64_t next_sequence = 1;
    uint64_t last_generation = 0;      // of any file there is; 0: there is none
    uint64_t newest_checkpoint = 0;    // generation of the one that was used; 0: none was
    bool has_changes = false;          // the map is not just the newest checkpoint
    bool is_intact = true;             // else both generations have to be written anew
    std::vector<std::string> damaged;  // files to set aside once the map is safe elsewhere
    std::vector<std::string> useless;  // files without content, to remove
    std::vector<std::string> warnings;
};

// Fails with JournalUnavailable when the folder cannot be listed; damage is no failure.
Result<RecoveredJournal> recover_journal(JournalFolder & folder);

}  // namespace inferno::queue
