#include "native/gguf/header.h"

#include <algorithm>
#include <limits>
#include <unordered_set>

#include "native/gguf/byte_cursor.h"
#include "native/gguf/tensor_types.h"

namespace inferno::gguf {
namespace {

constexpr uint32_t kMagic = 0x46554747;  // "GGUF"
constexpr uint32_t kNewestVersion = 3;
// llama.cpp compares every key and every tensor name with all before it, so more would take it minutes.
constexpr uint64_t kMaxKeys = 1 << 16;
constexpr uint64_t kMaxTensors = 1 << 17;
// The format's own limit.
constexpr uint64_t kMaxKeyBytes = (1 << 16) - 1;
constexpr uint64_t kMaxTensorNameBytes = 63;
// Larger than any vocabulary, and still small enough to be read into memory, which llama.cpp does.
constexpr uint64_t kMaxHeaderBytes = 1ULL << 30;
constexpr uint64_t kMaxAlignment = 1 << 20;
// llama.cpp maps the file and wants the first tensor at a multiple of this.
constexpr uint64_t kMappingAlignment = 32;
constexpr uint64_t kMaxElements = std::numeric_limits<int64_t>::max();
constexpr std::string_view kAlignmentKey = "general.alignment";

Status invalid(std::string message) { return {ErrorCode::InvalidModelFile, std::move(message)}; }

bool is_known(ValueType type) { return static_cast<uint32_t>(type) <= static_cast<uint32_t>(ValueType::Float64); }

class HeaderReader {
  public:
    explicit HeaderReader(ByteSource & source) : source_(source), cursor_(source) {}

    Result<Header> read() {
        uint64_t tensor_count = 0;
        uint64_t key_count = 0;
        if (Status status = read_counts(tensor_count, key_count); !status) return status;
        for (uint64_t i = 0; i < key_count; ++i) {
            if (Status status = read_pair(i); !status) return status;
        }
        if (Status status = read_alignment(); !status) return status;
        for (uint64_t i = 0; i < tensor_count; ++i) {
            if (Status status = read_tensor(i); !status) return status;
        }
        if (Status status = check_data(); !status) return status;
        return std::move(header_);
    }

  private:
    Status read_counts(uint64_t & tensor_count, uint64_t & key_count);
    Status check_version(uint32_t version) const;
    Status read_pair(uint64_t index);
    Status read_value(const std::string & key, Value & value);
    Status read_array(const std::string & key, Value & value);
    Status read_alignment();
    Status read_tensor(uint64_t index);
    Status read_dimensions(Tensor & tensor);
    Status read_type(Tensor & tensor);
    Status check_data();
    Status ends_inside(const std::string & what) const {
        return invalid("The file ends inside " + what + "; expected more than its " + std::to_string(source_.size()) +
                       " bytes.");
    }

