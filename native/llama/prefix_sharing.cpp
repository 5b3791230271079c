#include "native/llama/prefix_sharing.h"

#include <algorithm>

namespace inferno::llama {
namespace {

// Fewer tokens than this are not worth a copy, a wait or a place in the store.
constexpr size_t kMinGain = 32;
// Empty slots between used ones that the batch plan can bridge; a farther slot costs a pass over the weights.
constexpr size_t kReach = 3;

size_t shared(std::span<const llama_token> a, std::span<const llama_token> b) {
    const auto length = static_cast<ptrdiff_t>(std::min(a.size(), b.size()));
    return static_cast<size_t>(std::mismatch(a.begin(), a.begin() + length, b.begin()).first - a.begin());
}

std::span<const llama_token> computed(const RunningGeneration & generation) {
    return std::span(generation.tokens).first(static_cast<size_t>(generation.tokens_cached));
}

}  // namespace

PrefixSharing::PrefixSharing(llama_context * context, size_t slot_count, bool can_cut, PrefixStoreOptions store)
    : context_(context),
      can_cut_(can_cut),
      residents_(slot_count),
      resident_lengths_(slot_count, 0),
      store_(std::move(store), can_cut) {}

size_t PrefixSharing::resident_match(size_t slot, std::span<const llama_token> wanted) const {
    return usable(shared(residents_[slot], wanted), residents_[slot].size());
}

int32_t PrefixSharing::choose_slot(Slots slots, const RunningGeneration & generation) const {
    const std::span<const llama_token> wanted = std::span(generation.tokens).first(generation.tokens.size() - 1);
    size_t busy_end = 0;
    for (size_t i = 0; i < slots.size(); ++i) {
        if (slots[i] != nullptr) busy_end = i + 1;
    }
    int32_t lowest = -1;
    int32_t lowest_empty = -1;
    int32_t best = -1;
    size_t best_match = kMinGain - 1;
    for (size_t i = 0; i < slots.size() && i <= busy_end + kReach; ++i) {
        if (slots[i] != nullptr) continue;
        if (lowest < 0) lowest = static_cast<int32_t>(i);
        if (lowest_empty < 0 && residents_[i].empty()) lowest_empty = static_cast<int32_t>(i);
        const size_t match = resident_match(i, wanted);
        if (match <= best_match) continue;
        best = static_cast<int32_t>(i);
        best_match = match;
    }
    if (best >= 0) return best;
    // An empty one spares the copy of what another holds, as long as it does not widen the batch.
    const bool is_near = lowest_empty >= 0 && static_cast<size_t>(lowest_empty) <= busy_end;
    return is_near ? lowest_empty : lowest;
}

PrefixSharing::Source PrefixSharing::best_source(Slots slots, const RunningGeneration & generation,
                                                 std::span<const llama_token> wanted) const {
    const auto own = static_cast<size_t>(generation.slot);
    Source best{resident_match(own, wanted), generation.slot, kNoPrefix};
    const auto consider = [&](const Source & source) {
        // What is in place already needs no copy.
        const size_t needed = best.slot == generation.slot ? best.length + kMinGain : best.length + 1;
        if (source.length >= needed) best = source;
    };
    const PrefixMatch stored = store_.find(wanted);
    if (stored.id != kNoPrefix) consider({stored.length, -1, stored.id});
    for (size_t i = 0; i < slots.size(); ++i) {
        if (i == own) continue;
        const size_t length = slots[i] == nullptr
                                  ? resident_match(i, wanted)
                                  : usable(shared(computed(*slots[i]), wanted), computed(*slots[i]).size());
        consider({length, static_cast<int32_t>(i), kNoPrefix});
    }
    return best;
}

// True when another slot is computing more of what is wanted than is cached anywhere.
bool PrefixSharing::await_donor(Slots slots, RunningGeneration & generation, std::span<const llama_token> wanted,
                                size_t best) {
    generation.donor = -1;
    if (!can_cut_) return false;
    size_t most = best + kMinGain - 1;
    for (size_t i = 0; i < slots.size(); ++i) {
        const RunningGeneration * other = slots[i];
        if (other == nullptr || other == &generation || !other->runnable() || other->decodes()) continue;
        const size_t length = shared(other->tokens, wanted);
        if (length <= most) continue;
        most = length;
        generation.donor = static_cast<int32_t>(i);
    }
    return generation.donor >= 0;
}

void PrefixSharing::attach(Slots slots, RunningGeneration & generation, int64_t now_us) {
    if (generation.fetching != kNoPrefix && store_.is_fetching(generation.fetching)) return;
    generation.fetching = kNoPrefix;
    generation.awaits_prefix = false;
    const auto slot = static_cast<size_t>(generation.slot);
    if (generation.parked) {
        preserve(slots, slot, now_us);
        set_resident(slot, {});
        const bool restored = restore_sequence(context_, generation.slot, *generation.parked);
        generation.parked.reset();
        if (restored) return;
        generation.tokens_cached = 0;
    }
    const std::span<const llama_token> wanted = std::span(generation.tokens).first(generation.tokens.size() - 1);
    const Source source = best_source(slots, generation, wanted);
    if (await_donor(slots, generation, wanted, source.length)) {
        generation.awaits_prefix = true;
        return;
    }
    const size_t length = take_over(slots, generation, source, now_us);
    if (generation.awaits_prefix) return;
    generation.tokens_cached = static_cast<int32_t>(length);
    if (generation.completion_tokens > 0) return;
    generation.reused_tokens = generation.tokens_cached;
    ++(length > 0 ? stats_.hits : stats_.misses);
    stats_.tokens_reused += length;
}

// Fills the generation's slot; returns the tokens it now holds.
size_t PrefixSharing::take_over(Slots slots, RunningGeneration & generation, const Source & source, int64_t now_us) {
    const auto slot = static_cast<size_t>(generation.slot);
    if (source.slot != generation.slot && source.stored != kNoPrefix &&
        store_.state(source.stored, now_us) == nullptr && store_.fetch(source.stored)) {
        generation.fetching = source.stored;
        generation.awaits_prefix = true;
        return 0;
    }
    const size_t in_place = source.slot == generation.slot ? source.length : 0;
    if (in_place < residents_[slot].size()) preserve(slots, slot, now_us);
    size_t length = 0;
    if (in_place > 0 || source.length == 0) {
        length = cut_sequence(context_, generation.slot, static_cast<int32_t>(in_place)) ? in_place : 0;
    } else {
        length =
            copy_from(generation, source, source.slot < 0 ? nullptr : slots[static_cast<size_t>(source.slot)], now_us);
    }
    set_resident(slot, {});
    return length;
}

// `holder` runs in the source's slot, or is null.
size_t PrefixSharing::copy_from(RunningGeneration & generation, const Source & source, const RunningGeneration * holder,
                                int64_t now_us) {
    KvStatePtr state;
    if (source.stored != kNoPrefix) {
        state = store_.state(source.stored, now_us);
    } else {
        state = save_sequence(context_, source.slot);
        // Whoever else needs it now finds it there, without another copy out of the slot.
        const std::span<const llama_token> tokens =
            holder != nullptr ? computed(*holder)
                              : std::span<const llama_token>(residents_[static_cast<size_t>(source.slot)]);
        if (state) store_.put(tokens, state, now_us);
    }
    if (!state || !restore_sequence(context_, generation.slot, *state)) {
        llama_memory_seq_rm(llama_get_memory(context_), generation.slot, -1, -1);
        return 0;
    }
    return cut_sequence(context_, generation.slot, static_cast<int32_t>(source.length)) ? source.length : 0;
}

// What an empty slot holds goes to the store before it is overwritten, if that spares enough.
void PrefixSharing::preserve(Slots slots, size_t slot, int64_t now_us) {
    const std::vector<llama_token> & tokens = residents_[slot];
    if (!store_.enabled() || tokens.size() < kMinGain) return;
    size_t covered = usable(store_.find(tokens).length, tokens.size());
    for (const RunningGeneration * other : slots) {
        if (other != nullptr && static_cast<size_t>(other->slot) != slot) {
            covered = std::max(covered, shared(computed(*other), tokens));
        }
    }
    if (covered + kMinGain > tokens.size()) return;
    store_.put(tokens, save_sequence(context_, static_cast<llama_seq_id>(slot)), now_us);
}

void PrefixSharing::retire(const RunningGeneration & generation) {
    const std::span<const llama_token> tokens = computed(generation);
    set_resident(static_cast<size_t>(generation.slot), {tokens.begin(), tokens.end()});
}

void PrefixSharing::clear(int32_t slot) {
    llama_memory_seq_rm(llama_get_memory(context_), slot, -1, -1);
    set_resident(static_cast<size_t>(slot), {});
}

void PrefixSharing::set_resident(size_t slot, std::vector<llama_token> tokens) {
    resident_lengths_[slot] = static_cast<int32_t>(tokens.size());
    residents_[slot] = std::move(tokens);
}

}  // namespace inferno::llama
