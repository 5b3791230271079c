#include "binding/statistics.h"

#include <array>
#include <string>
#include <vector>

#include "binding/environment.h"
#include "native/core/clock.h"

namespace inferno::binding {
namespace {

constexpr std::array<const char *, profile::kPhaseCount> kPhaseNames = {
    "receive",    "tokenize",  "queue",       "prefill",     "decode",
    "detokenize", "serialize", "first_token", "inter_token", "total",
};
constexpr std::array kTierNames = {"vip", "high", "normal", "low"};
constexpr std::array kWindowNames = {"1m", "5m", "1h", "all"};
constexpr double kUsPerMs = 1000.0;

profile::Window read_window(const Napi::Value & value) {
    const std::string name = value.ToString().Utf8Value();
    for (size_t i = 0; i < kWindowNames.size(); ++i) {
        if (name == kWindowNames[i]) return static_cast<profile::Window>(i);
    }
    throw Napi::TypeError::New(value.Env(), "Expected one of 1m, 5m, 1h, all for window.");
}

size_t read_index(const Napi::Value & value, size_t count, const char * name) {
    const double number = value.ToNumber().DoubleValue();
    if (number >= 0 && number < static_cast<double>(count)) return static_cast<size_t>(number);
    throw Napi::RangeError::New(value.Env(),
                                std::string("Expected a number below ") + std::to_string(count) + " for " + name + ".");
}

Napi::Object summary_to_js(Napi::Env env, const profile::PhaseSummary & summary) {
    Napi::Object object = Napi::Object::New(env);
    const auto set_ms = [&](const char * name, double us) { object.Set(name, Napi::Number::New(env, us / kUsPerMs)); };
    object.Set("phase", kPhaseNames[static_cast<size_t>(summary.phase)]);
    object.Set("tier", kTierNames[queue::index_of(summary.tier)]);
    object.Set("count", Napi::Number::New(env, static_cast<double>(summary.count)));
    set_ms("mean", summary.mean_us);
    set_ms("stddev", summary.stddev_us);
    set_ms("min", summary.min_us);
    set_ms("max", summary.max_us);
    set_ms("p50", summary.p50_us);
    set_ms("p95", summary.p95_us);
    set_ms("p99", summary.p99_us);
    set_ms("p999", summary.p999_us);
    Napi::Array slots = Napi::Array::New(env, summary.slots.size());
    for (size_t i = 0; i < summary.slots.size(); ++i) {
        Napi::Object slot = Napi::Object::New(env);
        slot.Set("ageMs", Napi::Number::New(env, static_cast<double>(summary.slots[i].age_us) / kUsPerMs));
        slot.Set("count", Napi::Number::New(env, static_cast<double>(summary.slots[i].count)));
        slot.Set("mean", Napi::Number::New(env, summary.slots[i].mean_us / kUsPerMs));
        slots.Set(static_cast<uint32_t>(i), slot);
    }
    object.Set("slots", slots);
    return object;
}

}  // namespace

Napi::Function StatisticsObject::define(Napi::Env env) {
    return DefineClass(env, "NativeStatistics",
                       {
                           InstanceMethod<&StatisticsObject::record>("record"),
                           InstanceMethod<&StatisticsObject::summarize>("summarize"),
                           InstanceMethod<&StatisticsObject::cumulate>("cumulate"),
                       });
}

Napi::Value create_statistics(const Napi::CallbackInfo & info) {
    return info.Env().GetInstanceData<Environment>()->statistics_constructor.New({});
}

Napi::Object StatisticsObject::wrap(Napi::Env env, std::shared_ptr<const profile::Statistics> statistics) {
    auto external = Napi::External<std::shared_ptr<const profile::Statistics>>::New(env, &statistics);
    return env.GetInstanceData<Environment>()->statistics_constructor.New({external});
}

StatisticsObject::StatisticsObject(const Napi::CallbackInfo & info) : Napi::ObjectWrap<StatisticsObject>(info) {
    if (info.Length() == 1 && info[0].IsExternal()) {
        statistics_ = *info[0].As<Napi::External<std::shared_ptr<const profile::Statistics>>>().Data();
        return;
    }
    auto own = std::make_shared<profile::Statistics>();
    own_ = own.get();
    statistics_ = std::move(own);
}

// record(phase: number, tier: number, microseconds: number): void
void StatisticsObject::record(const Napi::CallbackInfo & info) {
    if (own_ == nullptr) throw Napi::TypeError::New(info.Env(), "Expected statistics made by createStatistics.");
    const auto phase = static_cast<profile::Phase>(read_index(info[0], profile::kPhaseCount, "phase"));
    const auto tier = static_cast<queue::Tier>(read_index(info[1], queue::kTierCount, "tier"));
    constexpr double kNsPerUs = 1000.0;
    const auto duration_ns = static_cast<int64_t>(info[2].ToNumber().DoubleValue() * kNsPerUs);
    own_->record_ns(phase, tier, duration_ns, now_us());
}

// summarize(window: StatisticsWindow, others: readonly NativeStatistics[]): NativePhaseSummary[]
Napi::Value StatisticsObject::summarize(const Napi::CallbackInfo & info) {
    const Napi::Env env = info.Env();
    std::vector<const profile::Statistics *> others;
    if (info[1].IsArray()) {
        const auto list = info[1].As<Napi::Array>();
        for (uint32_t i = 0; i < list.Length(); ++i) {
            others.push_back(StatisticsObject::Unwrap(list.Get(i).As<Napi::Object>())->statistics_.get());
        }
    }
    const auto summaries = statistics_->summarize(read_window(info[0]), now_us(), others);
    Napi::Array list = Napi::Array::New(env, summaries.size());
    for (size_t i = 0; i < summaries.size(); ++i) {
        list.Set(static_cast<uint32_t>(i), summary_to_js(env, summaries[i]));
    }
    return list;
}

// cumulate(phase: number, boundsUs: Float64Array): { counts, count, sumUs }
Napi::Value StatisticsObject::cumulate(const Napi::CallbackInfo & info) {
    const Napi::Env env = info.Env();
    const auto phase = static_cast<profile::Phase>(read_index(info[0], profile::kPhaseCount, "phase"));
    if (!info[1].IsTypedArray() || info[1].As<Napi::TypedArray>().TypedArrayType() != napi_float64_array) {
        throw Napi::TypeError::New(env, "Expected a Float64Array for boundsUs.");
    }
    const auto bounds = info[1].As<Napi::Float64Array>();
    const auto cumulated = statistics_->cumulate(phase, {bounds.Data(), bounds.ElementLength()});
    Napi::Float64Array counts = Napi::Float64Array::New(env, cumulated.counts.size());
    for (size_t i = 0; i < cumulated.counts.size(); ++i) counts[i] = static_cast<double>(cumulated.counts[i]);
    Napi::Object object = Napi::Object::New(env);
    object.Set("counts", counts);
    object.Set("count", Napi::Number::New(env, static_cast<double>(cumulated.count)));
    object.Set("sumUs", Napi::Number::New(env, cumulated.sum_us));
    return object;
}

}  // namespace inferno::binding
