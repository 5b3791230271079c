// libFuzzer target of the journal's recovery: whatever lies in the folder, it opens, says a sentence about what is
// wrong, and leaves files that are whole. Byte 0 chooses whether checksums are made right first, so that the fields
// behind them are reached too; bytes 1 and 2 are the length of the log, which the checkpoint follows.
//   clang++ -std=c++20 -g -O1 -fsanitize=fuzzer,address,undefined -fno-sanitize-recover=all -I.
//   -Inative/vendor/zstd/lib
//     test/fuzz/journal_fuzz.cpp native/queue/journal_*.cpp native/core/{checksum,zstd_frame}.cpp
//     build/Release/libinferno_zstd.a -o journal_fuzz
//   ./journal_fuzz -max_total_time=60 -dict=test/fuzz/journal.dict CORPUS
#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <span>

#include "native/core/checksum.h"
#include "native/queue/journal_format.h"
#include "native/queue/journal_store.h"
#include "native/queue/little_endian.h"
#include "test/native/journal_history.h"
#include "test/native/memory_folder.h"

using namespace inferno;
using namespace inferno::queue;
using namespace inferno::test;

namespace {

constexpr size_t kChecksumBytes = 8;
constexpr size_t kCheckpointHeaderBytes = 72;

void require(bool condition) {
    if (!condition) std::abort();
}

// Makes the last eight bytes of a header its checksum.
void seal_header(std::span<std::byte> header) {
    const auto checked = header.first(header.size() - kChecksumBytes);
    store_number(header.last(kChecksumBytes), checksum64(checked, 0));
}

void seal_log(std::span<std::byte> bytes) {
    if (bytes.size() < kLogRecordsBegin) return;
    seal_header(bytes.first(kLogHeaderBytes));
    seal_header(bytes.subspan(kLogHeaderBytes, kLogHeaderBytes));
    const Result<LogContents> log = decode_log(bytes, 1);
    if (!log) return;
    const uint64_t seed = log_seed(log.value().header);
    for (size_t begin = kLogRecordsBegin; begin + 1 + kChecksumBytes + sizeof(uint32_t) < bytes.size();) {
        const std::span<std::byte> checked = bytes.subspan(begin + 1 + kChecksumBytes);
        uint32_t length = 0;
        ByteReader(checked).read(length);
        const size_t record = sizeof length + static_cast<size_t>(length);
        if (record > checked.size()) return;
        store_number(bytes.subspan(begin + 1, kChecksumBytes), checksum64(checked.first(record), seed));
        begin += 1 + kChecksumBytes + record;
    }
}

void seal_checkpoint(std::span<std::byte> bytes) {
    if (bytes.size() < kCheckpointHeaderBytes) return;
    const std::span<std::byte> header = bytes.first(kCheckpointHeaderBytes);
    const std::span<std::byte> frame = bytes.subspan(kCheckpointHeaderBytes);
    const size_t frame_checksum = kCheckpointHeaderBytes - 2 * kChecksumBytes;
    store_number(header.subspan(frame_checksum - kChecksumBytes, kChecksumBytes), static_cast<uint64_t>(frame.size()));
    store_number(header.subspan(frame_checksum, kChecksumBytes), checksum64(frame, 0));
    seal_header(header);
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t * data, size_t size) {
    constexpr size_t kPrefix = 3;
    if (size < kPrefix) return 0;
    const auto bytes = std::as_bytes(std::span(data, size)).subspan(kPrefix);
    const size_t log_bytes = std::min<size_t>(bytes.size(), data[1] | data[2] << 8);
    FileBytes log(bytes.begin(), bytes.begin() + static_cast<ptrdiff_t>(log_bytes));
    FileBytes checkpoint(bytes.begin() + static_cast<ptrdiff_t>(log_bytes), bytes.end());
    if ((data[0] & 1) != 0) seal_log(log);
    if ((data[0] & 2) != 0) seal_checkpoint(checkpoint);

    MemoryDisk disk;
    disk.set_files({{journal_file_name(JournalFileKind::Log, 1), log},
                    {journal_file_name(JournalFileKind::Checkpoint, 1), checkpoint}});
    Contents recovered;
    for (int start = 0; start < 2; ++start) {
        std::vector<std::string> warnings;
        const auto store = JournalStore::open(disk.open(), {}, warnings);
        require(store.is_ok());
        for (const std::string & warning : warnings) require(warning.ends_with('.'));
        const Contents contents = contents_of(store.value()->snapshot());
        // The second start finds what the first one left.
        require(start == 0 || (warnings.empty() && contents == recovered));
        recovered = contents;
    }
    return 0;
}
