// Inputs of encoders: computed together as alone, in the order of their jobs' tiers, ended when nobody wants them.
#include "native/llama/encoder.h"

#include <algorithm>
#include <cmath>
#include <future>
#include <string>
#include <vector>

#include "native/core/clock.h"
#include "test/native/check.h"
#include "test/native/engine_harness.h"

using namespace inferno;
using namespace inferno::llama;
using namespace inferno::llama::test;

namespace {

constexpr float kClose = 1e-4f;

std::shared_ptr<const Model> load(const char * variable, Pooling pooling = LLAMA_POOLING_TYPE_UNSPECIFIED) {
    static_cast<void>(test_model());  // the backends
    std::atomic<bool> cancelled{false};
    ModelOptions options{std::getenv(variable)};
    options.pooling = pooling;
    auto model = Model::load(options, [](float) {}, cancelled);
    CHECK(model.is_ok());
    return model.is_ok() ? model.value() : nullptr;
}

EncoderJob job_of(std::vector<std::string> texts, EncoderTask task = EncoderTask::Embed) {
    EncoderJob job;
    job.task = task;
    for (std::string & text : texts) job.inputs.push_back({std::move(text), {}});
    return job;
}

// What a job came to, once it is done.
class Outcome {
  public:
    void watch(EncoderJob & job) {
        job.done = [this](Result<EncoderResult> result) { promise_.set_value(std::move(result)); };
    }
    Result<EncoderResult> get() { return promise_.get_future().get(); }

  private:
    std::promise<Result<EncoderResult>> promise_;
};

Result<EncoderResult> encode(Engine & engine, EncoderJob job) {
    Outcome outcome;
    outcome.watch(job);
    engine.encode(std::move(job));
    return outcome.get();
}

std::unique_ptr<Engine> engine_of(std::shared_ptr<const Model> model, const EngineOptions & options = {}) {
    auto engine = Engine::create(std::move(model), options, [] {});
    CHECK(engine.is_ok());
    return engine.is_ok() ? std::move(engine).value() : nullptr;
}

float distance(const std::vector<float> & a, const std::vector<float> & b) {
    float most = a.size() == b.size() ? 0.0f : INFINITY;
    for (size_t i = 0; i < std::min(a.size(), b.size()); ++i) most = std::max(most, std::abs(a[i] - b[i]));
    return most;
}

const std::vector<std::string> kTexts{"the cat sat on the mat", "two dogs", "a", "a red car and a blue car, in a row"};

void check_together_as_alone(Engine & engine, const EncoderJob & shape, uint64_t decodes) {
    EncoderJob all = shape;
    for (const std::string & text : kTexts) all.inputs.push_back({text, {}});
    const uint64_t before = engine.stats().decode_steps;
    const auto together = encode(engine, std::move(all));
    CHECK_EQ(engine.stats().decode_steps - before, decodes);
    CHECK(together.is_ok());
    if (!together) return;
    CHECK_EQ(together.value().rows.size(), kTexts.size());
    int32_t tokens = 0;
    for (size_t i = 0; i < kTexts.size(); ++i) {
        EncoderJob one = shape;
        one.inputs = {{kTexts[i], {}}};
        const auto alone = encode(engine, std::move(one));
        CHECK(alone.is_ok());
        if (!alone) return;
        CHECK(distance(alone.value().rows[0], together.value().rows[i]) < kClose);
        tokens += alone.value().tokens;
    }
    CHECK_EQ(together.value().tokens, tokens);
}

}  // namespace

INFERNO_TEST(encoder_computes_inputs_in_one_decode_as_it_does_alone) {
    const auto engine = engine_of(load("INFERNO_TEST_EMBEDDER"));
    check_together_as_alone(*engine, job_of({}), 1);
    const auto ranking = engine_of(load("INFERNO_TEST_RERANKER"));
    EncoderJob rank = job_of({}, EncoderTask::Rank);
    rank.query = "a red car";
    check_together_as_alone(*ranking, rank, 1);
}

