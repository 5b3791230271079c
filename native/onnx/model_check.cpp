#include "native/onnx/model_check.h"

#include <algorithm>
#include <charconv>
#include <optional>

#include "native/onnx/data_folder.h"
#include "native/onnx/element_type.h"
#include "native/onnx/wire_reader.h"

namespace inferno::onnx {
namespace {

constexpr size_t kShownFaults = 5;
// Graphs in graphs. ONNX Runtime's own reader stops at a hundred messages.
constexpr int kMaxDepth = 30;
constexpr size_t kMaxTensorName = 256;

// Field numbers of onnx.proto.
namespace model {
constexpr uint32_t kIrVersion = 1, kProducer = 2, kGraph = 7, kTraining = 20, kFunctions = 25;
}
namespace graph {
constexpr uint32_t kNode = 1, kInitializer = 5, kSparseInitializer = 15;
}
namespace node {
constexpr uint32_t kAttribute = 5;
}
namespace attribute {
constexpr uint32_t kTensor = 5, kGraph = 6, kTensors = 10, kGraphs = 11, kSparse = 22, kSparses = 23;
}
namespace function {
constexpr uint32_t kNode = 7;
}
namespace tensor {
constexpr uint32_t kDims = 1, kType = 2, kName = 8, kRaw = 9, kExternal = 13, kLocation = 14;
}
constexpr uint64_t kExternalLocation = 1;

// What one TensorProto says.
struct Tensor {
    std::string name;
    std::vector<int64_t> dims;
    uint64_t type = 0;
    std::optional<uint64_t> raw_bytes;
    bool is_external = false;
    std::string location;
    uint64_t offset = 0;
    std::optional<uint64_t> length;
};

class Checker {
  public:
    Checker(WireSource & source, const DataFolder & folder) : source_(source), folder_(folder) {}

    Result<ModelSummary> check() {
        bool has_graph = false;
        each(0, source_.size(), [&](const WireField & field) {
            if (field.number == model::kIrVersion) summary_.ir_version = field.value;
            if (field.kind != WireField::Kind::Bytes) return;
            if (field.number == model::kProducer)
                summary_.producer = source_.text(field.offset, std::min<uint64_t>(field.length, kMaxTensorName));
            if (field.number == model::kGraph) {
                has_graph = true;
                check_graph(field, 0);
            }
            if (field.number == model::kTraining) each(field, [&](const WireField & part) { check_graph(part, 1); });
            if (field.number == model::kFunctions) check_nodes(field, function::kNode, 1);
        });
        if (!broken_ && !has_graph) fault("it has no graph, so it is no ONNX model");
        if (faults_ > 0)
            return Status(ErrorCode::InvalidModelFile, "The ONNX file is not usable: " + text_ + more() + ".");
        summary_.total_bytes += source_.size();
        return std::move(summary_);
    }

  private:
    template <typename Visit>
    void each(uint64_t begin, uint64_t end, Visit visit) {
        WireReader reader(source_, begin, end);
        while (!broken_) {
            const auto field = reader.next();
            if (!field) break;
            visit(*field);
        }
        if (!reader.failed() || broken_) return;
        broken_ = true;
        fault("it is cut off or damaged at byte " + std::to_string(reader.offset()) + " of " +
              std::to_string(source_.size()));
    }
    template <typename Visit>
    void each(const WireField & message, Visit visit) {
        if (message.kind == WireField::Kind::Bytes) each(message.offset, message.offset + message.length, visit);
    }

    void fault(const std::string & what) {
        if (++faults_ <= kShownFaults) text_ += (text_.empty() ? "" : "; ") + what;
    }
    std::string more() const {
        return faults_ > kShownFaults ? "; and " + std::to_string(faults_ - kShownFaults) + " more" : "";
    }

    bool is_too_deep(int depth) {
        if (depth <= kMaxDepth) return false;
        broken_ = true;
        fault("its graphs are nested more than " + std::to_string(kMaxDepth) + " deep");
        return true;
    }

    void check_graph(const WireField & message, int depth) {
        if (is_too_deep(depth)) return;
        each(message, [&](const WireField & field) {
            if (field.number == graph::kNode) check_node(field, depth);
            if (field.number == graph::kInitializer) check_tensor(field);
            if (field.number == graph::kSparseInitializer) check_sparse(field);
        });
    }

    void check_nodes(const WireField & message, uint32_t number, int depth) {
        each(message, [&](const WireField & field) {
            if (field.number == number) check_node(field, depth);
        });
    }

    void check_node(const WireField & message, int depth) {
        each(message, [&](const WireField & field) {
            if (field.number == node::kAttribute) check_attribute(field, depth);
        });
    }

    void check_attribute(const WireField & message, int depth) {
        each(message, [&](const WireField & field) {
            if (field.number == attribute::kTensor || field.number == attribute::kTensors) check_tensor(field);
            if (field.number == attribute::kGraph || field.number == attribute::kGraphs) check_graph(field, depth + 1);
            if (field.number == attribute::kSparse || field.number == attribute::kSparses) check_sparse(field);
        });
    }

