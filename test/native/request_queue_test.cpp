#include "native/queue/request_queue.h"

#include <map>
#include <random>
#include <string>

#include "test/native/check.h"
#include "test/native/reference_queue.h"

using namespace inferno::queue;
using inferno::test::ReferenceQueue;

namespace {

constexpr int64_t s = 1'000'000;

// A queue with short ways to say things; times in seconds.
struct Queue {
    RequestQueue queue{Policy::Priority};
    std::map<uint64_t, Ticket> tickets;

    explicit Queue(Policy policy = Policy::Priority) : queue(policy) {}

    Ticket push(uint64_t key, Tier tier, int64_t at_us = 0, int64_t deadline_us = 0, uint64_t user = 1,
                int64_t tokens = 100) {
        return tickets[key] = queue.push({key, tier, user, at_us, deadline_us, tokens}, at_us);
    }
    std::vector<uint64_t> advance(int64_t now_us) {
        std::vector<Popped> expired;
        queue.advance(now_us, expired);
        std::vector<uint64_t> keys;
        for (const Popped & popped : expired) keys.push_back(popped.key);
        return keys;
    }
    // The key of the next one; 0 when there is none.
    uint64_t pop(int64_t now_us = 0) {
        advance(now_us);
        const auto popped = queue.pop(now_us);
        return popped ? popped->key : 0;
    }
    std::string pop_all(int64_t now_us = 0) {
        std::string keys;
        while (const uint64_t key = pop(now_us)) keys += std::to_string(key) + " ";
        return keys;
    }
};

}  // namespace

INFERNO_TEST(request_queue_better_tiers_go_first_while_they_keep_to_their_share) {
    Queue queue;
    queue.push(1, Tier::Low);
    queue.push(2, Tier::Normal);
    queue.push(3, Tier::High);
    queue.push(4, Tier::Vip);
    CHECK_EQ(queue.pop_all(), "4 3 2 1 ");
}

INFERNO_TEST(request_queue_is_first_come_first_served_for_a_user_in_a_tier) {
    Queue queue;
    for (uint64_t key = 1; key <= 5; ++key) queue.push(key, Tier::Normal);
    CHECK_EQ(queue.pop_all(), "1 2 3 4 5 ");
}

INFERNO_TEST(request_queue_of_nothing_pops_nothing) {
    Queue queue;
    CHECK_EQ(queue.pop(), 0u);
    CHECK(!queue.queue.peek(0));
    CHECK_EQ(queue.queue.size(), 0u);
    CHECK_EQ(queue.queue.next_event_us(), INT64_MAX);
    CHECK_EQ(queue.queue.oldest_submitted_us(Tier::Low), INT64_MAX);
}

INFERNO_TEST(request_queue_peek_says_what_pop_returns) {
    Queue queue;
    queue.push(1, Tier::Normal, 0, 0, 1);
    queue.push(2, Tier::Normal, 0, 0, 2);
    queue.push(3, Tier::High, 0, 0, 3);
    while (queue.queue.size() > 0) {
        const auto peeked = queue.queue.peek(5);
        const auto popped = queue.queue.pop(5);
        CHECK(peeked && popped);
        CHECK_EQ(peeked->key, popped->key);
        CHECK_EQ(popped->waited_us, 5);
    }
}

INFERNO_TEST(request_queue_shares_tokens_by_weight_when_all_tiers_wait) {
    Queue queue;
    uint64_t key = 0;
    std::array<int64_t, 4> tokens{};
    for (int i = 0; i < 2000; ++i) {
        for (const Tier tier : {Tier::Vip, Tier::High, Tier::Normal, Tier::Low})
            queue.push(++key, tier, 0, 0, 1, 50 + i % 100);
    }
    int64_t sum = 0;
    while (sum < 150'000) {
        const auto popped = queue.queue.pop(0);
        tokens[index_of(popped->served_as)] += popped->tokens;
        sum += popped->tokens;
    }
    for (size_t i = 0; i < 4; ++i) {
        const int64_t wanted = sum * kTierWeights[i] / 15;
        CHECK(std::abs(tokens[i] - wanted) < 1500);
    }
}