INFERNO_TEST(encoder_of_a_model_that_generates_computes_inputs_together_with_every_pooling) {
    for (const Pooling pooling :
         {LLAMA_POOLING_TYPE_NONE, LLAMA_POOLING_TYPE_MEAN, LLAMA_POOLING_TYPE_CLS, LLAMA_POOLING_TYPE_LAST}) {
        const auto engine = engine_of(load("INFERNO_TEST_MODEL", pooling), {256, 1, 64, 1});
        check_together_as_alone(*engine, job_of({}), 1);
    }
}

INFERNO_TEST(encoder_counts_its_context_and_does_without_one_of_generations) {
    const auto model = load("INFERNO_TEST_EMBEDDER");
    CHECK(!model->description().supports_generation);
    const auto engine = engine_of(model);
    CHECK(engine->memory_bytes() > model->description().size_bytes);
    const auto generating = engine_of(test_model(), {256, 1, 64, 1});
    const uint64_t before = generating->memory_bytes();
    CHECK(encode(*generating, job_of({"a dog"})).is_ok());
    CHECK(generating->memory_bytes() > before);
}

INFERNO_TEST(encoder_decodes_are_bounded_by_tokens_and_sequences) {
    const auto engine = engine_of(load("INFERNO_TEST_EMBEDDER"), {0, 4, 0, 1});
    const uint64_t before = engine->stats().decode_steps;
    CHECK(encode(*engine, job_of(std::vector<std::string>(10, "a dog"))).is_ok());
    CHECK_EQ(engine->stats().decode_steps - before, 3u);  // four at a time
    const auto small = engine_of(load("INFERNO_TEST_EMBEDDER"), {32, 0, 32, 1});
    const uint64_t small_before = small->stats().decode_steps;
    // Twelve tokens each, two to a decode.
    const auto result = encode(*small, job_of(std::vector<std::string>(10, "1 2 3 4 5 6 7 8 9 0")));
    CHECK(result.is_ok());
    CHECK_EQ(result.value().tokens, 120);
    CHECK_EQ(small->stats().decode_steps - small_before, 5u);
}

INFERNO_TEST(encoder_refuses_what_it_cannot_take_and_goes_on) {
    const auto engine = engine_of(load("INFERNO_TEST_EMBEDDER"), {32, 0, 32, 1});
    const auto code = [&](EncoderJob job) { return encode(*engine, std::move(job)).status().code(); };
    std::string text;
    for (int i = 0; i < 40; ++i) text += "1 ";
    CHECK(code(job_of({"a", text})) == ErrorCode::ContextLengthExceeded);
    EncoderJob cut = job_of({text});
    cut.truncate = true;
    const auto result = encode(*engine, std::move(cut));
    CHECK(result.is_ok() && result.value().tokens == 32);
    EncoderJob unknown = job_of({});
    unknown.inputs.push_back({"", {1 << 30}});
    CHECK(code(std::move(unknown)) == ErrorCode::InvalidArgument);
    EncoderJob negative = job_of({});
    negative.inputs.push_back({"", {-1}});
    CHECK(code(std::move(negative)) == ErrorCode::InvalidArgument);
    CHECK(code(job_of({"a"}, EncoderTask::Rank)) == ErrorCode::TaskUnsupported);
    CHECK(code(job_of({"a"}, EncoderTask::Classify)) == ErrorCode::TaskUnsupported);
    CHECK(encode(*engine, job_of({})).is_ok());
    CHECK(encode(*engine, job_of({"a", "\xff\xfe not UTF-8", ""})).is_ok());
    const auto ranking = engine_of(load("INFERNO_TEST_RERANKER"));
    CHECK(encode(*ranking, job_of({"a"})).status().code() == ErrorCode::EmbeddingUnsupported);
}

INFERNO_TEST(encoder_asked_for_a_classifier_that_is_not_there_is_refused_at_loading) {
    static_cast<void>(test_model());
    std::atomic<bool> cancelled{false};
    for (const char * variable : {"INFERNO_TEST_EMBEDDER", "INFERNO_TEST_MODEL"}) {
        ModelOptions options{std::getenv(variable)};
        options.pooling = LLAMA_POOLING_TYPE_RANK;
        const auto model = Model::load(options, [](float) {}, cancelled);
        CHECK(!model.is_ok() && model.status().code() == ErrorCode::UnsupportedModel);
    }
}