    ByteSource & source_;
    ByteCursor cursor_;
    Header header_;
    std::unordered_set<std::string> tensor_names_;
    // Where the next tensor's data must begin: they follow each other without gaps.
    uint64_t data_bytes_ = 0;
};

Status HeaderReader::check_version(uint32_t version) const {
    if (version != 0 && (version & 0xffff) == 0) {
        return {ErrorCode::UnsupportedModel, "The file is big-endian GGUF; expected little-endian."};
    }
    if (version == 1) {
        return {ErrorCode::UnsupportedModel, "The file has GGUF version 1; expected version 2 or 3."};
    }
    if (version < 1 || version > kNewestVersion) {
        return {version == 0 ? ErrorCode::InvalidModelFile : ErrorCode::UnsupportedModel,
                "The file has GGUF version " + std::to_string(version) + "; expected version 2 or 3."};
    }
    return Status::ok();
}

Status HeaderReader::read_counts(uint64_t & tensor_count, uint64_t & key_count) {
    const auto magic = cursor_.number<uint32_t>();
    if (!cursor_.failed() && magic != kMagic) return invalid("The file does not begin with the letters GGUF.");
    header_.version = cursor_.number<uint32_t>();
    if (cursor_.failed()) return ends_inside("its first 8 bytes");
    if (Status status = check_version(header_.version); !status) return status;
    tensor_count = cursor_.number<uint64_t>();
    key_count = cursor_.number<uint64_t>();
    if (cursor_.failed()) return ends_inside("its counts");
    // The shortest key takes 8 + 1 + 4 + 1 bytes, the shortest tensor description 8 + 4 + 4 + 8.
    if (key_count > kMaxKeys || key_count > cursor_.remaining() / 14) {
        return invalid("The file claims " + std::to_string(key_count) + " metadata keys, more than fit into it.");
    }
    if (tensor_count > kMaxTensors || tensor_count > cursor_.remaining() / 24) {
        return invalid("The file claims " + std::to_string(tensor_count) + " tensors, more than fit into it.");
    }
    return Status::ok();
}

Status HeaderReader::read_pair(uint64_t index) {
    const std::string place = "metadata key " + std::to_string(index + 1);
    const auto length = cursor_.number<uint64_t>();
    if (cursor_.failed()) return ends_inside(place);
    if (length == 0 || length > kMaxKeyBytes) {
        return invalid("The name of " + place + " has " + std::to_string(length) + " bytes; expected 1 to 65535.");
    }
    const std::string key = cursor_.text(length);
    if (cursor_.failed()) return ends_inside(place);
    // llama.cpp looks keys up as C strings, so one of these could pose as another.
    if (key.find('\0') != std::string::npos) return invalid("The key " + quoted(key) + " contains a zero byte.");
    Value value;
    if (Status status = read_value(key, value); !status) return status;
    if (cursor_.position() > kMaxHeaderBytes) {
        return invalid("The metadata is larger than 1 GiB at the key " + quoted(key) + ".");
    }
    if (!header_.values.emplace(key, std::move(value)).second) {
        return invalid("The key " + quoted(key) + " is there twice.");
    }
    return Status::ok();
}

Status HeaderReader::read_value(const std::string & key, Value & value) {
    value.type = static_cast<ValueType>(cursor_.number<uint32_t>());
    if (cursor_.failed()) return ends_inside("the value of " + quoted(key));
    if (!is_known(value.type)) {
        return invalid("The key " + quoted(key) + " has value type " +
                       std::to_string(static_cast<uint32_t>(value.type)) + "; expected 0 to 12.");
    }
    if (value.type == ValueType::Array) return read_array(key, value);
    if (value.type == ValueType::String) {
        const auto length = cursor_.number<uint64_t>();
        if (!cursor_.failed() && length > cursor_.remaining()) {
            return invalid("The string of " + quoted(key) + " claims " + std::to_string(length) + " bytes, but only " +
                           std::to_string(cursor_.remaining()) + " are left in the file.");
        }
        const uint64_t kept = std::min<uint64_t>(length, kKeptTextBytes);
        value.text = cursor_.text(kept);
        cursor_.skip(length - kept);
    } else {
        switch (value_type_bytes(value.type)) {
            case 1:
                value.bits = cursor_.number<uint8_t>();
                break;
            case 2:
                value.bits = cursor_.number<uint16_t>();
                break;
            case 4:
                value.bits = cursor_.number<uint32_t>();
                break;
            default:
                value.bits = cursor_.number<uint64_t>();
        }
    }
    return cursor_.failed() ? ends_inside("the value of " + quoted(key)) : Status::ok();
}

Status HeaderReader::read_array(const std::string & key, Value & value) {
    value.item_type = static_cast<ValueType>(cursor_.number<uint32_t>());
    value.count = cursor_.number<uint64_t>();
    value.items_offset = cursor_.position();
    if (cursor_.failed()) return ends_inside("the array of " + quoted(key));
    if (value.item_type == ValueType::Array) {
        return invalid("The key " + quoted(key) + " holds an array of arrays, which llama.cpp does not read.");
    }
    if (!is_known(value.item_type)) {
        return invalid("The array of " + quoted(key) + " has item type " +
                       std::to_string(static_cast<uint32_t>(value.item_type)) + "; expected 0 to 12.");
    }
    const bool is_text = value.item_type == ValueType::String;
    const uint64_t least_bytes = is_text ? sizeof(uint64_t) : value_type_bytes(value.item_type);
    if (value.count > cursor_.remaining() / least_bytes) {
        return invalid("The array of " + quoted(key) + " claims " + std::to_string(value.count) + " items, but only " +
                       std::to_string(cursor_.remaining()) + " bytes are left in the file.");
    }
    if (!is_text) cursor_.skip(value.count * least_bytes);
    for (uint64_t i = 0; is_text && i < value.count; ++i) {
        cursor_.skip(cursor_.number<uint64_t>());
        if (cursor_.failed()) return ends_inside("item " + std::to_string(i) + " of " + quoted(key));
    }
    return Status::ok();
}

Status HeaderReader::read_alignment() {
    const Value * value = header_.find(kAlignmentKey);
    if (value == nullptr) return Status::ok();
    if (value->type != ValueType::Uint32) {
        return invalid("general.alignment is of type " + std::string(value_type_name(value->type)) +
                       "; expected uint32.");
    }
    const uint64_t alignment = value->bits;
    if (!std::has_single_bit(alignment) || alignment > kMaxAlignment) {
        return invalid("general.alignment is " + std::to_string(alignment) + "; expected a power of two up to 2^20.");
    }
    header_.alignment = alignment;
    return Status::ok();
}

Status HeaderReader::read_tensor(uint64_t index) {
    Tensor tensor;
    const std::string place = "tensor description " + std::to_string(index + 1);
    const auto length = cursor_.number<uint64_t>();
    if (cursor_.failed()) return ends_inside(place);
    if (length == 0 || length > kMaxTensorNameBytes) {
        return invalid("The name in " + place + " has " + std::to_string(length) + " bytes; expected 1 to 63.");
    }
    tensor.name = cursor_.text(length);
    if (cursor_.failed()) return ends_inside(place);
    if (tensor.name.find('\0') != std::string::npos) {
        return invalid("The tensor name " + quoted(tensor.name) + " contains a zero byte.");
    }
    if (!tensor_names_.insert(tensor.name).second) {
        return invalid("The tensor " + quoted(tensor.name) + " is there twice.");
    }
    if (Status status = read_dimensions(tensor); !status) return status;
    if (Status status = read_type(tensor); !status) return status;
    tensor.offset = cursor_.number<uint64_t>();
    if (cursor_.failed()) return ends_inside("the description of the tensor " + quoted(tensor.name));
    if (tensor.offset != data_bytes_) {
        return invalid("The tensor " + quoted(tensor.name) + " is at offset " + std::to_string(tensor.offset) +
                       "; expected " + std::to_string(data_bytes_) + ", right behind the one before.");
    }
    data_bytes_ += (tensor.size_bytes + header_.alignment - 1) / header_.alignment * header_.alignment;
    header_.tensors.push_back(std::move(tensor));
    return Status::ok();
}

Status HeaderReader::read_dimensions(Tensor & tensor) {
    tensor.dimension_count = cursor_.number<uint32_t>();
    if (tensor.dimension_count > kMaxDimensions) {
        return invalid("The tensor " + quoted(tensor.name) + " has " + std::to_string(tensor.dimension_count) +
                       " dimensions; expected at most 4.");
    }
    uint64_t elements = 1;
    for (uint32_t i = 0; i < tensor.dimension_count; ++i) {
        const auto dimension = cursor_.number<uint64_t>();
        if (cursor_.failed()) break;
        // llama.cpp wants the product of all to be below the largest, so equality is refused too.
        if (dimension == 0 || dimension >= kMaxElements / elements) {
            return invalid("The tensor " + quoted(tensor.name) + " has a dimension of " + std::to_string(dimension) +
                           "; expected 1 or more, and fewer than 2^63 elements in all.");
        }
        tensor.dimensions[i] = dimension;
        elements *= dimension;
    }
    return cursor_.failed() ? ends_inside("the dimensions of the tensor " + quoted(tensor.name)) : Status::ok();
}

Status HeaderReader::read_type(Tensor & tensor) {
    tensor.type = cursor_.number<uint32_t>();
    if (cursor_.failed()) return ends_inside("the type of the tensor " + quoted(tensor.name));
    const TensorType * type = find_tensor_type(tensor.type);
    if (type == nullptr || type->block_size == 0) {
        return {ErrorCode::UnsupportedModel, "The tensor " + quoted(tensor.name) + " has type number " +
                                                 std::to_string(tensor.type) + ", which llama.cpp does not know."};
    }
    if (tensor.dimensions[0] % type->block_size != 0) {
        return invalid("The tensor " + quoted(tensor.name) + " has rows of " + std::to_string(tensor.dimensions[0]) +
                       " elements; expected a multiple of " + std::to_string(type->block_size) + " for the type " +
                       std::string(type->name) + ".");
    }
    const uint64_t blocks = tensor.element_count() / type->block_size;
    if (blocks > source_.size() / type->block_bytes) {
        return invalid("The tensor " + quoted(tensor.name) + " of " + std::to_string(tensor.element_count()) +
                       " elements of type " + std::string(type->name) + " is larger than the file.");
    }
    tensor.size_bytes = blocks * type->block_bytes;
    return Status::ok();
}

Status HeaderReader::check_data() {
    const uint64_t end = cursor_.position();
    header_.data_offset = (end + header_.alignment - 1) / header_.alignment * header_.alignment;
    if (header_.tensors.empty()) return Status::ok();
    for (const Tensor & tensor : header_.tensors) {
        const uint64_t begin = header_.data_offset + tensor.offset;
        if (begin > source_.size() || tensor.size_bytes > source_.size() - begin) {
            return invalid("The data of the tensor " + quoted(tensor.name) + " ends at byte " +
                           std::to_string(begin + tensor.size_bytes) + ", behind the end of the file at " +
                           std::to_string(source_.size()) + "; the file is incomplete.");
        }
    }
    if (header_.data_offset % kMappingAlignment != 0) {
        return {ErrorCode::UnsupportedModel, "The tensor data begins at byte " + std::to_string(header_.data_offset) +
                                                 "; expected a multiple of 32, as llama.cpp maps the file."};
    }
    return Status::ok();
}

template <typename T>
T scalar(const Value & value) {
    T result{};
    std::memcpy(&result, &value.bits, sizeof result);
    return result;
}

}  // namespace

Result<Header> read_header(ByteSource & source) { return HeaderReader(source).read(); }

const Value * Header::find(std::string_view key) const {
    const auto found = values.find(key);
    return found == values.end() ? nullptr : &found->second;
}

std::optional<uint32_t> Header::uint32(std::string_view key) const {
    const Value * value = find(key);
    if (value == nullptr || value->type != ValueType::Uint32) return std::nullopt;
    return scalar<uint32_t>(*value);
}

std::optional<float> Header::float32(std::string_view key) const {
    const Value * value = find(key);
    if (value == nullptr || value->type != ValueType::Float32) return std::nullopt;
    return scalar<float>(*value);
}

std::optional<bool> Header::boolean(std::string_view key) const {
    const Value * value = find(key);
    if (value == nullptr || value->type != ValueType::Bool) return std::nullopt;
    return value->bits != 0;
}

std::string_view Header::text(std::string_view key) const {
    const Value * value = find(key);
    return value != nullptr && value->type == ValueType::String ? std::string_view(value->text) : std::string_view();
}

}  // namespace inferno::gguf
