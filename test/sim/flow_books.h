// The books of each user in each tier: who of his waits in which order, and bounds on what he may owe or have saved up,
// which follow from deficit round robin whatever the round robin does in detail:
//   - who is served in turn had tokens left, so afterwards he owes at most what that one cost;
//   - who was served before somebody else of his tier in turn had none left, so he has saved only what came back since.
// Thread safety: none.
#pragma once

#include <array>
#include <cstdint>
#include <set>
#include <unordered_map>
#include <utility>

#include "native/queue/tier.h"

namespace inferno::sim {

enum class Charge : uint8_t { InTurn, Urgent, Critical, Beyond, Refund };

struct FlowBook {
    std::set<std::pair<uint64_t, uint64_t>> waiting;  // order of entry, key
    int64_t waiting_tokens = 0;
    int64_t charged = 0;      // requests that keep the flow open
    int64_t debt = 0;         // at least what he owes
    int64_t credit = 0;       // at least what he has saved up, his present quantum apart
    int64_t out_of_turn = 0;  // tokens charged otherwise than in turn, all in all
};

class FlowBooks {
  public:
    FlowBook & open(uint64_t user, queue::Tier tier) { return books_[id(user, tier)]; }
    const FlowBook * find(uint64_t user, queue::Tier tier) const {
        const auto found = books_.find(id(user, tier));
        return found == books_.end() ? nullptr : &found->second;
    }

    // True when it is the first that waits.
    bool join(uint64_t user, queue::Tier tier, uint64_t entry, uint64_t key, int64_t tokens) {
        FlowBook & book = open(user, tier);
        const bool is_first = book.waiting.empty();
        if (is_first) {
            book.debt = book.debt > 0 ? book.debt : 0;
            saved_[queue::index_of(tier)] -= book.credit;
            book.credit = 0;
        }
        book.waiting.emplace(entry, key);
        book.waiting_tokens += tokens;
        return is_first;
    }

    // True when none waits any more.
    bool leave(uint64_t user, queue::Tier tier, uint64_t entry, uint64_t key, int64_t tokens) {
        FlowBook & book = open(user, tier);
        book.waiting.erase({entry, key});
        book.waiting_tokens -= tokens;
        const bool is_empty = book.waiting.empty();
        close_if_idle(user, tier);
        return is_empty;
    }

    void hold(uint64_t user, queue::Tier tier) { ++open(user, tier).charged; }
    void release(uint64_t user, queue::Tier tier) {
        --open(user, tier).charged;
        close_if_idle(user, tier);
    }

    // Positive tokens, also for a refund.
    void charge(uint64_t user, queue::Tier tier, Charge reason, int64_t tokens) {
        FlowBook & book = open(user, tier);
        if (reason == Charge::InTurn) {
            take_turn(user, tier);
            book.debt = tokens;
        } else if (reason == Charge::Refund) {
            book.debt -= tokens;
            book.credit += tokens;
            saved_[queue::index_of(tier)] += tokens;
        } else {
            book.debt += tokens;
            book.out_of_turn += tokens;
        }
    }

    // The sum of `credit` in a tier.
    int64_t saved(queue::Tier tier) const { return saved_[queue::index_of(tier)]; }

  private:
    static uint64_t id(uint64_t user, queue::Tier tier) { return user * queue::kTierCount + queue::index_of(tier); }

    void take_turn(uint64_t user, queue::Tier tier) {
        uint64_t & last = last_turn_[queue::index_of(tier)];
        const auto before = books_.find(last);
        if (last != id(user, tier) && before != books_.end()) {
            saved_[queue::index_of(tier)] -= before->second.credit;
            before->second.credit = 0;
        }
        last = id(user, tier);
    }

    void close_if_idle(uint64_t user, queue::Tier tier) {
        const auto found = books_.find(id(user, tier));
        if (!found->second.waiting.empty() || found->second.charged > 0) return;
        saved_[queue::index_of(tier)] -= found->second.credit;
        books_.erase(found);
    }

    std::unordered_map<uint64_t, FlowBook> books_;
    std::array<int64_t, queue::kTierCount> saved_{};
    std::array<uint64_t, queue::kTierCount> last_turn_{};
};

}  // namespace inferno::sim
