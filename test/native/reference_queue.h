// The rules of native/queue/request_queue.h once more, as plainly as possible: one vector of what waits, looked through
// from end to end for every question. The randomized test compares the two.
#pragma once

#include <algorithm>
#include <array>
#include <cstdint>
#include <deque>
#include <map>
#include <optional>
#include <tuple>
#include <utility>
#include <vector>

#include "native/queue/request_queue.h"

namespace inferno::test {

class ReferenceQueue {
  public:
    enum class Place { Flow, Urgent, Critical, Parked };
    struct Item {
        queue::Request request;
        uint64_t arrival = 0;
        uint64_t entry = 0;  // order of joining its flow or the parked ones
        int64_t entered_us = 0;
        queue::Tier tier = queue::Tier::Normal;
        Place place = Place::Flow;
        bool charged = false;
        bool pays_tier = false;
        queue::Tier payer = queue::Tier::Normal;
    };

    explicit ReferenceQueue(queue::Policy policy) : fifo_(policy == queue::Policy::Fifo) {}

    void push(queue::Request request, int64_t now_us) {
        age(now_us);
        Item item;
        item.request = request;
        item.arrival = ++arrivals_;
        item.tier = fifo_ ? queue::Tier::Normal : request.tier;
        if (fifo_) item.request.user = 0;
        item.entered_us = now_us;
        waiting_.push_back(item);
        join(waiting_.back());
        lift(waiting_.back(), now_us);
    }

    std::optional<Item> pop(int64_t now_us) {
        const auto at = choose(now_us);
        if (at == waiting_.end()) return std::nullopt;
        Item item = *at;
        const bool is_critical = item.place == Place::Critical;
        if (!item.charged) ++flows_[{item.request.user, item.tier}].charged;
        waiting_.erase(at);
        left(item);
        if (!item.charged) {
            item.charged = true;
            item.pays_tier = !is_critical;
            item.payer = item.tier;
            charge(item, item.request.tokens);
        }
        return item;
    }

    void charge(const Item & item, int64_t tokens) {
        flows_.at({item.request.user, item.payer}).deficit -= tokens;
        if (item.pays_tier) meters_[index_of(item.payer)] += tokens * 8 / queue::kTierWeights[index_of(item.payer)];
    }

    void put_back(Item item, int64_t remaining_tokens) {
        item.request.tokens = remaining_tokens;
        item.request.deadline_us = 0;
        item.place = Place::Parked;
        item.entry = ++entries_;
        waiting_.push_back(item);
    }

    void release(const Item & item) {
        if (item.charged) --flows_.at({item.request.user, item.payer}).charged;
        forget_idle_flows();
    }

    void remove(uint64_t key) {
        const auto at = find(key);
        const Item item = *at;
        waiting_.erase(at);
        left(item);
        release(item);
    }

    std::vector<uint64_t> advance(int64_t now_us) {
        age(now_us);
        std::vector<uint64_t> expired;
        while (true) {
            const auto at = std::min_element(waiting_.begin(), waiting_.end(), [&](const Item & a, const Item & b) {
                return std::pair(timer(a), a.arrival) < std::pair(timer(b), b.arrival);
            });
            if (at == waiting_.end() || timer(*at) > now_us) return expired;
            if (at->request.deadline_us > now_us) {
                timers_.erase(at->request.key);
                lift(*at, now_us);
                continue;
            }
            expired.push_back(at->request.key);
            remove(at->request.key);
        }
    }

    int64_t next_event_us() const {
        int64_t next = INT64_MAX;
        for (const Item & item : waiting_) {
            next = std::min(next, timer(item));
            if (ages(item)) next = std::min(next, item.entered_us + queue::RequestQueue::kAgeingUs);
        }
        return next;
    }

    const std::vector<Item> & waiting() const { return waiting_; }
    int64_t meter(size_t tier) const { return meters_[tier]; }

