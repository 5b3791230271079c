#include "binding/queue_status.h"

namespace inferno::binding {
namespace {

double milliseconds(double microseconds) { return microseconds / 1000.0; }

class Writer {
  public:
    explicit Writer(Napi::Env env) : object_(Napi::Object::New(env)) {}
    Writer & count(const char * name, double value) {
        object_.Set(name, value);
        return *this;
    }
    Writer & time(const char * name, double microseconds) { return count(name, milliseconds(microseconds)); }
    Writer & object(const char * name, const Napi::Value & value) {
        object_.Set(name, value);
        return *this;
    }
    Napi::Object done() const { return object_; }

  private:
    Napi::Object object_;
};

double as_double(uint64_t value) { return static_cast<double>(value); }
double as_double(int64_t value) { return static_cast<double>(value); }

Napi::Object tier_to_js(Napi::Env env, const queue::TierStatus & tier) {
    const Napi::Object wait = Writer(env)
                                  .time("mean", as_double(tier.wait.mean_us))
                                  .time("p50", as_double(tier.wait.p50_us))
                                  .time("p95", as_double(tier.wait.p95_us))
                                  .time("p99", as_double(tier.wait.p99_us))
                                  .time("max", as_double(tier.wait.max_us))
                                  .done();
    return Writer(env)
        .count("queued", as_double(tier.queued))
        .count("running", as_double(tier.running))
        .count("parked", as_double(tier.parked))
        .count("queuedTokens", as_double(tier.queued_tokens))
        .time("oldestMs", as_double(tier.oldest_us))
        .object("waitMs", wait)
        .count("started", as_double(tier.started))
        .count("tokensServed", as_double(tier.tokens_served))
        .done();
}

Napi::Object cache_to_js(Napi::Env env, const llama::QueueStatus & status) {
    return Writer(env)
        .count("memoryBytes", as_double(status.store.memory_bytes))
        .count("memoryLimitBytes", as_double(status.cache_memory_limit))
        .count("diskBytes", as_double(status.store.disk_bytes))
        .count("diskLimitBytes", as_double(status.cache_disk_limit))
        .count("entries", as_double(status.store.entries))
        .count("hits", as_double(status.sharing.hits))
        .count("misses", as_double(status.sharing.misses))
        .count("tokensReused", as_double(status.sharing.tokens_reused))
        .count("evicted", as_double(status.store.evicted))
        .count("spilled", as_double(status.store.spilled))
        .done();
}

const char * state_name(queue::RequestState state) {
    switch (state) {
        case queue::RequestState::Preparing:
            return "preparing";
        case queue::RequestState::Held:
            return "held";
        case queue::RequestState::Waiting:
            return "waiting";
        case queue::RequestState::Running:
            return "running";
        case queue::RequestState::Parked:
            return "parked";
    }
    return "waiting";
}

}  // namespace

Napi::Object queue_status_to_js(Napi::Env env, const llama::QueueStatus & status) {
    const queue::SchedulerStatus & scheduler = status.scheduler;
    Napi::Array tiers = Napi::Array::New(env, queue::kTierCount);
    for (size_t i = 0; i < queue::kTierCount; ++i) {
        tiers.Set(static_cast<uint32_t>(i), tier_to_js(env, scheduler.tiers[i]));
    }
    const Napi::Object workers = Writer(env)
                                     .count("busy", scheduler.running)
                                     .count("limit", scheduler.worker_limit)
                                     .count("total", status.parallel)
                                     .done();
    const char * policy = status.policy == queue::Policy::Fifo ? "fifo" : "priority";
    return Writer(env)
        .object("policy", Napi::String::New(env, policy))
        .count("capacity", status.capacity)
        .count("queued", as_double(scheduler.queued))
        .count("held", as_double(scheduler.held))
        .count("running", scheduler.running)
        .count("parked", as_double(scheduler.parked))
        .object("byTier", tiers)
        .object("workers", workers)
        .count("prefillTokensPerSecond", scheduler.prefill_rate)
        .count("decodeTokensPerSecond", scheduler.decode_rate)
        .time("tokenLatencyMs", scheduler.token_latency_us)
        .time("drainMs", as_double(scheduler.drain_us))
        .count("started", as_double(scheduler.started))
        .count("finished", as_double(scheduler.finished))
        .count("cancelled", as_double(scheduler.cancelled))
        .count("expired", as_double(scheduler.expired))
        .count("preempted", as_double(scheduler.preempted))
        .object("cache", cache_to_js(env, status))
        .done();
}

Napi::Object queue_position_to_js(Napi::Env env, const queue::Standing & standing) {
    return Writer(env)
        .count("position", as_double(standing.position))
        .time("etaMs", as_double(standing.eta_us))
        .object("state", Napi::String::New(env, state_name(standing.state)))
        .count("answeredTokens", as_double(standing.answered))
        .count("computedTokens", as_double(standing.computed))
        .done();
}

}  // namespace inferno::binding
