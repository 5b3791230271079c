#include "binding/statistics.h"

#include <cmath>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "binding/environment.h"
#include "native/core/clock.h"

namespace inferno::binding {
namespace {

// In the order of the enums.
constexpr const char * kPhaseNames[profile::kPhaseCount] = {"receive",     "tokenize",   "queue",     "prefill",
                                                            "decode",      "detokenize", "serialize", "first_token",
                                                            "inter_token", "total",      "run"};
constexpr const char * kTierNames[queue::kTierCount] = {"vip", "high", "normal", "low"};
constexpr std::string_view kWindowNames[profile::kWindowCount] = {"1m", "5m", "1h", "all"};

double milliseconds(double microseconds) { return microseconds / 1000; }

uint32_t read_index(const Napi::Value & value, size_t count, const char * name) {
    const double number = value.IsNumber() ? value.As<Napi::Number>().DoubleValue() : std::nan("");
    if (number >= 0 && number < static_cast<double>(count) && std::trunc(number) == number) {
        return static_cast<uint32_t>(number);
    }
    throw Napi::RangeError::New(value.Env(), std::string("Expected an integer from 0 to ") + std::to_string(count - 1) +
                                                 " for " + name + ".");
}

profile::Window read_window(const Napi::Value & value) {
    if (value.IsString()) {
        const std::string name = value.As<Napi::String>().Utf8Value();
        for (size_t i = 0; i < profile::kWindowCount; ++i) {
            if (name == kWindowNames[i]) return static_cast<profile::Window>(i);
        }
    }
    throw Napi::RangeError::New(value.Env(), "Expected 1m, 5m, 1h or all for window.");
}

std::span<const double> read_bounds(const Napi::Value & value) {
    if (!value.IsTypedArray() || value.As<Napi::TypedArray>().TypedArrayType() != napi_float64_array) {
        throw Napi::TypeError::New(value.Env(), "Expected a Float64Array for boundsUs.");
    }
    const Napi::Float64Array array = value.As<Napi::Float64Array>();
    return {array.Data(), array.ElementLength()};
}

Napi::Object summary_to_js(Napi::Env env, const profile::PhaseSummary & summary) {
    Napi::Object object = Napi::Object::New(env);
    const auto set_time = [&](const char * name, double us) { object.Set(name, milliseconds(us)); };
    object.Set("phase", kPhaseNames[static_cast<size_t>(summary.phase)]);
    object.Set("tier", kTierNames[queue::index_of(summary.tier)]);
    object.Set("count", static_cast<double>(summary.count));
    set_time("mean", summary.mean_us);
    set_time("stddev", summary.stddev_us);
    set_time("min", summary.min_us);
    set_time("max", summary.max_us);
    set_time("p50", summary.p50_us);
    set_time("p95", summary.p95_us);
    set_time("p99", summary.p99_us);
    set_time("p999", summary.p999_us);
    Napi::Array slots = Napi::Array::New(env, summary.slots.size());
    for (size_t i = 0; i < summary.slots.size(); ++i) {
        const profile::SlotSummary & slot = summary.slots[i];
        Napi::Object entry = Napi::Object::New(env);
        entry.Set("ageMs", milliseconds(static_cast<double>(slot.age_us)));
        entry.Set("count", static_cast<double>(slot.count));
        entry.Set("mean", milliseconds(slot.mean_us));
        slots.Set(static_cast<uint32_t>(i), entry);
    }
    object.Set("slots", slots);
    return object;
}

// What the constructor is given, since only this file can make an External.
struct Source {
    std::shared_ptr<const profile::Statistics> statistics;
    profile::Statistics * own;
};

Napi::Object construct(Napi::Env env, Source source) {
    auto external = Napi::External<Source>::New(env, &source);
    return env.GetInstanceData<Environment>()->statistics_constructor.New({external});
}

}  // namespace

Napi::Value create_statistics(const Napi::CallbackInfo & info) {
    auto statistics = std::make_shared<profile::Statistics>();
    profile::Statistics * own = statistics.get();
    return construct(info.Env(), {std::move(statistics), own});
}

Napi::Function StatisticsObject::define(Napi::Env env) {
    return DefineClass(env, "NativeStatistics",
                       {
                           InstanceMethod<&StatisticsObject::record>("record"),
                           InstanceMethod<&StatisticsObject::summarize>("summarize"),
                           InstanceMethod<&StatisticsObject::cumulate>("cumulate"),
                       });
}

Napi::Object StatisticsObject::wrap(Napi::Env env, std::shared_ptr<const profile::Statistics> statistics) {
    return construct(env, {std::move(statistics), nullptr});
}

StatisticsObject::StatisticsObject(const Napi::CallbackInfo & info) : Napi::ObjectWrap<StatisticsObject>(info) {
    if (info.Length() != 1 || !info[0].IsExternal()) {
        throw Napi::TypeError::New(info.Env(), "Expected statistics to be made by createStatistics or a model.");
    }
    const Source & source = *info[0].As<Napi::External<Source>>().Data();
    statistics_ = source.statistics;
    own_ = source.own;
}

// record(phase: number, tier: number, microseconds: number): void
void StatisticsObject::record(const Napi::CallbackInfo & info) {
    // Longer than any histogram tells apart, short enough for nanoseconds in 64 bits.
    constexpr double kLongestUs = 1e15;
    constexpr double kNsPerUs = 1000;
    if (own_ == nullptr) throw Napi::TypeError::New(info.Env(), "A model records its statistics itself.");
    const auto phase = static_cast<profile::Phase>(read_index(info[0], profile::kPhaseCount, "phase"));
    const auto tier = static_cast<queue::Tier>(read_index(info[1], queue::kTierCount, "tier"));
    const double us = info[2].IsNumber() ? info[2].As<Napi::Number>().DoubleValue() : std::nan("");
    if (!(us >= 0 && us <= kLongestUs)) {
        throw Napi::RangeError::New(info.Env(), "Expected a duration from 0 to 1e15 for microseconds.");
    }
    own_->record_ns(phase, tier, std::llround(us * kNsPerUs), now_us());
}

// summarize(window: StatisticsWindow, others: readonly NativeStatistics[]): NativePhaseSummary[]
Napi::Value StatisticsObject::summarize(const Napi::CallbackInfo & info) {
    const Napi::Env env = info.Env();
    const profile::Window window = read_window(info[0]);
    if (!info[1].IsArray()) throw Napi::TypeError::New(env, "Expected an array for others.");
    const Napi::Array list = info[1].As<Napi::Array>();
    const Napi::Function constructor = env.GetInstanceData<Environment>()->statistics_constructor.Value();
    std::vector<const profile::Statistics *> others;
    for (uint32_t i = 0; i < list.Length(); ++i) {
        const Napi::Value other = list.Get(i);
        if (!other.IsObject() || !other.As<Napi::Object>().InstanceOf(constructor)) {
            throw Napi::TypeError::New(env, "Expected statistics in others.");
        }
        others.push_back(Unwrap(other.As<Napi::Object>())->statistics_.get());
    }
    const std::vector<profile::PhaseSummary> summaries = statistics_->summarize(window, now_us(), others);
    Napi::Array result = Napi::Array::New(env, summaries.size());
    for (size_t i = 0; i < summaries.size(); ++i) {
        const Napi::HandleScope scope(env);
        result.Set(static_cast<uint32_t>(i), summary_to_js(env, summaries[i]));
    }
    return result;
}

// cumulate(phase: number, boundsUs: Float64Array): { counts: Float64Array; count: number; sumUs: number }
Napi::Value StatisticsObject::cumulate(const Napi::CallbackInfo & info) {
    const Napi::Env env = info.Env();
    const auto phase = static_cast<profile::Phase>(read_index(info[0], profile::kPhaseCount, "phase"));
    const profile::CumulativeCounts cumulated = statistics_->cumulate(phase, read_bounds(info[1]));
    Napi::Float64Array counts = Napi::Float64Array::New(env, cumulated.counts.size());
    for (size_t i = 0; i < cumulated.counts.size(); ++i) counts[i] = static_cast<double>(cumulated.counts[i]);
    Napi::Object result = Napi::Object::New(env);
    result.Set("counts", counts);
    result.Set("count", static_cast<double>(cumulated.count));
    result.Set("sumUs", cumulated.sum_us);
    return result;
}

}  // namespace inferno::binding