  private:
    using FlowName = std::pair<uint64_t, queue::Tier>;
    using Position = std::vector<Item>::iterator;
    struct Flow {
        int64_t deficit = 0;
        bool has_quantum = false;
        int charged = 0;
    };

    static size_t index_of(queue::Tier tier) { return queue::index_of(tier); }
    Position find(uint64_t key) {
        return std::find_if(waiting_.begin(), waiting_.end(),
                            [&](const Item & item) { return item.request.key == key; });
    }
    bool ages(const Item & item) const { return !fifo_ && item.place == Place::Flow && item.tier > queue::Tier::High; }
    int64_t timer(const Item & item) const {
        const auto found = timers_.find(item.request.key);
        return found == timers_.end() || item.request.deadline_us == 0 ? INT64_MAX : found->second;
    }
    bool waits(queue::Tier tier) const {
        return std::any_of(waiting_.begin(), waiting_.end(), [&](const Item & item) {
            return item.tier == tier && (item.place == Place::Flow || item.place == Place::Urgent);
        });
    }
    int64_t in_flow(const FlowName & name) const {
        return std::count_if(waiting_.begin(), waiting_.end(), [&](const Item & item) {
            return item.place == Place::Flow && FlowName(item.request.user, item.tier) == name;
        });
    }

    // The tier began to wait: it starts at the present round.
    void wake(queue::Tier tier) {
        if (was_waiting_[index_of(tier)]) return;
        int64_t round = INT64_MAX;
        for (size_t i = 0; i < 4; ++i) {
            if (was_waiting_[i]) round = std::min(round, meters_[i]);
        }
        if (round == INT64_MAX) round = *std::max_element(meters_.begin(), meters_.end());
        meters_[index_of(tier)] = std::max(meters_[index_of(tier)], round);
        was_waiting_[index_of(tier)] = true;
    }

    void join(Item & item) {
        item.place = Place::Flow;
        item.entry = ++entries_;
        const FlowName name(item.request.user, item.tier);
        if (in_flow(name) == 1) {
            Flow & flow = flows_[name];
            flow.deficit = std::min<int64_t>(flow.deficit, 0);
            flow.has_quantum = false;
            rings_[index_of(item.tier)].push_back(item.request.user);
        }
        wake(item.tier);
    }

    // What follows from it not being in waiting_ any more.
    void left(const Item & item) {
        if (item.place == Place::Flow && in_flow({item.request.user, item.tier}) == 0) {
            std::erase(rings_[index_of(item.tier)], item.request.user);
        }
        was_waiting_[index_of(item.tier)] = waits(item.tier);
        forget_idle_flows();
    }
    void forget_idle_flows() {
        std::erase_if(flows_,
                      [&](const auto & entry) { return entry.second.charged == 0 && in_flow(entry.first) == 0; });
    }

    void age(int64_t now_us) {
        while (true) {
            const auto rank = [&](const Item & item) {
                return std::tuple(ages(item) ? item.entered_us : INT64_MAX - queue::RequestQueue::kAgeingUs, item.tier,
                                  item.entry);
            };
            const auto at = std::min_element(waiting_.begin(), waiting_.end(),
                                             [&](const Item & a, const Item & b) { return rank(a) < rank(b); });
            if (at == waiting_.end() || !ages(*at) || at->entered_us + queue::RequestQueue::kAgeingUs > now_us) return;
            Item item = *at;
            waiting_.erase(at);
            left(item);
            item.tier = queue::better(item.tier);
            item.entered_us += queue::RequestQueue::kAgeingUs;
            waiting_.push_back(item);
            join(waiting_.back());
        }
    }

