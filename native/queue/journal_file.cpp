#include "native/queue/journal_file.h"

#include <algorithm>
#include <charconv>
#include <cstdint>
#include <string_view>
#include <utility>
#include <vector>

#include "native/queue/journal_format.h"

namespace inferno::queue {
namespace {

constexpr std::string_view kDamagedMark = ".damaged-";
constexpr size_t kDamagedKept = 8;

struct DamagedFile {
    uint64_t number;
    std::string name;
};

// Oldest first.
std::vector<DamagedFile> damaged_files(const std::vector<std::string> & names) {
    std::vector<DamagedFile> found;
    for (const std::string & name : names) {
        const size_t mark = name.rfind(kDamagedMark);
        if (!name.starts_with(kJournalFilePrefix) || mark == std::string::npos) continue;
        const char * end = name.data() + name.size();
        uint64_t number = 0;
        const auto [stop, error] = std::from_chars(name.data() + mark + kDamagedMark.size(), end, number);
        if (error == std::errc() && stop == end) found.push_back({number, name});
    }
    std::sort(found.begin(), found.end(), [](const auto & a, const auto & b) { return a.number < b.number; });
    return found;
}

}  // namespace

Result<std::unique_ptr<JournalFile>> write_journal_file(JournalFolder & folder, const std::string & name,
                                                        std::span<const std::byte> bytes, bool & name_may_exist) {
    name_may_exist = false;
    const std::string partial = name + std::string(kPartialSuffix);
    Result<std::unique_ptr<JournalFile>> file = folder.create(partial);
    if (!file) return file;
    Status status = file.value()->write(0, bytes);
    if (status) status = file.value()->sync();
    if (status) {
        name_may_exist = true;
        status = folder.rename(partial, name);
        if (status) status = folder.sync();
    }
    if (status) return file;
    (void)folder.remove(partial);  // it takes room; the next start would remove it too
    return status;
}

Status set_aside(JournalFolder & folder, std::span<const std::string> names) {
    const Result<std::vector<std::string>> present = folder.list();
    if (!present) return present.status();
    std::vector<DamagedFile> aside = damaged_files(present.value());
    Status status;
    for (const std::string & name : names) {
        const uint64_t number = aside.empty() ? 1 : aside.back().number + 1;
        const std::string target = name + std::string(kDamagedMark) + std::to_string(number);
        const Status renamed = folder.rename(name, target);
        if (renamed) aside.push_back({number, target});
        if (!renamed) status = renamed;
    }
    for (size_t i = 0; i + kDamagedKept < aside.size(); ++i) {
        const Status removed = folder.remove(aside[i].name);
        if (!removed) status = removed;
    }
    return status;
}

Status remove_generations_before(JournalFolder & folder, uint64_t oldest_kept) {
    const Result<std::vector<std::string>> names = folder.list();
    if (!names) return names.status();
    Status status;
    for (const std::string & name : names.value()) {
        JournalFileKind kind{};
        uint64_t generation = 0;
        if (!parse_journal_file_name(name, kind, generation) || generation >= oldest_kept) continue;
        const Status removed = folder.remove(name);
        if (!removed) status = removed;
    }
    return status;
}

}  // namespace inferno::queue
