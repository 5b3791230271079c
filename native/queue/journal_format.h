// The bytes of the journal's two kinds of files; all numbers are little-endian.
//
//   log          header, the same header again, records, zeros up to a multiple of the header's chunk
//   header       magic 8, version 4, chunk 4, generation 8, first sequence number 8, zeros 24, checksum 8
//   record       mark 1 (not zero), checksum 8, length of the rest 4, sequence number 8, kind 1, key length 4,
//                key, value
//
//   checkpoint   header, then a zstd frame of all entries
//   header       magic 8, version 4, zeros 4, generation 8, next sequence number 8, entries 8, bytes of the map 8,
//                bytes of the frame 8, checksum of the frame 8, checksum of the header 8
//   entry        key length 4, value length 8, key, value
//
// A log is laid out in chunks of zeros before records are written into them, and a zero always follows the last record.
// So a log that was cut anywhere, between two records too, is known by its size or by the missing zeros; and a record
// changes no size, which makes syncing it cheaper. The header is there twice because without it no record can be
// trusted: it is the seed of their checksums, which binds each to its file and place. A damaged checkpoint is replaced
// by the one before it.
//
// Thread safety: free functions without state. What they read may be any bytes at all.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "native/core/status.h"

namespace inferno::queue {

inline constexpr size_t kMaxJournalRecordBytes = size_t{64} << 20;
inline constexpr uint32_t kDefaultLogChunkBytes = 64 << 10;
inline constexpr size_t kLogHeaderBytes = 64;
inline constexpr size_t kLogRecordsBegin = 2 * kLogHeaderBytes;

enum class ChangeKind : uint8_t { Put = 1, Remove = 2 };

struct LogHeader {
    uint64_t generation = 0;
    uint64_t first_sequence = 1;
    uint32_t chunk_bytes = kDefaultLogChunkBytes;
};

// Points into the bytes it was read from.
struct LogRecord {
    uint64_t sequence;
    ChangeKind kind;
    std::string_view key;
    std::span<const std::byte> value;
};

struct LogContents {
    LogHeader header;
    std::vector<LogRecord> records;
    // What is wrong, as the end of a sentence about the file; empty when everything is as it was written. The records
    // before the fault are good.
    std::string fault;
    bool has_lost_records = false;  // the fault may have taken some
};

// A new log: both headers and zeros to the end of the first chunk.
std::vector<std::byte> encode_log_start(const LogHeader & header);
// What the checksums of this log's records start from.
uint64_t log_seed(const LogHeader & header);
size_t record_bytes(size_t key_bytes, size_t value_bytes);
void append_record(std::vector<std::byte> & out, uint64_t seed, const LogRecord & record);
// Fails with JournalUnavailable and the end of a sentence when both headers are damaged.
Result<LogContents> decode_log(std::span<const std::byte> bytes, uint64_t generation);

struct MapEntry {
    std::string_view key;
    std::span<const std::byte> value;
};

struct CheckpointHeader {
    uint64_t generation = 0;
    uint64_t next_sequence = 1;
    uint64_t entries = 0;
    uint64_t map_bytes = 0;
    uint64_t frame_bytes = 0;
    uint64_t frame_checksum = 0;
};

// The map of a checkpoint; the entries point into `map`.
struct CheckpointContents {
    CheckpointHeader header;
    std::vector<std::byte> map;
    std::vector<MapEntry> entries;
};

// `header.generation` and `.next_sequence` are given, the rest follows from the entries.
Result<std::vector<std::byte>> encode_checkpoint(CheckpointHeader header, std::span<const MapEntry> entries, int level);
// Fail with JournalUnavailable and the end of a sentence. The first one reads no entries.
Result<CheckpointHeader> check_checkpoint(std::span<const std::byte> bytes, uint64_t generation);
Result<CheckpointContents> decode_checkpoint(std::span<const std::byte> bytes, uint64_t generation);

// "journal-000000000007.log" and the like; a file that is still being written has this behind its name.
inline constexpr std::string_view kPartialSuffix = ".partial";
inline constexpr std::string_view kJournalFilePrefix = "journal-";
enum class JournalFileKind : uint8_t { Log, Checkpoint };
std::string journal_file_name(JournalFileKind kind, uint64_t generation);
// False for every other name.
bool parse_journal_file_name(std::string_view name, JournalFileKind & kind, uint64_t & generation);

}  // namespace inferno::queue