    void lift(Item & item, int64_t now_us) {
        if (item.request.deadline_us == 0) return;
        const int64_t left_us = item.request.deadline_us - now_us;
        int64_t next = item.request.deadline_us;
        std::optional<Place> place;
        if (!fifo_ && left_us >= 30'000'000) {
            next -= 29'999'999;
        } else if (!fifo_ && left_us >= 10'000'000) {
            next -= 9'999'999;
            if (item.tier != queue::Tier::Vip) place = Place::Urgent;
        } else if (!fifo_) {
            place = Place::Critical;
        }
        timers_[item.request.key] = next;
        if (!place || item.place == *place) return;
        Item lifted = item;
        waiting_.erase(find(item.request.key));
        left(lifted);
        if (*place == Place::Urgent) lifted.tier = queue::Tier::High;
        lifted.place = *place;
        waiting_.push_back(lifted);
        if (*place == Place::Urgent) wake(queue::Tier::High);
    }

    // The first of those for which `key` is least; the end when it is INT64_MAX for all.
    template <typename Key>
    Position least(Key key) {
        const auto at = std::min_element(waiting_.begin(), waiting_.end(),
                                         [&](const Item & a, const Item & b) { return key(a) < key(b); });
        return at == waiting_.end() || std::get<0>(key(*at)) == INT64_MAX ? waiting_.end() : at;
    }
    Position earliest(Place place) {
        return least([&](const Item & item) {
            return std::tuple(item.place == place ? item.request.deadline_us : INT64_MAX, item.arrival);
        });
    }

    Position choose(int64_t now_us) {
        const auto critical = earliest(Place::Critical);
        if (critical != waiting_.end()) return critical->request.deadline_us > now_us ? critical : waiting_.end();
        const auto parked = least([&](const Item & item) {
            return std::tuple(item.place == Place::Parked ? static_cast<int64_t>(item.request.tier) : INT64_MAX,
                              item.entry);
        });
        const std::optional<queue::Tier> turn = tier_on_turn();
        if (parked != waiting_.end() && (parked->request.tier == queue::Tier::Vip || turn != queue::Tier::Vip))
            return parked;
        if (!turn) return waiting_.end();
        const auto urgent = earliest(Place::Urgent);
        if (turn == queue::Tier::High && urgent != waiting_.end()) return urgent;
        const uint64_t user = user_on_turn(*turn);
        return least([&](const Item & item) {
            const bool is_his = item.place == Place::Flow && item.tier == *turn && item.request.user == user;
            return std::tuple(is_his ? static_cast<int64_t>(item.entry) : INT64_MAX);
        });
    }

    std::optional<queue::Tier> tier_on_turn() const {
        int64_t behind = INT64_MAX;
        for (size_t i = 0; i < 4; ++i) {
            if (waits(static_cast<queue::Tier>(i))) behind = std::min(behind, meters_[i]);
        }
        for (size_t i = 0; i < 4; ++i) {
            const auto tier = static_cast<queue::Tier>(i);
            if (waits(tier) && meters_[i] <= behind + 1024) return tier;
        }
        return std::nullopt;
    }

    uint64_t user_on_turn(queue::Tier tier) {
        std::deque<uint64_t> & ring = rings_[index_of(tier)];
        if (ring.size() == 1) {
            flows_.at({ring.front(), tier}) = {256, true, flows_.at({ring.front(), tier}).charged};
            return ring.front();
        }
        while (true) {
            Flow & flow = flows_.at({ring.front(), tier});
            if (!flow.has_quantum) flow.deficit += 256;
            flow.has_quantum = flow.deficit > 0;
            if (flow.has_quantum) return ring.front();
            ring.push_back(ring.front());
            ring.pop_front();
        }
    }

    const bool fifo_;
    std::vector<Item> waiting_;
    std::map<FlowName, Flow> flows_;
    std::array<std::deque<uint64_t>, 4> rings_;
    std::array<int64_t, 4> meters_{};
    std::array<bool, 4> was_waiting_{};
    std::map<uint64_t, int64_t> timers_;
    uint64_t arrivals_ = 0;
    uint64_t entries_ = 0;
};

}  // namespace inferno::test