    // Values and indices, both tensors; then dimensions.
    void check_sparse(const WireField & message) {
        each(message, [&](const WireField & field) {
            if (field.kind == WireField::Kind::Bytes && field.number <= 2) check_tensor(field);
        });
    }

    void check_tensor(const WireField & message) {
        Tensor tensor;
        each(message, [&](const WireField & field) { read_tensor_field(field, tensor); });
        if (broken_) return;
        const std::string name = tensor.name.empty() ? "a tensor" : "the tensor " + tensor.name;
        const auto count = element_count(tensor.dims);
        if (!count) {
            fault(name + " has dimensions that are negative or too large");
            return;
        }
        const auto type = static_cast<ElementType>(static_cast<uint8_t>(std::min<uint64_t>(tensor.type, UINT8_MAX)));
        const bool is_sized = element_bits(type) > 0;
        const auto bytes = is_sized ? tensor_bytes(type, tensor.dims) : std::nullopt;
        if (tensor.is_external) {
            check_external(tensor, name, bytes);
        } else if (tensor.raw_bytes && bytes && *tensor.raw_bytes != *bytes) {
            fault(name + " needs " + std::to_string(*bytes) + " bytes and has " + std::to_string(*tensor.raw_bytes));
        }
    }

    void read_tensor_field(const WireField & field, Tensor & tensor) {
        switch (field.number) {
            case tensor::kDims:
                read_dims(field, tensor.dims);
                break;
            case tensor::kType:
                tensor.type = field.value;
                break;
            case tensor::kName:
                tensor.name = source_.text(field.offset, std::min<uint64_t>(field.length, kMaxTensorName));
                break;
            case tensor::kRaw:
                tensor.raw_bytes = field.length;
                break;
            case tensor::kExternal:
                read_external(field, tensor);
                break;
            case tensor::kLocation:
                tensor.is_external = field.value == kExternalLocation;
                break;
            default:
                break;
        }
    }

    void read_dims(const WireField & field, std::vector<int64_t> & dims) {
        if (field.kind == WireField::Kind::Varint) dims.push_back(static_cast<int64_t>(field.value));
        if (field.kind != WireField::Kind::Bytes) return;
        WireReader packed(source_, field.offset, field.offset + field.length);
        while (!packed.at_end()) {
            const auto dim = packed.varint();
            if (!dim) break;
            dims.push_back(static_cast<int64_t>(*dim));
        }
    }

    // One key and its value.
    void read_external(const WireField & message, Tensor & tensor) {
        std::string key;
        std::string value;
        constexpr uint64_t kMaxText = 4096;
        each(message, [&](const WireField & field) {
            if (field.kind != WireField::Kind::Bytes) return;
            (field.number == 1 ? key : value) = source_.text(field.offset, std::min(field.length, kMaxText));
        });
        uint64_t number = 0;
        const bool is_number = std::from_chars(value.data(), value.data() + value.size(), number).ec == std::errc();
        if (key == "location") tensor.location = value;
        if (key != "offset" && key != "length") return;
        if (!is_number) fault("external data has the " + key + " " + value);
        if (key == "offset") tensor.offset = number;
        if (key == "length") tensor.length = number;
    }

    void check_external(const Tensor & tensor, const std::string & name, std::optional<size_t> bytes) {
        const auto size = folder_.size_of(tensor.location);
        if (!size) {
            fault(name + ": " + size.status().message());
            return;
        }
        if (std::find(summary_.data_files.begin(), summary_.data_files.end(), tensor.location) ==
            summary_.data_files.end()) {
            summary_.data_files.push_back(tensor.location);
            summary_.total_bytes += size.value();
        }
        const uint64_t length = tensor.length.value_or(bytes.value_or(0));
        if (bytes && length != *bytes) {
            fault(name + " needs " + std::to_string(*bytes) + " bytes and names " + std::to_string(length));
        } else if (tensor.offset > size.value() || length > size.value() - tensor.offset) {
            fault(name + " lies beyond the end of its data file " + tensor.location);
        }
    }

    WireSource & source_;
    const DataFolder & folder_;
    ModelSummary summary_;
    bool broken_ = false;
    size_t faults_ = 0;
    std::string text_;
};

}  // namespace

Result<ModelSummary> check_model_file(const std::string & path) {
    if (Status status = require_file(path); !status) return status;
    WireSource source(path);
    if (!source.is_open()) return Status(ErrorCode::FileUnreadable, "The file " + path + " cannot be read.");
    const DataFolder folder = DataFolder::of_model(path);
    return Checker(source, folder).check();
}

Result<ModelSummary> check_model_bytes(std::span<const std::byte> bytes, const std::string & data_directory) {
    WireSource source(bytes);
    const DataFolder folder(data_directory);
    return Checker(source, folder).check();
}

}  // namespace inferno::onnx
