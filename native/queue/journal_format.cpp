#include "native/queue/journal_format.h"

#include <algorithm>
#include <array>
#include <charconv>
#include <new>
#include <optional>

#include "native/core/checksum.h"
#include "native/core/zstd_frame.h"
#include "native/queue/little_endian.h"

namespace inferno::queue {
namespace {

constexpr uint32_t kVersion = 1;
constexpr std::string_view kLogMagic = "inferno\x01";
constexpr std::string_view kCheckpointMagic = "inferno\x02";
constexpr size_t kChecksumBytes = 8;
constexpr size_t kMagicBytes = 8;
constexpr std::byte kRecordMark{0xA5};
constexpr size_t kRecordPrefixBytes = 1 + kChecksumBytes + 4;
constexpr size_t kRecordFixedBytes = 8 + 1 + 4;
constexpr size_t kEntryFixedBytes = 4 + 8;
constexpr size_t kCheckpointHeaderBytes = 72;
constexpr size_t kNameDigits = 12;
// Nothing counts that far; what claims to must not make counters overflow.
constexpr uint64_t kMaxGeneration = 900'000'000'000;
constexpr uint64_t kMaxSequence = uint64_t{1} << 62;
// More than zstd can achieve; a header that claims more must not make us allocate it.
constexpr uint64_t kMaxCompressionRatio = 1 << 16;

std::string_view name_suffix(JournalFileKind kind) { return kind == JournalFileKind::Log ? ".log" : ".checkpoint"; }

bool is_sequence(uint64_t number) { return number > 0 && number <= kMaxSequence; }

Status fault(std::string text) { return Status(ErrorCode::JournalUnavailable, std::move(text)); }

bool all_zero(std::span<const std::byte> bytes) {
    return std::all_of(bytes.begin(), bytes.end(), [](std::byte byte) { return byte == std::byte{0}; });
}

std::vector<std::byte> encode_log_header(const LogHeader & header) {
    std::vector<std::byte> out;
    out.reserve(kLogHeaderBytes);
    append_bytes(out, bytes_of(kLogMagic));
    append_number(out, kVersion);
    append_number(out, header.chunk_bytes);
    append_number(out, header.generation);
    append_number(out, header.first_sequence);
    out.resize(kLogHeaderBytes - kChecksumBytes);
    append_number(out, checksum64(out, 0));
    return out;
}

// Checks magic, version and checksum of a header and returns a reader of what lies between them.
Result<ByteReader> open_header(std::span<const std::byte> header, std::string_view magic) {
    const auto checked = header.first(header.size() - kChecksumBytes);
    uint64_t checksum = 0;
    ByteReader(header.last(kChecksumBytes)).read(checksum);
    if (text_of(header.first(kMagicBytes)) != magic) return fault("is not a file of this kind");
    if (checksum64(checked, 0) != checksum) return fault("has a damaged header");
    ByteReader reader(checked.subspan(kMagicBytes));
    uint32_t version = 0;
    reader.read(version);
    if (version != kVersion) return fault("was written by another version of Inferno");
    return reader;
}

Result<LogHeader> decode_log_header(std::span<const std::byte> bytes, uint64_t generation) {
    Result<ByteReader> opened = open_header(bytes, kLogMagic);
    if (!opened) return opened.status();
    ByteReader & reader = opened.value();
    LogHeader header;
    reader.read(header.chunk_bytes);
    reader.read(header.generation);
    reader.read(header.first_sequence);
    if (header.generation != generation) return fault("carries the number of another file");
    if (header.chunk_bytes < kLogRecordsBegin || !is_sequence(header.first_sequence))
        return fault("has a damaged header");
    return header;
}

// Takes one record off the reader.
std::optional<LogRecord> read_record(ByteReader & reader, uint64_t seed) {
    uint8_t mark = 0;
    uint64_t checksum = 0;
    if (!reader.read(mark) || std::byte{mark} != kRecordMark || !reader.read(checksum)) return std::nullopt;
    const std::span<const std::byte> checked = reader.rest();
    uint32_t length = 0;
    if (!reader.read(length) || length < kRecordFixedBytes || length > kMaxJournalRecordBytes) return std::nullopt;
    const auto body = reader.take(length);
    if (!body || checksum64(checked.first(sizeof length + length), seed) != checksum) return std::nullopt;

    ByteReader fields(*body);
    LogRecord record{};
    uint8_t kind = 0;
    uint32_t key_bytes = 0;
    fields.read(record.sequence);
    fields.read(kind);
    fields.read(key_bytes);
    const auto key = fields.take(key_bytes);
    if (!key || (kind != static_cast<uint8_t>(ChangeKind::Put) && kind != static_cast<uint8_t>(ChangeKind::Remove))) {
        return std::nullopt;
    }
    record.kind = static_cast<ChangeKind>(kind);
    record.key = text_of(*key);
    record.value = fields.rest();
    return record;
}

}  // namespace

std::vector<std::byte> encode_log_start(const LogHeader & header) {
    std::vector<std::byte> out = encode_log_header(header);
    out.reserve(header.chunk_bytes);
    append_bytes(out, encode_log_header(header));
    out.resize(header.chunk_bytes);
    return out;
}

uint64_t log_seed(const LogHeader & header) { return checksum64(encode_log_header(header), 1); }

size_t record_bytes(size_t key_bytes, size_t value_bytes) {
    return kRecordPrefixBytes + kRecordFixedBytes + key_bytes + value_bytes;
}

void append_record(std::vector<std::byte> & out, uint64_t seed, const LogRecord & record) {
    const size_t begin = out.size();
    out.push_back(kRecordMark);
    append_number(out, uint64_t{0});
    append_number(out, static_cast<uint32_t>(kRecordFixedBytes + record.key.size() + record.value.size()));
    append_number(out, record.sequence);
    append_number(out, static_cast<uint8_t>(record.kind));
    append_number(out, static_cast<uint32_t>(record.key.size()));
    append_bytes(out, bytes_of(record.key));
    append_bytes(out, record.value);
    const std::span<std::byte> written = std::span(out).subspan(begin);
    store_number(written.subspan(1), checksum64(written.subspan(1 + kChecksumBytes), seed));
}

Result<LogContents> decode_log(std::span<const std::byte> bytes, uint64_t generation) {
    if (bytes.size() < kLogRecordsBegin) return fault("is cut off in its header");
    LogContents contents;
    Result<LogHeader> first = decode_log_header(bytes.first(kLogHeaderBytes), generation);
    Result<LogHeader> second = decode_log_header(bytes.subspan(kLogHeaderBytes, kLogHeaderBytes), generation);
    if (!first && !second) return first.status();
    contents.header = first ? first.value() : second.value();
    if (!first || !second) contents.fault = "has a damaged header, but a good copy of it";

    const uint64_t seed = log_seed(contents.header);
    ByteReader reader(bytes.subspan(kLogRecordsBegin));
    const auto lost = [&](const std::string & what) {
        contents.fault = what + " behind its record " + std::to_string(contents.records.size());
        contents.has_lost_records = true;
    };
    while (!reader.rest().empty() && reader.rest().front() != std::byte{0}) {
        const uint64_t sequence = contents.header.first_sequence + contents.records.size();
        const std::optional<LogRecord> record = read_record(reader, seed);
        if (!record || record->sequence != sequence) {
            lost("is damaged or incomplete");
            return contents;
        }
        contents.records.push_back(*record);
    }
    if (!all_zero(reader.rest())) {
        lost("has damaged bytes");
    } else if (reader.rest().empty() || bytes.size() % contents.header.chunk_bytes != 0) {
        lost("is cut off");
    }
    return contents;
}

Result<std::vector<std::byte>> encode_checkpoint(CheckpointHeader header, std::span<const MapEntry> entries,
                                                 int level) {
    try {
        for (const MapEntry & entry : entries) {
            header.map_bytes += kEntryFixedBytes + entry.key.size() + entry.value.size();
        }
        std::vector<std::byte> map;
        map.reserve(static_cast<size_t>(header.map_bytes));
        for (const MapEntry & entry : entries) {
            append_number(map, static_cast<uint32_t>(entry.key.size()));
            append_number(map, static_cast<uint64_t>(entry.value.size()));
            append_bytes(map, bytes_of(entry.key));
            append_bytes(map, entry.value);
        }
        const std::vector<std::byte> frame = compress(map, level);
        std::vector<std::byte> out;
        out.reserve(kCheckpointHeaderBytes + frame.size());
        append_bytes(out, bytes_of(kCheckpointMagic));
        append_number(out, kVersion);
        append_number(out, uint32_t{0});
        append_number(out, header.generation);
        append_number(out, header.next_sequence);
        append_number(out, static_cast<uint64_t>(entries.size()));
        append_number(out, header.map_bytes);
        append_number(out, static_cast<uint64_t>(frame.size()));
        append_number(out, checksum64(frame, 0));
        append_number(out, checksum64(out, 0));
        append_bytes(out, frame);
        return out;
    } catch (const std::bad_alloc &) {
        return fault("There is not enough memory for a checkpoint of the journal.");
    }
}

Result<CheckpointHeader> check_checkpoint(std::span<const std::byte> bytes, uint64_t generation) {
    if (bytes.size() < kCheckpointHeaderBytes) return fault("is cut off in its header");
    Result<ByteReader> opened = open_header(bytes.first(kCheckpointHeaderBytes), kCheckpointMagic);
    if (!opened) return opened.status();
    ByteReader & reader = opened.value();
    uint32_t padding = 0;
    CheckpointHeader header;
    reader.read(padding);
    reader.read(header.generation);
    reader.read(header.next_sequence);
    reader.read(header.entries);
    reader.read(header.map_bytes);
    reader.read(header.frame_bytes);
    reader.read(header.frame_checksum);
    const std::span<const std::byte> frame = bytes.subspan(kCheckpointHeaderBytes);
    if (header.generation != generation) return fault("carries the number of another file");
    if (!is_sequence(header.next_sequence)) return fault("has a damaged header");
    if (header.frame_bytes != frame.size()) return fault("does not have the length it was written with");
    if (checksum64(frame, 0) != header.frame_checksum) return fault("is damaged");
    return header;
}

Result<CheckpointContents> decode_checkpoint(std::span<const std::byte> bytes, uint64_t generation) {
    const Result<CheckpointHeader> header = check_checkpoint(bytes, generation);
    if (!header) return header.status();
    CheckpointContents contents;
    contents.header = header.value();
    if (contents.header.map_bytes / kMaxCompressionRatio > contents.header.frame_bytes) return fault("is damaged");
    Result<std::vector<std::byte>> map =
        decompress(bytes.subspan(kCheckpointHeaderBytes), static_cast<size_t>(contents.header.map_bytes));
    if (!map || map.value().size() != contents.header.map_bytes) return fault("is damaged");
    contents.map = std::move(map).value();

    ByteReader reader(contents.map);
    while (!reader.rest().empty()) {
        uint32_t key_bytes = 0;
        uint64_t value_bytes = 0;
        const bool has_lengths = reader.read(key_bytes) && reader.read(value_bytes);
        const auto key = has_lengths ? reader.take(key_bytes) : std::nullopt;
        const auto value = key ? reader.take(value_bytes) : std::nullopt;
        if (!value) return fault("is damaged");
        contents.entries.push_back({text_of(*key), *value});
    }
    if (contents.entries.size() != contents.header.entries) return fault("is damaged");
    return contents;
}

std::string journal_file_name(JournalFileKind kind, uint64_t generation) {
    const std::string digits = std::to_string(generation);
    const std::string zeros(kNameDigits - std::min(digits.size(), kNameDigits), '0');
    return std::string(kJournalFilePrefix) + zeros + digits + std::string(name_suffix(kind));
}

bool parse_journal_file_name(std::string_view name, JournalFileKind & kind, uint64_t & generation) {
    if (!name.starts_with(kJournalFilePrefix)) return false;
    name.remove_prefix(kJournalFilePrefix.size());
    const std::string_view digits = name.substr(0, kNameDigits);
    const auto [end, error] = std::from_chars(digits.data(), digits.data() + digits.size(), generation);
    if (digits.size() != kNameDigits || error != std::errc() || end != digits.data() + digits.size()) return false;
    const std::string_view suffix = name.substr(kNameDigits);
    kind = suffix == name_suffix(JournalFileKind::Log) ? JournalFileKind::Log : JournalFileKind::Checkpoint;
    return suffix == name_suffix(kind) && generation > 0 && generation <= kMaxGeneration;
}

}  // namespace inferno::queue