INFERNO_TEST(request_queue_a_tier_that_idled_has_saved_nothing_up) {
    Queue queue;
    // A vip runs, and meanwhile low is served alone.
    queue.push(1, Tier::Vip);
    CHECK_EQ(queue.pop(), 1u);
    for (uint64_t key = 100; key < 200; ++key) queue.push(key, Tier::Low);
    for (int i = 0; i < 50; ++i) CHECK(queue.pop() >= 100);
    for (uint64_t key = 200; key < 300; ++key) queue.push(key, Tier::Vip);
    int low = 0;
    for (int i = 0; i < 45; ++i) low += queue.pop() < 200;
    // Eight of nine are vips, not all until they have caught up.
    CHECK(low >= 3 && low <= 6);
}

INFERNO_TEST(request_queue_users_of_a_tier_take_turns_by_tokens) {
    Queue queue;
    for (uint64_t key = 1; key <= 40; ++key) queue.push(key, Tier::Normal, 0, 0, 1, 100);
    queue.push(100, Tier::Normal, 0, 0, 2, 1000);
    queue.push(101, Tier::Normal, 0, 0, 2, 100);
    // Three of the first user's make his quantum of 256; the other's 1000 then cost him four turns.
    CHECK_EQ(queue.pop(), 1u);
    CHECK_EQ(queue.pop(), 2u);
    CHECK_EQ(queue.pop(), 3u);
    CHECK_EQ(queue.pop(), 100u);
    int others = 0;
    while (queue.pop() != 101) ++others;
    CHECK(others >= 6 && others <= 10);
}

INFERNO_TEST(request_queue_ages_one_tier_per_ten_seconds_up_to_high) {
    Queue queue;
    queue.push(1, Tier::Low);
    const auto tier_at = [&](int64_t now_us) {
        queue.advance(now_us);
        return static_cast<int>(queue.queue.peek(now_us)->served_as);
    };
    CHECK_EQ(tier_at(10 * s - 1), 3);
    CHECK_EQ(queue.queue.next_event_us(), 10 * s);
    CHECK_EQ(tier_at(10 * s), 2);
    CHECK_EQ(tier_at(20 * s - 1), 2);
    CHECK_EQ(tier_at(20 * s), 1);
    CHECK_EQ(queue.queue.next_event_us(), INT64_MAX);
    CHECK_EQ(tier_at(1000 * s), 1);
}

INFERNO_TEST(request_queue_ages_twice_in_one_call_after_a_long_pause) {
    Queue queue;
    queue.push(1, Tier::Low);
    queue.advance(25 * s);
    CHECK_EQ(static_cast<int>(queue.queue.peek(25 * s)->served_as), 1);
    CHECK_EQ(static_cast<int>(queue.queue.peek(25 * s)->tier), 3);
}

INFERNO_TEST(request_queue_an_aged_request_comes_after_those_that_were_in_its_new_tier) {
    Queue queue;
    queue.push(1, Tier::Low);
    queue.push(2, Tier::Normal, 5 * s);
    // Pushed before anybody called advance(), and yet later than the ageing.
    queue.push(3, Tier::Normal, 11 * s);
    CHECK_EQ(queue.pop_all(11 * s), "2 1 3 ");
}

INFERNO_TEST(request_queue_thirty_seconds_sharp_is_not_urgent_and_then_is) {
    Queue queue;
    queue.push(1, Tier::Low, 0, 30 * s);
    CHECK_EQ(static_cast<int>(queue.queue.peek(0)->served_as), 3);
    CHECK_EQ(queue.queue.next_event_us(), 1);
    queue.advance(1);
    CHECK_EQ(static_cast<int>(queue.queue.peek(1)->served_as), 1);
}