INFERNO_TEST(encoder_jobs_end_when_cancelled_late_or_unloaded) {
    const auto engine = engine_of(load("INFERNO_TEST_EMBEDDER"));
    EncoderJob cancelled = job_of(std::vector<std::string>(2000, "a dog"));
    cancelled.cancelled->store(true, std::memory_order_relaxed);
    CHECK(encode(*engine, std::move(cancelled)).status().code() == ErrorCode::Cancelled);
    EncoderJob late = job_of(std::vector<std::string>(2000, "a dog"));
    late.deadline_us = now_us() - 1;
    CHECK(encode(*engine, std::move(late)).status().code() == ErrorCode::DeadlineExceeded);
    std::vector<Outcome> outcomes(20);
    for (Outcome & outcome : outcomes) {
        EncoderJob job = job_of(std::vector<std::string>(2000, "a dog"));
        outcome.watch(job);
        engine->encode(std::move(job));
    }
    engine->shut_down();
    for (Outcome & outcome : outcomes) {
        const auto result = outcome.get();
        CHECK(result.is_ok() || result.status().code() == ErrorCode::ModelUnloaded);
    }
    CHECK(encode(*engine, job_of({"a"})).status().code() == ErrorCode::ModelUnloaded);
}

INFERNO_TEST(encoder_does_not_keep_a_generation_of_its_model_from_its_end) {
    Harness harness({256, 2, 64, 1});
    Outcome outcome;
    EncoderJob job = job_of(std::vector<std::string>(300, "Once upon a time there was a little dog."));
    outcome.watch(job);
    harness.engine().encode(std::move(job));
    const GenerationId id = harness.submit(Harness::request("Once", 32));
    CHECK(harness.wait_for_end(id));
    CHECK_EQ(harness.tokens(id), 32);
    CHECK(outcome.get().is_ok());
}

INFERNO_TEST(encoder_queue_lets_better_tiers_and_other_users_in_between) {
    EncoderQueue queue(queue::Policy::Priority);
    const auto add = [&](queue::Tier tier, uint64_t user, size_t count) {
        EncoderJob job = job_of(std::vector<std::string>(count, std::string(400, 'x')));
        job.tier = tier;
        job.user = user;
        job.done = [](Result<EncoderResult>) {};
        queue.add(std::move(job), 0);
    };
    add(queue::Tier::Normal, 1, 100);
    add(queue::Tier::Normal, 2, 3);
    add(queue::Tier::Vip, 0, 1);
    std::vector<uint64_t> order;
    while (const auto turn = queue.next(1)) {
        order.push_back(turn->job);
        queue.finish(*turn, {}, 100);
    }
    CHECK_EQ(order.size(), 104u);
    CHECK(queue.empty());
    CHECK_EQ(order.front(), 3u);
    const auto last_of_second = std::find(order.rbegin(), order.rend(), 2u);
    CHECK(order.rend() - last_of_second < 30);
}

INFERNO_TEST(encoder_queue_ends_jobs_with_inputs_that_come_too_late_or_are_not_wanted) {
    EncoderQueue queue(queue::Policy::Priority);
    std::vector<ErrorCode> ends;
    const auto add = [&](int64_t deadline_us) {
        EncoderJob job = job_of({"a", "b"});
        job.deadline_us = deadline_us;
        job.done = [&](Result<EncoderResult> result) { ends.push_back(result.status().code()); };
        auto cancelled = job.cancelled;
        queue.add(std::move(job), 0);
        return cancelled;
    };
    add(1000);
    const auto second = add(0);
    const auto turn = queue.next(1);
    CHECK(turn && turn->job == 1);
    queue.end_lapsed(2000);
    CHECK(ends == std::vector<ErrorCode>{ErrorCode::DeadlineExceeded});
    // What had begun of it means nothing any more.
    queue.finish(*turn, {}, 1);
    second->store(true, std::memory_order_relaxed);
    queue.end_lapsed(2000);
    CHECK_EQ(ends.size(), 2u);
    CHECK(ends.back() == ErrorCode::Cancelled);
    CHECK(queue.empty());
    CHECK(!queue.next(3000));
}
