#include "native/onnx/shared_cache.h"

#include <algorithm>
#include <cstring>

namespace inferno::onnx {

SharedCache::SharedCache(const DecoderGraph & graph, int32_t slots, int32_t context_size)
    : shape_(graph),
      context_size_(static_cast<size_t>(context_size)),
      lengths_(static_cast<size_t>(slots)),
      arena_(static_cast<size_t>(slots) * static_cast<size_t>(context_size), shape_.token_bytes) {
    for (int32_t slot = 0; slot < slots; ++slot) {
        rows_.push_back(static_cast<size_t>(slot));
        slots_.push_back(slot);
    }
}

bool SharedCache::batches(int32_t length, int32_t other_length, int32_t count) const {
    return count == 1 || (length == 0 && other_length == 0);
}

Status SharedCache::prepare(std::span<const int32_t> slots, int32_t count, KvBinding & binding) {
    const size_t first = gather(slots);
    running_.assign(slots_.begin() + static_cast<ptrdiff_t>(first),
                    slots_.begin() + static_cast<ptrdiff_t>(first + slots.size()));
    count_ = count;
    binding.slots = running_;
    binding.past.clear();
    for (const KvShape::Tensor & tensor : shape_.tensors) binding.past.push_back(head(tensor, first, 0));
    binding.present = binding.past;
    binding.past_length = static_cast<int64_t>(context_size_);
    binding.present_length = binding.past_length;
    binding.is_right_aligned = false;
    return Status::ok();
}

void SharedCache::commit() {
    for (const int32_t slot : running_) lengths_[static_cast<size_t>(slot)] += count_;
}

std::byte * SharedCache::head(const KvShape::Tensor & tensor, size_t row, size_t head) const {
    return arena_.tensor(tensor.prefix) + (row * tensor.heads + head) * context_size_ * tensor.head_bytes;
}

size_t SharedCache::gather(std::span<const int32_t> slots) {
    size_t first = slots_.size();
    size_t last = 0;
    for (const int32_t slot : slots) {
        first = std::min(first, row_of(slot));
        last = std::max(last, row_of(slot));
    }
    if (last - first + 1 == slots.size()) return first;
    // Everyone moves to the front; whoever is there already stays.
    size_t free_row = 0;
    for (const int32_t slot : slots) {
        if (row_of(slot) < slots.size()) continue;
        while (std::find(slots.begin(), slots.end(), slots_[free_row]) != slots.end()) ++free_row;
        swap_rows(row_of(slot), free_row);
    }
    return 0;
}

void SharedCache::swap_rows(size_t row, size_t other) {
    const int32_t slot = slots_[row];
    const int32_t other_slot = slots_[other];
    const auto tokens = static_cast<size_t>(std::max(length(slot), length(other_slot)));
    for (const KvShape::Tensor & tensor : shape_.tensors) {
        const size_t bytes = tokens * tensor.head_bytes;
        exchange_.resize(std::max(exchange_.size(), bytes));
        for (size_t i = 0; i < tensor.heads && bytes > 0; ++i) {
            std::memcpy(exchange_.data(), head(tensor, row, i), bytes);
            std::memcpy(head(tensor, row, i), head(tensor, other, i), bytes);
            std::memcpy(head(tensor, other, i), exchange_.data(), bytes);
        }
    }
    bytes_moved_ += 2 * tokens * shape_.token_bytes;
    std::swap(slots_[row], slots_[other]);
    std::swap(rows_[static_cast<size_t>(slot)], rows_[static_cast<size_t>(other_slot)]);
}

std::vector<uint8_t> SharedCache::save(int32_t slot) const {
    const auto tokens = static_cast<size_t>(length(slot));
    std::vector<uint8_t> state(tokens * shape_.token_bytes);
    uint8_t * to = state.data();
    for (const KvShape::Tensor & tensor : shape_.tensors) {
        for (size_t i = 0; i < tensor.heads && tokens > 0; ++i) {
            std::memcpy(to, head(tensor, row_of(slot), i), tokens * tensor.head_bytes);
            to += tokens * tensor.head_bytes;
        }
    }
    return state;
}

Status SharedCache::restore(int32_t slot, std::span<const uint8_t> state) {
    const size_t tokens = state.size() / shape_.token_bytes;
    const uint8_t * from = state.data();
    for (const KvShape::Tensor & tensor : shape_.tensors) {
        for (size_t i = 0; i < tensor.heads && tokens > 0; ++i) {
            std::memcpy(head(tensor, row_of(slot), i), from, tokens * tensor.head_bytes);
            from += tokens * tensor.head_bytes;
        }
    }
    lengths_[static_cast<size_t>(slot)] = static_cast<int32_t>(tokens);
    return Status::ok();
}

}  // namespace inferno::onnx