INFERNO_TEST(request_queue_ten_seconds_sharp_is_urgent_and_then_critical) {
    Queue queue;
    queue.push(1, Tier::Low, 0, 10 * s);
    CHECK_EQ(static_cast<int>(queue.queue.peek(0)->served_as), 1);
    CHECK(!queue.queue.peek(0)->critical);
    CHECK_EQ(queue.queue.next_event_us(), 1);
    queue.advance(1);
    CHECK(queue.queue.peek(1)->critical);
    CHECK_EQ(queue.queue.next_event_us(), 10 * s);
}

INFERNO_TEST(request_queue_critical_goes_before_vip_and_urgent_to_the_head_of_high) {
    Queue queue;
    queue.push(1, Tier::Vip);
    queue.push(2, Tier::High);
    queue.push(3, Tier::Low, 0, 20 * s);
    queue.push(4, Tier::Low, 0, 5 * s);
    CHECK_EQ(queue.pop_all(), "4 1 3 2 ");
}

INFERNO_TEST(request_queue_lifted_ones_go_by_deadline_and_equal_ones_by_arrival) {
    Queue queue;
    queue.push(1, Tier::Normal, 0, 9 * s);
    for (uint64_t key = 2; key <= 9; ++key) queue.push(key, Tier::Normal, 0, 8 * s);
    CHECK_EQ(queue.pop_all(), "2 3 4 5 6 7 8 9 1 ");
}

INFERNO_TEST(request_queue_a_lift_never_lowers) {
    Queue queue;
    queue.push(1, Tier::Vip, 0, 20 * s);
    queue.push(2, Tier::High, 0, 15 * s);
    CHECK_EQ(static_cast<int>(queue.queue.peek(0)->served_as), 0);
    CHECK_EQ(queue.pop_all(), "1 2 ");
}

INFERNO_TEST(request_queue_becomes_urgent_while_it_waits) {
    Queue queue;
    queue.push(1, Tier::Low, 0, 40 * s);
    queue.push(2, Tier::High);
    queue.advance(10 * s + 1);
    // Aged to normal at 10 s, lifted to high's head a moment later.
    CHECK_EQ(queue.pop(10 * s + 1), 1u);
}

INFERNO_TEST(request_queue_expires_at_the_deadline_and_not_before) {
    Queue queue;
    queue.push(1, Tier::Normal, 0, 50 * s);
    queue.push(2, Tier::Normal, 0, 50 * s);
    CHECK(queue.advance(50 * s - 1).empty());
    const std::vector<uint64_t> expired = queue.advance(50 * s);
    CHECK_EQ(expired.size(), 2u);
    CHECK_EQ(expired[0], 1u);
    CHECK_EQ(queue.queue.size(), 0u);
    CHECK_EQ(queue.queue.waiting().tokens[1], 0);
}

INFERNO_TEST(request_queue_never_pops_what_is_past_its_deadline) {
    Queue queue;
    queue.push(1, Tier::Normal, 0, 5 * s);
    const Ticket ticket = queue.tickets[1];
    // Nobody called advance() in time.
    CHECK(!queue.queue.pop(5 * s));
    CHECK(!queue.queue.pop(ticket, 5 * s));
    CHECK(!queue.queue.peek(5 * s));
    CHECK_EQ(queue.advance(5 * s).size(), 1u);
}

INFERNO_TEST(request_queue_critical_ones_cost_their_tier_nothing) {
    Queue queue;
    for (uint64_t key = 1; key <= 500; ++key) queue.push(key, Tier::Normal, 0, 5 * s, key % 7 + 10);
    for (uint64_t key = 1001; key <= 1020; ++key) queue.push(key, Tier::Normal);
    for (uint64_t key = 2001; key <= 2020; ++key) queue.push(key, Tier::Low);
    for (int i = 0; i < 500; ++i) CHECK(queue.pop() <= 500);
    // The others of the tier are served as if there had been no storm: two of three.
    int normal = 0;
    for (int i = 0; i < 15; ++i) normal += queue.pop() < 2000;
    CHECK(normal >= 9 && normal <= 13);
}

