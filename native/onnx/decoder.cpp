#include "native/onnx/decoder.h"

#include <algorithm>
#include <cmath>
#include <new>
#include <string>

#include "native/onnx/growing_cache.h"
#include "native/onnx/half.h"
#include "native/onnx/shared_cache.h"

namespace inferno::onnx {

Result<std::unique_ptr<Decoder>> Decoder::create(std::shared_ptr<const Session> session, const DecoderTraits & traits,
                                                 int32_t slots, int32_t context_size) {
    auto graph = read_decoder_graph(session->inputs(), session->outputs());
    if (!graph) return graph.status();
    std::unique_ptr<KvCache> cache;
    try {
        if (traits.layout == CacheLayout::Shared) {
            cache = std::make_unique<SharedCache>(graph.value(), slots, context_size);
        } else {
            cache = std::make_unique<GrowingCache>(graph.value(), slots, traits.pads);
        }
    } catch (const std::bad_alloc &) {
        return Status(ErrorCode::OutOfMemory, "There is not enough memory for a KV cache of " +
                                                  std::to_string(context_size) + " tokens for " +
                                                  std::to_string(slots) + " sequences.");
    }
    return std::unique_ptr<Decoder>(new Decoder(std::move(session), std::move(graph).value(), std::move(cache)));
}

Status Decoder::run(std::span<const Row> rows, const OrtRunOptions * options) {
    const auto count = static_cast<int64_t>(rows.front().tokens.size());
    std::vector<int32_t> slots;
    for (const Row & row : rows) slots.push_back(row.slot);
    if (Status status = cache_->prepare(slots, static_cast<int32_t>(count), binding_); !status) return status;
    order_rows(rows);
    fill_inputs(rows, count);
    values_.clear();
    narrow_.clear();
    narrow_.reserve(4);
    input_indices_.clear();
    inputs_.clear();
    output_indices_.clear();
    outputs_.clear();
    if (Status status = bind_inputs(count); !status) return status;
    if (Status status = bind_caches(); !status) return status;
    output_indices_.push_back(graph_.logits);
    outputs_.push_back(nullptr);
    logits_.reset();
    const Status status = session_->run({input_indices_, inputs_, output_indices_, outputs_, options});
    ValuePtr logits(outputs_.back());
    if (!status) return status;
    cache_->commit();
    return take_logits(std::move(logits), count);
}

void Decoder::order_rows(std::span<const Row> rows) {
    order_.resize(rows.size());
    rows_.resize(rows.size());
    for (size_t i = 0; i < rows.size(); ++i) {
        const auto at =
            std::find_if(rows.begin(), rows.end(), [&](const Row & row) { return row.slot == binding_.slots[i]; });
        order_[i] = static_cast<size_t>(at - rows.begin());
        rows_[order_[i]] = i;
    }
}

void Decoder::fill_inputs(std::span<const Row> rows, int64_t count) {
    ids_.clear();
    positions_.clear();
    int32_t longest = 0;
    for (const Row & row : rows) longest = std::max(longest, cache_->length(row.slot));
    has_past_ = longest > 0;
    mask_length_ = (binding_.is_right_aligned ? binding_.past_length : longest) + count;
    mask_.assign(rows.size() * static_cast<size_t>(mask_length_), 0);
    for (size_t i = 0; i < rows.size(); ++i) {
        const Row & row = rows[order_[i]];
        const int64_t length = cache_->length(row.slot);
        ids_.insert(ids_.end(), row.tokens.begin(), row.tokens.end());
        for (int64_t k = 0; k < count; ++k) positions_.push_back(length + k);
        const auto end = mask_.begin() + static_cast<ptrdiff_t>(i + 1) * mask_length_;
        const auto begin = end - mask_length_;
        if (binding_.is_right_aligned) {
            std::fill(end - (length + count), end, 1);
        } else {
            std::fill(begin, begin + (length + count), 1);
        }
    }
}

Status Decoder::add_integers(const GraphInput & input, std::vector<int64_t> & values, std::span<const int64_t> dims) {
    TensorView view{input.type, dims, values.data(), values.size() * sizeof(int64_t)};
    if (input.type == ElementType::Int32) {
        narrow_.emplace_back(values.begin(), values.end());
        view.data = narrow_.back().data();
        view.bytes = values.size() * sizeof(int32_t);
    }
    auto value = make_view(view);
    if (!value) return value.status();
    input_indices_.push_back(input.index);
    inputs_.push_back(value.value().get());
    values_.push_back(std::move(value).value());
    return Status::ok();
}

Status Decoder::bind_inputs(int64_t count) {
    const auto rows = static_cast<int64_t>(order_.size());
    const int64_t tokens[] = {rows, count};
    const int64_t visible[] = {rows, mask_length_};
    if (Status status = add_integers(graph_.input_ids, ids_, tokens); !status) return status;
    if (graph_.attention_mask) {
        if (Status status = add_integers(*graph_.attention_mask, mask_, visible); !status) return status;
    }
    if (graph_.position_ids) {
        if (Status status = add_integers(*graph_.position_ids, positions_, tokens); !status) return status;
    }
    const int64_t single[] = {1};
    if (graph_.logits_to_keep) {
        one_.assign(1, 1);
        const auto rank = graph_.logits_to_keep->rank;
        if (Status status = add_integers(*graph_.logits_to_keep, one_, std::span(single, rank)); !status) return status;
    }
    if (!graph_.use_cache_branch) return Status::ok();
    auto flag = make_view({ElementType::Bool, std::span(single, graph_.use_cache_branch->rank), &has_past_, 1});
    if (!flag) return flag.status();
    input_indices_.push_back(graph_.use_cache_branch->index);
    inputs_.push_back(flag.value().get());
    values_.push_back(std::move(flag).value());
    return Status::ok();
}

Status Decoder::bind_caches() {
    const auto rows = static_cast<int64_t>(order_.size());
    for (size_t i = 0; i < graph_.caches.size(); ++i) {
        const CacheTensor & cache = graph_.caches[i];
        const int64_t past[] = {rows, cache.heads, binding_.past_length, cache.head_size};
        const int64_t present[] = {rows, cache.heads, binding_.present_length, cache.head_size};
        const size_t token_bytes =
            static_cast<size_t>(rows * cache.heads * cache.head_size) * element_bits(graph_.cache_type) / 8;
        auto before = make_view(
            {graph_.cache_type, past, binding_.past[i], token_bytes * static_cast<size_t>(binding_.past_length)});
        if (!before) return before.status();
        auto after = make_view({graph_.cache_type, present, binding_.present[i],
                                token_bytes * static_cast<size_t>(binding_.present_length)});
        if (!after) return after.status();
        input_indices_.push_back(cache.past);
        inputs_.push_back(before.value().get());
        output_indices_.push_back(cache.present);
        outputs_.push_back(after.value().get());
        values_.push_back(std::move(before).value());
        values_.push_back(std::move(after).value());
    }
    return Status::ok();
}

// [rows, tokens, vocabulary], of all tokens or of the last one, or [rows, vocabulary].
Status Decoder::take_logits(ValuePtr value, int64_t count) {
    auto content = tensor_content(value.get());
    if (!content) return content.status();
    const std::vector<int64_t> & dims = content.value().dims;
    const auto rows = static_cast<int64_t>(order_.size());
    const bool fits = (dims.size() == 2 || dims.size() == 3) && dims.front() == rows && dims.back() > 0 &&
                      (dims.size() == 2 || dims[1] == 1 || dims[1] == count);
    if (!fits) return {ErrorCode::UnsupportedModel, "The graph's logits are not [batch, sequence, vocabulary]."};
    vocabulary_size_ = static_cast<int32_t>(dims.back());
    logits_ = std::move(value);
    logits_content_ = std::move(content).value();
    return Status::ok();
}

std::span<float> Decoder::logits(size_t index) {
    const auto size = static_cast<size_t>(vocabulary_size_);
    const std::vector<int64_t> & dims = logits_content_.dims;
    const size_t tokens = dims.size() == 2 ? 1 : static_cast<size_t>(dims[1]);
    const size_t begin = (rows_[index] * tokens + tokens - 1) * size;
    if (logits_content_.type == ElementType::Float32) {
        return std::span(static_cast<float *>(logits_content_.data) + begin, size);
    }
    const std::span halves(static_cast<const uint16_t *>(logits_content_.data) + begin, size);
    converted_.resize(size);
    if (logits_content_.type == ElementType::Float16) {
        std::transform(halves.begin(), halves.end(), converted_.begin(), half_to_float);
    } else {
        std::transform(halves.begin(), halves.end(), converted_.begin(), bfloat_to_float);
    }
    return converted_;
}

}  // namespace inferno::onnx
