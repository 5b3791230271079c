#include "native/onnx/wire_reader.h"

#include <algorithm>
#include <filesystem>

#include "native/onnx/data_folder.h"

namespace inferno::onnx {
namespace {

constexpr size_t kWindowBytes = 64 * 1024;

}  // namespace

WireSource::WireSource(const std::string & path) : file_(path_from_utf8(path), std::ios::binary) {
    std::error_code error;
    const uint64_t size = std::filesystem::file_size(path_from_utf8(path), error);
    is_open_ = file_.is_open() && !error;
    if (is_open_) size_ = size;
}

std::optional<uint8_t> WireSource::byte_at(uint64_t offset) {
    if (offset >= size_) return std::nullopt;
    if (!bytes_.empty()) return static_cast<uint8_t>(bytes_[offset]);
    if (offset < window_at_ || offset >= window_at_ + window_.size()) {
        window_.resize(static_cast<size_t>(std::min<uint64_t>(kWindowBytes, size_ - offset)));
        window_at_ = offset;
        file_.clear();
        file_.seekg(static_cast<std::streamoff>(offset));
        file_.read(window_.data(), static_cast<std::streamsize>(window_.size()));
        window_.resize(static_cast<size_t>(file_.gcount()));
        if (window_.empty()) return std::nullopt;
    }
    return static_cast<uint8_t>(window_[static_cast<size_t>(offset - window_at_)]);
}

std::string WireSource::text(uint64_t offset, uint64_t length) {
    std::string text;
    for (uint64_t i = 0; i < length; ++i) {
        const auto byte = byte_at(offset + i);
        if (!byte) break;
        text.push_back(static_cast<char>(*byte));
    }
    return text;
}

std::optional<uint64_t> WireReader::varint() {
    uint64_t value = 0;
    constexpr int kMostBytes = 10;
    for (int i = 0; i < kMostBytes && at_ < end_; ++i) {
        const auto byte = source_.byte_at(at_);
        if (!byte) break;
        ++at_;
        value |= static_cast<uint64_t>(*byte & 0x7FU) << (7 * i);
        if ((*byte & 0x80U) == 0) return value;
    }
    failed_ = true;
    return std::nullopt;
}

std::optional<WireField> WireReader::next() {
    if (at_ >= end_) return std::nullopt;
    const auto tag = varint();
    if (!tag) return fail();
    WireField field;
    field.number = static_cast<uint32_t>(*tag >> 3U);
    if (field.number == 0) return fail();
    switch (*tag & 7U) {
        case 0: {
            const auto value = varint();
            if (!value) return fail();
            field.value = *value;
            return field;
        }
        case 1:
            field.length = 8;
            field.kind = WireField::Kind::Fixed;
            break;
        case 2: {
            const auto length = varint();
            if (!length) return fail();
            field.length = *length;
            field.kind = WireField::Kind::Bytes;
            break;
        }
        case 5:
            field.length = 4;
            field.kind = WireField::Kind::Fixed;
            break;
        default:
            return fail();
    }
    if (field.length > end_ - at_) return fail();
    field.offset = at_;
    at_ += field.length;
    return field;
}

}  // namespace inferno::onnx