INFERNO_TEST(request_queue_fifo_knows_no_tiers_users_ages_or_lifts_but_expires) {
    Queue queue(Policy::Fifo);
    queue.push(1, Tier::Low, 0, 0, 1, 10'000);
    queue.push(2, Tier::Low, 0, 0, 1, 10'000);
    queue.push(3, Tier::Normal, 0, 5 * s, 2);
    queue.push(4, Tier::Vip, 0, 0, 3);
    queue.push(5, Tier::Vip, 0, 2 * s, 3);
    CHECK_EQ(queue.queue.next_event_us(), 2 * s);
    CHECK_EQ(queue.advance(2 * s).at(0), 5u);
    CHECK_EQ(queue.queue.peek(0)->key, 1u);
    CHECK_EQ(queue.pop_all(2 * s), "1 2 3 4 ");
}

INFERNO_TEST(request_queue_removes_in_every_place) {
    Queue queue;
    queue.push(1, Tier::Low);
    queue.push(2, Tier::Low, 0, 20 * s);
    queue.push(3, Tier::Low, 0, 5 * s);
    queue.push(4, Tier::Low);
    CHECK(queue.queue.remove(queue.tickets[1]));
    CHECK(queue.queue.remove(queue.tickets[2]));
    CHECK(queue.queue.remove(queue.tickets[3]));
    CHECK(!queue.queue.remove(queue.tickets[3]));
    CHECK_EQ(queue.queue.size(), 1u);
    CHECK_EQ(queue.pop_all(), "4 ");
    CHECK_EQ(queue.queue.next_event_us(), INT64_MAX);
}

INFERNO_TEST(request_queue_stale_tickets_mean_nothing) {
    Queue queue;
    const Ticket old = queue.push(1, Tier::Normal);
    queue.queue.release(old);
    const Ticket fresh = queue.push(2, Tier::Normal);
    CHECK(old != fresh);
    CHECK(!queue.queue.remove(old));
    CHECK(!queue.queue.ahead_of(old));
    CHECK(!queue.queue.pop(old, 0));
    queue.queue.settle(old, 1000);
    queue.queue.put_back(old, 5);
    queue.queue.release(old);
    queue.queue.release(0);
    queue.queue.release(~Ticket{0});
    CHECK_EQ(queue.queue.size(), 1u);
    CHECK_EQ(queue.queue.shares().meter(Tier::Normal), 0);
    CHECK_EQ(queue.pop_all(), "2 ");
}

INFERNO_TEST(request_queue_a_removed_request_cannot_be_put_back) {
    Queue queue;
    const Ticket ticket = queue.push(1, Tier::Normal);
    CHECK(queue.queue.remove(ticket));
    queue.queue.put_back(ticket, 10);
    CHECK_EQ(queue.queue.size(), 0u);
    queue.queue.release(ticket);
}

INFERNO_TEST(request_queue_what_is_put_back_goes_before_all_but_vip_and_costs_nothing_again) {
    Queue queue;
    queue.push(1, Tier::Low, 0, 60 * s);
    CHECK_EQ(queue.pop(), 1u);
    queue.push(2, Tier::High);
    queue.push(3, Tier::Vip);
    const int64_t charged = queue.queue.shares().meter(Tier::Low);
    queue.queue.put_back(queue.tickets[1], 40);
    CHECK_EQ(queue.queue.size(), 3u);
    CHECK_EQ(queue.queue.waiting().tokens[3], 40);
    CHECK_EQ(queue.queue.ahead_of(queue.tickets[1])->requests, 0);
    // It began in time: it neither expires nor ages.
    CHECK(queue.advance(100 * s).empty());
    CHECK_EQ(queue.pop_all(100 * s), "3 1 2 ");
    CHECK_EQ(queue.queue.shares().meter(Tier::Low), charged);
    queue.queue.release(queue.tickets[1]);
}

INFERNO_TEST(request_queue_of_those_put_back_better_tiers_go_first_and_vip_before_all) {
    Queue queue;
    queue.push(1, Tier::Low);
    queue.push(2, Tier::Vip);
    queue.push(3, Tier::Low);
    CHECK_EQ(queue.pop_all(), "2 1 3 ");
    for (const uint64_t key : {1, 3, 2}) queue.queue.put_back(queue.tickets[key], 10);
    queue.push(4, Tier::Vip);
    CHECK_EQ(queue.pop_all(), "2 4 1 3 ");
}

INFERNO_TEST(request_queue_a_request_can_be_popped_by_its_ticket) {
    Queue queue;
    queue.push(1, Tier::Normal);
    queue.push(2, Tier::Normal);
    const auto popped = queue.queue.pop(queue.tickets[2], 0);
    CHECK(popped && popped->key == 2);
    CHECK(!queue.queue.pop(queue.tickets[2], 0));
    CHECK_EQ(queue.pop_all(), "1 ");
}

INFERNO_TEST(request_queue_corrections_reach_the_tier_that_paid) {
    Queue queue;
    queue.push(1, Tier::Low);
    CHECK_EQ(queue.pop(), 1u);
    CHECK_EQ(queue.queue.shares().meter(Tier::Low), 800);
    queue.queue.settle(queue.tickets[1], -60);
    CHECK_EQ(queue.queue.shares().meter(Tier::Low), 320);
    queue.queue.settle(queue.tickets[1], 10);
    CHECK_EQ(queue.queue.shares().meter(Tier::Low), 400);
    queue.queue.release(queue.tickets[1]);
    queue.queue.settle(queue.tickets[1], 10);
    CHECK_EQ(queue.queue.shares().meter(Tier::Low), 400);
}

INFERNO_TEST(request_queue_counts_what_is_ahead_of_a_request) {
    Queue queue;
    for (uint64_t key = 1; key <= 4; ++key) queue.push(key, Tier::Normal, 0, 0, 1, static_cast<int64_t>(key) * 10);
    CHECK_EQ(queue.queue.ahead_of(queue.tickets[4])->requests, 3);
    CHECK_EQ(queue.queue.ahead_of(queue.tickets[4])->tokens, 60);
    queue.pop();
    CHECK_EQ(queue.queue.ahead_of(queue.tickets[4])->requests, 2);
    CHECK_EQ(queue.queue.ahead_of(queue.tickets[4])->tokens, 50);
    CHECK(!queue.queue.ahead_of(queue.tickets[1]));
    queue.push(5, Tier::Normal, 0, 9 * s);
    queue.push(6, Tier::Normal, 0, 8 * s);
    CHECK_EQ(queue.queue.ahead_of(queue.tickets[5])->requests, 1);
    CHECK(queue.queue.ahead_of(queue.tickets[5])->lifted);
}

INFERNO_TEST(request_queue_knows_the_oldest_by_the_tier_asked_for) {
    Queue queue;
    queue.push(1, Tier::Low, 3);
    queue.push(2, Tier::Low, 7);
    queue.advance(30 * s);
    CHECK_EQ(queue.queue.oldest_submitted_us(Tier::Low), 3);
    CHECK_EQ(queue.queue.oldest_submitted_us(Tier::High), INT64_MAX);
    CHECK_EQ(queue.pop(30 * s), 1u);
    CHECK_EQ(queue.queue.oldest_submitted_us(Tier::Low), 7);
    queue.queue.put_back(queue.tickets[1], 5);
    CHECK_EQ(queue.queue.oldest_submitted_us(Tier::Low), 3);
}

namespace {

// Both queues, fed with the same random calls.
struct Comparison {
    RequestQueue queue;
    ReferenceQueue reference;
    std::mt19937_64 random;
    std::map<uint64_t, Ticket> tickets;
    std::map<uint64_t, ReferenceQueue::Item> out;  // popped, not released
    int64_t now_us = 0;
    uint64_t key = 0;
    bool same = true;

    Comparison(Policy policy, uint64_t seed) : queue(policy), reference(policy), random(seed) {}

    int64_t below(int64_t n) { return static_cast<int64_t>(random() % static_cast<uint64_t>(n)); }
    void expect(bool condition) { same = same && condition; }

    void push() {
        Request request;
        request.key = ++key;
        request.tier = static_cast<Tier>(below(4));
        request.user = static_cast<uint64_t>(below(5));
        request.submitted_us = now_us;
        request.tokens = 1 + below(below(10) == 0 ? 3000 : 300);
        // Whole seconds from a whole second now and then, so that times coincide.
        if (below(3) == 0) request.deadline_us = now_us + 1 + below(4) * 10 * s + (below(2) == 0 ? below(10 * s) : -1);
        if (request.deadline_us > 0 && request.deadline_us <= now_us) request.deadline_us = now_us + 10 * s;
        tickets[key] = queue.push(request, now_us);
        reference.push(request, now_us);
    }
    void pop() {
        const auto popped = queue.pop(now_us);
        const auto item = reference.pop(now_us);
        expect(popped.has_value() == item.has_value());
        if (!popped || !item) return;
        expect(popped->key == item->request.key && popped->served_as == item->tier &&
               popped->tokens == item->request.tokens);
        out[item->request.key] = *item;
    }
    void end_one_of_those_out() {
        if (out.empty()) return;
        const auto at = std::next(out.begin(), below(static_cast<int64_t>(out.size())));
        const ReferenceQueue::Item item = at->second;
        const Ticket ticket = tickets[at->first];
        out.erase(at);
        if (below(3) == 0) {
            const int64_t left = 1 + below(item.request.tokens);
            queue.put_back(ticket, left);
            reference.put_back(item, left);
            return;
        }
        const int64_t correction = below(200) - std::min<int64_t>(100, item.request.tokens);
        queue.settle(ticket, correction);
        reference.charge(item, correction);
        queue.release(ticket);
        reference.release(item);
    }
    void cancel() {
        if (reference.waiting().empty()) return;
        const auto at = static_cast<size_t>(below(static_cast<int64_t>(reference.waiting().size())));
        const uint64_t cancelled = reference.waiting()[at].request.key;
        if (below(2) == 0) expect(queue.remove(tickets[cancelled]));
        queue.release(tickets[cancelled]);
        reference.remove(cancelled);
    }
    void advance() {
        now_us += below(4) == 0 ? 5 * s : below(300'000);
        std::vector<Popped> expired;
        queue.advance(now_us, expired);
        const std::vector<uint64_t> expected = reference.advance(now_us);
        expect(expired.size() == expected.size());
        for (size_t i = 0; same && i < expired.size(); ++i) expect(expired[i].key == expected[i]);
        for (const Popped & popped : expired) queue.release(popped.ticket);
    }
    void step() {
        const int64_t choice = below(100);
        if (choice < 38) push();
        if (choice >= 38 && choice < 65) pop();
        if (choice >= 65 && choice < 82) end_one_of_those_out();
        if (choice >= 82 && choice < 88) cancel();
        if (choice >= 88) advance();
        expect(queue.size() == reference.waiting().size());
        expect(queue.next_event_us() == reference.next_event_us());
        for (size_t i = 0; i < 4; ++i) expect(queue.shares().meter(static_cast<Tier>(i)) == reference.meter(i));
    }
};

}  // namespace

INFERNO_TEST(request_queue_does_what_the_plain_reference_does) {
    for (uint64_t seed = 1; seed <= 60; ++seed) {
        Comparison comparison(seed % 6 == 0 ? Policy::Fifo : Policy::Priority, seed);
        for (int i = 0; i < 2000 && comparison.same; ++i) comparison.step();
        if (!comparison.same) std::fprintf(stderr, "seed %d\n", static_cast<int>(seed));
        CHECK(comparison.same);
    }
}
