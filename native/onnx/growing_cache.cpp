#include "native/onnx/growing_cache.h"

#include <algorithm>
#include <cstring>
#include <new>
#include <utility>

namespace inferno::onnx {
namespace {

// Zeros in front of the longest sequence that are worth laying all rows out anew.
constexpr size_t kWorthRebuilding = 32;
// Arenas kept for later runs; more would be memory that nobody uses.
constexpr size_t kMaxSpare = 4;

bool contains(std::span<const int32_t> slots, int32_t slot) {
    return std::find(slots.begin(), slots.end(), slot) != slots.end();
}

}  // namespace

GrowingCache::GrowingCache(const DecoderGraph & graph, int32_t slots, bool pads)
    : shape_(graph), pads_(pads), lengths_(static_cast<size_t>(slots)), places_(static_cast<size_t>(slots)) {}

bool GrowingCache::batches(int32_t length, int32_t other_length, int32_t /*count*/) const {
    return pads_ || length == other_length;
}

Status GrowingCache::prepare(std::span<const int32_t> slots, int32_t count, KvBinding & binding) {
    try {
        Block & block = choose_base(slots);
        part_from(block, slots);
        size_t longest = 0;
        for (const int32_t slot : slots) longest = std::max(longest, tokens_of(slot));
        const bool is_wide = block.length > longest + std::max(kWorthRebuilding, longest / 4);
        if (longest > block.length || is_wide) {
            rebuild(block, slots, longest);
        } else {
            for (const int32_t slot : slots) {
                if (place_of(slot).block != &block) append(block, slot);
            }
        }
        running_ = &block;
        count_ = static_cast<size_t>(count);
        next_ = take_arena(block.slots.size() * (block.length + count_));
    } catch (const std::bad_alloc &) {
        return {ErrorCode::OutOfMemory, "There is not enough memory for the KV cache of this step."};
    }
    binding.slots = running_->slots;
    binding.past.clear();
    binding.present.clear();
    for (const KvShape::Tensor & tensor : shape_.tensors) {
        binding.past.push_back(running_->arena.tensor(tensor.prefix));
        binding.present.push_back(next_.tensor(tensor.prefix));
    }
    binding.past_length = static_cast<int64_t>(running_->length);
    binding.present_length = static_cast<int64_t>(running_->length + count_);
    binding.is_right_aligned = true;
    return Status::ok();
}

void GrowingCache::commit() {
    give_arena(std::exchange(running_->arena, std::move(next_)));
    running_->length += count_;
    for (const int32_t slot : running_->slots) lengths_[static_cast<size_t>(slot)] += static_cast<int32_t>(count_);
    running_ = nullptr;
}

void GrowingCache::clear(int32_t slot) {
    leave(slot);
    lengths_[static_cast<size_t>(slot)] = 0;
}

// The block that most of the sequences are in already; a new one when none is in any.
GrowingCache::Block & GrowingCache::choose_base(std::span<const int32_t> slots) {
    Block * best = nullptr;
    int64_t most = 0;
    for (const auto & block : blocks_) {
        const auto shared = std::count_if(block->slots.begin(), block->slots.end(),
                                          [&](int32_t slot) { return contains(slots, slot); });
        if (shared <= most) continue;
        most = shared;
        best = block.get();
    }
    return best != nullptr ? *best : add_block();
}

// Sequences that sit this run out go to blocks of their own.
void GrowingCache::part_from(Block & base, std::span<const int32_t> slots) {
    for (size_t row = base.slots.size(); row-- > 0;) {
        const int32_t slot = base.slots[row];
        if (contains(slots, slot)) continue;
        Block & own = add_block();
        own.length = tokens_of(slot);
        append(own, slot);
    }
}

void GrowingCache::rebuild(Block & base, std::span<const int32_t> slots, size_t length) {
    KvArena arena = take_arena(slots.size() * length);
    for (size_t row = 0; row < slots.size(); ++row) copy_row(slots[row], arena, row, length);
    for (const int32_t slot : slots) {
        if (place_of(slot).block != &base) leave(slot);
    }
    give_arena(std::exchange(base.arena, std::move(arena)));
    base.length = length;
    base.slots.assign(slots.begin(), slots.end());
    for (size_t row = 0; row < slots.size(); ++row) place_of(slots[row]) = {&base, row};
}

// REQUIRES: the sequence is not longer than the block.
void GrowingCache::append(Block & block, int32_t slot) {
    const size_t rows = block.slots.size();
    if (block.arena.tokens() < (rows + 1) * block.length || rows == 0) {
        KvArena arena = take_arena((rows + 1) * block.length);
        for (const KvShape::Tensor & tensor : shape_.tensors) {
            const size_t bytes = rows * block.length * tensor.heads * tensor.head_bytes;
            if (bytes > 0) std::memcpy(arena.tensor(tensor.prefix), block.arena.tensor(tensor.prefix), bytes);
            bytes_moved_ += bytes;
        }
        give_arena(std::exchange(block.arena, std::move(arena)));
    }
    copy_row(slot, block.arena, rows, block.length);
    leave(slot);
    block.slots.push_back(slot);
    place_of(slot) = {&block, rows};
}

// Takes the sequence out of its block, whose last row moves to its place.
void GrowingCache::leave(int32_t slot) {
    const Place place = std::exchange(place_of(slot), Place{});
    if (place.block == nullptr) return;
    Block & block = *place.block;
    const size_t last = block.slots.size() - 1;
    if (place.row != last) {
        for (const KvShape::Tensor & tensor : shape_.tensors) {
            const size_t bytes = block.length * tensor.heads * tensor.head_bytes;
            std::byte * base = block.arena.tensor(tensor.prefix);
            std::memcpy(base + place.row * bytes, base + last * bytes, bytes);
            bytes_moved_ += bytes;
        }
        block.slots[place.row] = block.slots[last];
        place_of(block.slots[last]).row = place.row;
    }
    block.slots.pop_back();
    drop_if_empty(&block);
}

// Writes the sequence's tokens to a row of that length, behind zeros.
void GrowingCache::copy_row(int32_t slot, const KvArena & target, size_t row, size_t length) {
    const size_t tokens = tokens_of(slot);
    const Place & from = place_of(slot);
    for (const KvShape::Tensor & tensor : shape_.tensors) {
        for (size_t head = 0; head < tensor.heads; ++head) {
            std::byte * to = target.tensor(tensor.prefix) + (row * tensor.heads + head) * length * tensor.head_bytes;
            const size_t pad = (length - tokens) * tensor.head_bytes;
            std::memset(to, 0, pad);
            if (tokens == 0) continue;
            const size_t end = ((from.row * tensor.heads + head) + 1) * from.block->length * tensor.head_bytes;
            const size_t bytes = tokens * tensor.head_bytes;
            std::memcpy(to + pad, from.block->arena.tensor(tensor.prefix) + end - bytes, bytes);
        }
    }
    bytes_moved_ += length * shape_.token_bytes;
}

GrowingCache::Block & GrowingCache::add_block() {
    blocks_.push_back(std::make_unique<Block>());
    return *blocks_.back();
}

void GrowingCache::drop_if_empty(Block * block) {
    if (!block->slots.empty()) return;
    give_arena(std::move(block->arena));
    std::erase_if(blocks_, [&](const auto & held) { return held.get() == block; });
}

// The smallest spare one that is large enough, or a new one with room to grow.
KvArena GrowingCache::take_arena(size_t tokens) {
    auto best = spare_.end();
    for (auto at = spare_.begin(); at != spare_.end(); ++at) {
        if (at->tokens() >= tokens && (best == spare_.end() || at->tokens() < best->tokens())) best = at;
    }
    if (best == spare_.end()) return {tokens + tokens / 4 + 16, shape_.token_bytes};
    KvArena arena = std::move(*best);
    spare_.erase(best);
    return arena;
}

void GrowingCache::give_arena(KvArena arena) {
    if (arena.tokens() == 0) return;
    spare_.push_back(std::move(arena));
    if (spare_.size() <= kMaxSpare) return;
    spare_.erase(std::min_element(spare_.begin(), spare_.end(),
                                  [](const KvArena & a, const KvArena & b) { return a.tokens() < b.tokens(); }));
}

std::vector<uint8_t> GrowingCache::save(int32_t slot) const {
    const auto at = static_cast<size_t>(slot);
    const Place & from = places_[at];
    const auto tokens = static_cast<size_t>(lengths_[at]);
    std::vector<uint8_t> state(tokens * shape_.token_bytes);
    uint8_t * to = state.data();
    for (const KvShape::Tensor & tensor : shape_.tensors) {
        for (size_t head = 0; head < tensor.heads && tokens > 0; ++head) {
            const size_t bytes = tokens * tensor.head_bytes;
            const size_t end = ((from.row * tensor.heads + head) + 1) * from.block->length * tensor.head_bytes;
            std::memcpy(to, from.block->arena.tensor(tensor.prefix) + end - bytes, bytes);
            to += bytes;
        }
    }
    return state;
}

Status GrowingCache::restore(int32_t slot, std::span<const uint8_t> state) {
    clear(slot);
    const size_t tokens = state.size() / shape_.token_bytes;
    if (tokens == 0) return Status::ok();
    try {
        KvArena arena = take_arena(tokens);
        const uint8_t * from = state.data();
        for (const KvShape::Tensor & tensor : shape_.tensors) {
            const size_t bytes = tokens * tensor.heads * tensor.head_bytes;
            std::memcpy(arena.tensor(tensor.prefix), from, bytes);
            from += bytes;
        }
        Block & block = add_block();
        block.arena = std::move(arena);
        block.length = tokens;
        block.slots = {slot};
        place_of(slot) = {&block, 0};
    } catch (const std::bad_alloc &) {
        return {ErrorCode::OutOfMemory, "There is not enough memory for the KV cache of this sequence."};
    }
    lengths_[static_cast<size_t>(slot)] = static_cast<int32_t>(tokens);
    return Status::ok();
}

size_t GrowingCache::memory_bytes() const {
    size_t tokens = next_.tokens();
    for (const auto & block : blocks_) tokens += block->arena.tokens();
    for (const KvArena & arena : spare_) tokens += arena.tokens();
    return tokens * shape_.token_bytes;
}

}  // namespace inferno::onnx
