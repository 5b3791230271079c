// The request queue under a mutex, as the engine uses it, beside std::priority_queue under a mutex with the same
// elements in the order that it can express: tier, then time of submission. A pair is one push and one pop while the
// queue stays at its length; ours also advances the clock and releases what was popped.
#include <array>
#include <cstdint>
#include <mutex>
#include <queue>
#include <vector>

#include "bench/native/bench.h"
#include "native/queue/request_queue.h"

namespace {

using namespace inferno::queue;
using inferno::bench::Context;
using inferno::bench::median;
using inferno::bench::seconds_of;

constexpr int kTrials = 9;
constexpr int64_t kSecondUs = 1'000'000;

// A mix of tiers, users and lengths; `deadline_percent` of them have a deadline of up to two minutes.
class Requests {
  public:
    explicit Requests(int64_t deadline_percent) : deadline_percent_(deadline_percent) {}

    Request next(int64_t now_us) {
        Request request;
        request.key = ++key_;
        const uint64_t bits = draw();
        request.tier = static_cast<Tier>(bits & 3);
        request.user = bits >> 2 & 63;
        request.tokens = static_cast<int64_t>(16 + (bits >> 8 & 511));
        request.submitted_us = now_us;
        if (static_cast<int64_t>(bits >> 20 & 0xffff) * 100 < deadline_percent_ * 0x10000) {
            request.deadline_us = now_us + static_cast<int64_t>(bits >> 36 & 127) * kSecondUs + kSecondUs;
        }
        return request;
    }
    uint64_t draw() {
        state_ ^= state_ << 13;
        state_ ^= state_ >> 7;
        return state_ ^= state_ << 17;
    }

  private:
    const int64_t deadline_percent_;
    uint64_t state_ = 0x9E3779B97F4A7C15u;
    uint64_t key_ = 0;
};

class OurQueue {
  public:
    Ticket push(const Request & request, int64_t now_us) {
        const std::lock_guard lock(mutex_);
        return queue_.push(request, now_us);
    }
    uint64_t pop(int64_t now_us) {
        const std::lock_guard lock(mutex_);
        queue_.advance(now_us, expired_);
        for (const Popped & expired : expired_) queue_.release(expired.ticket);
        expired_.clear();
        const auto popped = queue_.pop(now_us);
        if (!popped) return 0;
        queue_.release(popped->ticket);
        return popped->key;
    }
    void cancel(Ticket ticket) {
        const std::lock_guard lock(mutex_);
        queue_.release(ticket);
    }
    size_t size() const { return queue_.size(); }

  private:
    std::mutex mutex_;
    RequestQueue queue_{Policy::Priority};
    std::vector<Popped> expired_;
};

class StandardQueue {
  public:
    void push(const Request & request, int64_t /*now_us*/) {
        const std::lock_guard lock(mutex_);
        queue_.push(request);
    }
    uint64_t pop(int64_t /*now_us*/) {
        const std::lock_guard lock(mutex_);
        const uint64_t key = queue_.top().key;
        queue_.pop();
        return key;
    }
    size_t size() const { return queue_.size(); }

  private:
    struct IsLater {
        bool operator()(const Request & a, const Request & b) const {
            return a.tier != b.tier ? a.tier > b.tier : a.submitted_us > b.submitted_us;
        }
    };
    std::mutex mutex_;
    std::priority_queue<Request, std::vector<Request>, IsLater> queue_;
};

// A queue that stays at its length. `pace_us` passes from one pair to the next.
template <typename Queue>
class Pairs {
  public:
    Pairs(size_t length, int64_t deadline_percent, int64_t pace_us) : requests_(deadline_percent), pace_us_(pace_us) {
        while (queue_.size() < length) push();
    }

