#include "native/onnx/feed_check.h"

#include <algorithm>
#include <optional>
#include <vector>

namespace inferno::onnx {
namespace {

bool dims_fit(const ValueInfo & info, std::span<const int64_t> dims) {
    if (!info.has_rank) return true;
    if (dims.size() != info.dims.size()) return false;
    for (size_t i = 0; i < dims.size(); ++i) {
        if (info.dims[i] >= 0 && info.dims[i] != dims[i]) return false;
    }
    return true;
}

// Bytes, or strings; nothing when the dimensions are impossible.
std::optional<size_t> needed(const FeedShape & feed) {
    if (feed.type != ElementType::String) return tensor_bytes(feed.type, feed.dims);
    const auto count = element_count(feed.dims);
    return count ? std::optional(static_cast<size_t>(*count)) : std::nullopt;
}

bool has_memory(const FeedShape & feed) {
    const auto wanted = needed(feed);
    // Strings are copied one by one, so their number must be exact.
    return wanted && (feed.type == ElementType::String ? feed.bytes == *wanted : feed.bytes >= *wanted);
}

bool fits(const ValueInfo & info, const FeedShape & feed) {
    const bool kind_fits = info.kind == feed.kind || info.kind == ValueKind::Optional;
    if (!kind_fits || feed.kind != ValueKind::Tensor) return kind_fits;
    return info.type == feed.type && dims_fit(info, feed.dims) && has_memory(feed);
}

std::string dims_text(std::span<const int64_t> dims, const std::vector<std::string> * symbols) {
    std::string text = "[";
    for (size_t i = 0; i < dims.size(); ++i) {
        if (i > 0) text += ", ";
        if (dims[i] >= 0) {
            text += std::to_string(dims[i]);
        } else {
            text += symbols != nullptr && !(*symbols)[i].empty() ? (*symbols)[i] : "?";
        }
    }
    return text + "]";
}

std::string wanted_text(const ValueInfo & info) {
    const std::string type(element_type_name(info.type));
    if (info.kind != ValueKind::Tensor && info.kind != ValueKind::Optional) {
        return std::string("a ") + value_kind_name(info.kind) + " of " + type;
    }
    return info.has_rank ? type + dims_text(info.dims, &info.symbols) : type;
}

std::string given_text(const FeedShape & feed) {
    if (feed.kind != ValueKind::Tensor) return std::string("a ") + value_kind_name(feed.kind);
    return std::string(element_type_name(feed.type)) + dims_text(feed.dims, nullptr);
}

std::string fault_of(const std::string & what, const ValueInfo & info, const FeedShape & feed) {
    const bool is_tensor = feed.kind == ValueKind::Tensor;
    if (is_tensor && info.type == feed.type && dims_fit(info, feed.dims)) {
        const std::string unit = feed.type == ElementType::String ? " strings" : " bytes";
        const auto wanted = needed(feed);
        if (!wanted) return what + " has dimensions that are too large: " + dims_text(feed.dims, nullptr);
        return what + " needs " + std::to_string(*wanted) + unit + " for " + given_text(feed) + " but has " +
               std::to_string(feed.bytes);
    }
    return what + " must be " + wanted_text(info) + " but is " + given_text(feed);
}

std::string names_text(const std::vector<ValueInfo> & infos) {
    // A decoder has hundreds; the first ones say what kind of names they are.
    constexpr size_t kShown = 20;
    std::string text;
    for (size_t i = 0; i < std::min(kShown, infos.size()); ++i) text += (i == 0 ? "" : ", ") + infos[i].name;
    return infos.size() > kShown ? text + ", …" : text;
}

bool all_fit(const Session & session, const Feeds & feeds) {
    if (!feeds.unknown_inputs.empty() || !feeds.unknown_outputs.empty()) return false;
    size_t required = 0;
    for (const FeedShape & feed : feeds.inputs) {
        const ValueInfo & info = session.inputs()[feed.index];
        if (!fits(info, feed)) return false;
        if (!info.has_default) ++required;
    }
    for (const FeedShape & feed : feeds.outputs) {
        if (!fits(session.outputs()[feed.index], feed)) return false;
    }
    // The typed layer names none twice, so the number is enough.
    return required == session.required_input_count();
}

}  // namespace

Status check_feeds(const Session & session, const Feeds & feeds) {
    if (all_fit(session, feeds)) return Status::ok();
    std::vector<std::string> faults;
    std::vector<bool> is_fed(session.inputs().size());
    for (const FeedShape & feed : feeds.inputs) {
        const ValueInfo & info = session.inputs()[feed.index];
        if (is_fed[feed.index]) faults.push_back("input " + info.name + " is given twice");
        is_fed[feed.index] = true;
        if (!fits(info, feed)) faults.push_back(fault_of("input " + info.name, info, feed));
    }
    for (size_t i = 0; i < is_fed.size(); ++i) {
        const ValueInfo & info = session.inputs()[i];
        if (!is_fed[i] && !info.has_default)
            faults.push_back("input " + info.name + " (" + wanted_text(info) + ") is missing");
    }
    for (const std::string & name : feeds.unknown_inputs) {
        faults.push_back("there is no input " + name + ", only " + names_text(session.inputs()));
    }
    for (const FeedShape & feed : feeds.outputs) {
        const ValueInfo & info = session.outputs()[feed.index];
        if (!fits(info, feed)) faults.push_back(fault_of("output " + info.name, info, feed));
    }
    for (const std::string & name : feeds.unknown_outputs) {
        faults.push_back("there is no output " + name + ", only " + names_text(session.outputs()));
    }
    if (faults.empty()) return Status::ok();
    std::string message = "The tensors do not fit the model: ";
    for (size_t i = 0; i < faults.size(); ++i) message += (i == 0 ? "" : "; ") + faults[i];
    return {ErrorCode::InvalidTensor, message + "."};
}

}  // namespace inferno::onnx