    // Microseconds of one pair.
    double trial() {
        const double seconds = seconds_of([&] {
            for (int i = 0; i < kPairs; ++i) {
                push();
                keys_ ^= queue_.pop(now_us_);
            }
        });
        // Never printed, but the compiler does not know.
        if (keys_ == UINT64_MAX) std::printf("%llu", static_cast<unsigned long long>(keys_));
        return seconds / kPairs * 1e6;
    }

  private:
    static constexpr int kPairs = 200'000;

    void push() {
        now_us_ += pace_us_;
        queue_.push(requests_.next(now_us_), now_us_);
    }

    Queue queue_;
    Requests requests_;
    const int64_t pace_us_;
    int64_t now_us_ = 0;
    uint64_t keys_ = 0;
};

template <typename Queue>
double pair_us(size_t length, int64_t deadline_percent, int64_t pace_us) {
    Pairs<Queue> pairs(length, deadline_percent, pace_us);
    std::vector<double> trials;
    for (int trial = 0; trial < kTrials; ++trial) trials.push_back(pairs.trial());
    return median(trials);
}

double cancel_us(size_t length, int64_t deadline_percent) {
    OurQueue queue;
    Requests requests(deadline_percent);
    std::vector<Ticket> tickets;
    for (size_t i = 0; i < length; ++i) tickets.push_back(queue.push(requests.next(0), 0));
    for (size_t i = tickets.size() - 1; i > 0; --i) std::swap(tickets[i], tickets[requests.draw() % (i + 1)]);
    const double seconds = seconds_of([&] {
        for (const Ticket ticket : tickets) queue.cancel(ticket);
    });
    return seconds / static_cast<double>(length) * 1e6;
}

}  // namespace

// Trial by trial in turn, so that whatever slows the machine down slows both.
INFERNO_BENCH(queue_pairs_at_10000) {
    Pairs<StandardQueue> standard(10'000, 0, 1);
    Pairs<OurQueue> ours(10'000, 0, 1);
    Pairs<OurQueue> with_deadlines(10'000, 20, 1);
    std::vector<double> standard_us, ours_us, deadlines_us, ratio, deadlines_ratio;
    for (int trial = 0; trial < 3 * kTrials; ++trial) {
        standard_us.push_back(standard.trial());
        ours_us.push_back(ours.trial());
        deadlines_us.push_back(with_deadlines.trial());
        ratio.push_back(ours_us.back() / standard_us.back());
        deadlines_ratio.push_back(deadlines_us.back() / standard_us.back());
    }
    context.report("std::priority_queue, push and pop at 10,000 queued", median(standard_us), "us");
    context.report("request queue, push and pop at 10,000 queued", median(ours_us), "us");
    context.report("request queue at 10,000, a fifth with deadlines", median(deadlines_us), "us");
    context.report_at_most("request queue / std::priority_queue", median(ratio), 1.5);
    // No bar: the standard queue knows no deadlines.
    context.report("request queue, a fifth with deadlines / std::priority_queue", median(deadlines_ratio), "times");
}

INFERNO_BENCH(queue_pairs_at_1000000) {
    context.report("std::priority_queue, push and pop at 1,000,000 queued", pair_us<StandardQueue>(1'000'000, 0, 1),
                   "us");
    context.report_at_most("request queue, us at 1,000,000 queued", pair_us<OurQueue>(1'000'000, 0, 1), 1.0);
    context.report_at_most("request queue, us at 1,000,000, a fifth with deadlines",
                           pair_us<OurQueue>(1'000'000, 20, 1), 1.0);
    // 20 us from one to the next: what waits ages on its way, and deadlines come near and pass.
    context.report("request queue at 1,000,000, a fifth with deadlines, all ageing",
                   pair_us<OurQueue>(1'000'000, 20, 20), "us");
}

INFERNO_BENCH(queue_cancels_at_1000000) {
    context.report("cancel at 1,000,000 queued, in any order", cancel_us(1'000'000, 0), "us");
    context.report("cancel at 1,000,000 queued, a fifth with deadlines", cancel_us(1'000'000, 20), "us");
}
