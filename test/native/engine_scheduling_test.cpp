// Who runs when, what is shared and what is guessed, on a real, tiny model.
#include <atomic>
#include <mutex>
#include <random>
#include <thread>

#include "test/native/engine_harness.h"

using namespace inferno;
using namespace inferno::llama;
using namespace inferno::llama::test;

namespace {

constexpr uint64_t kCacheBytes = 64ull << 20;

EngineOptions options(int32_t parallel, int32_t context_size = 256) {
    EngineOptions result{context_size, parallel, 64, 1};
    result.cache.memory_bytes = kCacheBytes;
    return result;
}

GenerationRequest in_tier(queue::Tier tier, std::string prompt, int32_t max_tokens) {
    GenerationRequest request = Harness::request(std::move(prompt), max_tokens);
    request.scheduling.tier = tier;
    return request;
}

std::string text_alone(const std::string & prompt, int32_t max_tokens) {
    Harness harness(options(1));
    const GenerationId id = harness.submit(Harness::request(prompt, max_tokens));
    CHECK(harness.wait_for_end(id));
    return harness.text(id);
}

std::string long_prompt(const char * ending) {
    std::string prompt;
    for (int i = 0; i < 20; ++i) prompt += "The dog and the cat ran to the big tree. ";
    return prompt + ending;
}

}  // namespace

INFERNO_TEST(engine_a_repeated_prompt_comes_from_the_cache) {
    Harness harness(options(2, 512));
    const GenerationId first = harness.submit(Harness::request(long_prompt("One"), 16));
    CHECK(harness.wait_for_end(first));
    CHECK_EQ(number_in(harness.end(first), "cachedTokens"), 0);
    const int prompt_tokens = number_in(harness.end(first), "promptTokens");
    const GenerationId second = harness.submit(Harness::request(long_prompt("One"), 16));
    CHECK(harness.wait_for_end(second));
    CHECK_EQ(number_in(harness.end(second), "cachedTokens"), prompt_tokens - 1);
    CHECK_EQ(harness.text(second), harness.text(first));
    CHECK_EQ(harness.engine().stats().tokens_prefilled, static_cast<uint64_t>(prompt_tokens + 1));
}

INFERNO_TEST(engine_a_prefix_that_many_need_at_once_is_computed_once) {
    Harness harness(options(8, 512));
    std::vector<GenerationId> ids;
    const char * endings[] = {"One day", "A bird", "They saw", "It was", "Then he", "She said", "We go", "No one"};
    for (const char * ending : endings) ids.push_back(harness.submit(Harness::request(long_prompt(ending), 8)));
    CHECK(harness.drain_until([&] { return harness.end_count() == ids.size(); }));
    const int prompt_tokens = number_in(harness.end(ids[0]), "promptTokens");
    CHECK(prompt_tokens > 150);
    const auto computed = static_cast<int>(harness.engine().stats().tokens_prefilled);
    CHECK(computed < prompt_tokens + 8 * 40);
    for (size_t i = 0; i < ids.size(); ++i) {
        Harness alone(options(1, 512));
        const GenerationId id = alone.submit(Harness::request(long_prompt(endings[i]), 8));
        CHECK(alone.wait_for_end(id));
        CHECK_EQ(harness.text(ids[i]), alone.text(id));
    }
}

INFERNO_TEST(engine_what_a_slot_loses_is_found_in_the_store) {
    Harness harness(options(1, 512));
    const GenerationId first = harness.submit(Harness::request(long_prompt("One"), 8));
    CHECK(harness.wait_for_end(first));
    std::string other;
    for (int i = 0; i < 40; ++i) other += "Her red hat is on a box. ";
    CHECK(harness.wait_for_end(harness.submit(Harness::request(other, 8))));
    CHECK_EQ(harness.engine().queue_status().store.entries, 1u);
    const GenerationId again = harness.submit(Harness::request(long_prompt("One"), 8));
    CHECK(harness.wait_for_end(again));
    CHECK(number_in(harness.end(again), "cachedTokens") > 150);
    CHECK_EQ(harness.text(again), harness.text(first));
}

INFERNO_TEST(engine_a_vip_parks_the_lowest_and_the_parked_one_goes_on_as_if_nothing_had_been) {
    const std::string expected_low = text_alone("Once upon a time", 120);
    const std::string expected_normal = text_alone("The cat sat on", 120);
    for (const uint64_t cache_bytes : {kCacheBytes, uint64_t{0}}) {
        EngineOptions two = options(2);
        two.cache.memory_bytes = cache_bytes;
        Harness harness(two);
        harness.step_with_drains();
        const GenerationId low = harness.submit(in_tier(queue::Tier::Low, "Once upon a time", 120));
        const GenerationId normal = harness.submit(in_tier(queue::Tier::Normal, "The cat sat on", 120));
        CHECK(harness.drain_until([&] { return harness.tokens(low) > 3 && harness.tokens(normal) > 3; }));
        // However long the preparation of the third takes, both still run when it comes.
        harness.engine().pause(low);
        harness.engine().pause(normal);
        const GenerationId vip = harness.submit(in_tier(queue::Tier::Vip, "Hello", 5));
        CHECK(harness.wait_for_end(vip));
        CHECK(harness.end(low).empty());
        harness.engine().resume(low);
        harness.engine().resume(normal);
        CHECK(harness.wait_for_end(low));
        CHECK(harness.wait_for_end(normal));
        CHECK_EQ(number_in(harness.end(low), "preemptions"), 1);
        CHECK_EQ(number_in(harness.end(normal), "preemptions"), 0);
        CHECK_EQ(number_in(harness.end(low), "completionTokens"), 120);
        CHECK_EQ(harness.text(low), expected_low);
        CHECK_EQ(harness.text(normal), expected_normal);
        CHECK_EQ(harness.engine().queue_status().scheduler.preempted, 1);
    }
}

INFERNO_TEST(engine_fifo_never_parks) {
    EngineOptions one = options(1);
    one.policy = queue::Policy::Fifo;
    Harness harness(one);
    harness.step_with_drains();
    const GenerationId low = harness.submit(in_tier(queue::Tier::Low, "Once", 60));
    CHECK(harness.drain_until([&] { return harness.tokens(low) > 3; }));
    const GenerationId vip = harness.submit(in_tier(queue::Tier::Vip, "Hello", 5));
    CHECK(harness.wait_for_end(vip));
    CHECK(!harness.end(low).empty());
    CHECK_EQ(number_in(harness.end(low), "preemptions"), 0);
}

INFERNO_TEST(engine_better_tiers_start_first) {
    Harness harness(options(1));
    harness.step_with_drains();
    const GenerationId running = harness.submit(in_tier(queue::Tier::Vip, "Once", 40));
    CHECK(harness.drain_until([&] { return harness.tokens(running) > 0; }));
    harness.engine().pause(running);
    const GenerationId low = harness.submit(in_tier(queue::Tier::Low, "Low", 10));
    const GenerationId high = harness.submit(in_tier(queue::Tier::High, "High", 10));
    const auto waits = [&](GenerationId id) {
        const auto standing = harness.engine().queue_position(id);
        return standing && standing->state == queue::RequestState::Waiting;
    };
    CHECK(harness.drain_until([&] { return waits(low) && waits(high); }));
    CHECK_EQ(harness.engine().queue_status().scheduler.tiers[3].queued, 1);
    harness.engine().resume(running);
    CHECK(harness.wait_for_end(high));
    CHECK(harness.end(low).empty());
    CHECK(harness.wait_for_end(low));
    CHECK(!harness.engine().queue_position(low).has_value());
}

INFERNO_TEST(engine_a_deadline_that_passes_before_the_start_ends_the_request) {
    Harness harness(options(1));
    harness.step_with_drains();
    const GenerationId running = harness.submit(Harness::request("Once", -1));
    CHECK(harness.drain_until([&] { return harness.tokens(running) > 0; }));
    harness.engine().pause(running);
    GenerationRequest late = Harness::request("Late", 5);
    late.scheduling.deadline_us = 30'000;
    const GenerationId id = harness.submit(std::move(late));
    CHECK(harness.wait_for_end(id));
    CHECK(has(harness.end(id), "deadline_exceeded"));
    CHECK_EQ(harness.engine().queue_status().scheduler.expired, 1);
    harness.engine().cancel(running);
    CHECK(harness.wait_for_end(running));
}

INFERNO_TEST(engine_dependencies_hold_and_failures_pass_on) {
    Harness harness(options(4));
    harness.step_with_drains();
    const GenerationId first = harness.submit(Harness::request("Once", 60));
    GenerationRequest second = Harness::request("Then", 5);
    second.scheduling.dependencies = {first};
    const GenerationId dependent = harness.submit(std::move(second));
    CHECK(harness.wait_for_end(dependent));
    CHECK(has(harness.end(dependent), "\"reason\":\"length\""));
    CHECK(!harness.end(first).empty());

    const GenerationId failing = harness.submit(Harness::request("Once", -1));
    std::vector<GenerationId> chain{failing};
    for (int i = 0; i < 3; ++i) {
        GenerationRequest next = Harness::request("Then", 5);
        next.scheduling.tier = i % 2 == 0 ? queue::Tier::Vip : queue::Tier::Low;
        next.scheduling.dependencies = {chain.back()};
        chain.push_back(harness.submit(std::move(next)));
    }
    harness.engine().cancel(failing);
    for (const GenerationId id : chain) CHECK(harness.wait_for_end(id));
    for (size_t i = 1; i < chain.size(); ++i) CHECK(has(harness.end(chain[i]), "dependency_failed"));
    // Who failed is remembered.
    GenerationRequest late = Harness::request("Later", 5);
    late.scheduling.dependencies = {failing};
    const GenerationId id = harness.submit(std::move(late));
    CHECK(harness.wait_for_end(id));
    CHECK(has(harness.end(id), "dependency_failed"));
}

INFERNO_TEST(engine_speculation_says_the_same) {
    // A text that runs in circles, so that guesses are right.
    std::string prompt;
    for (int i = 0; i < 12; ++i) prompt += "one two three four five six seven eight ";
    GenerationRequest biased = Harness::request(prompt, 150);
    for (const llama_token token : {300, 301, 302, 303}) biased.sampling.logit_bias.push_back({token, 100.0f});
    std::string plain;
    {
        Harness harness(options(1, 512));
        const GenerationId id = harness.submit(biased);
        CHECK(harness.wait_for_end(id));
        plain = harness.text(id);
        CHECK_EQ(number_in(harness.end(id), "draftedTokens"), 0);
    }
    EngineOptions guessing = options(1, 512);
    guessing.max_draft_tokens = 8;
    Harness harness(guessing);
    const GenerationId id = harness.submit(biased);
    CHECK(harness.wait_for_end(id));
    CHECK_EQ(harness.text(id), plain);
    CHECK_EQ(number_in(harness.end(id), "completionTokens"), 150);
    CHECK(number_in(harness.end(id), "draftedTokens") >= number_in(harness.end(id), "acceptedTokens"));
}

INFERNO_TEST(engine_a_draft_model_says_the_same_and_is_right_when_it_is_the_model_itself) {
    const std::string plain = text_alone("Once upon a time", 100);
    EngineOptions guessing = options(1);
    guessing.max_draft_tokens = 4;
    guessing.draft_model = test_model();
    Harness harness(guessing);
    const GenerationId id = harness.submit(Harness::request("Once upon a time", 100));
    CHECK(harness.wait_for_end(id));
    CHECK_EQ(harness.text(id), plain);
    CHECK(number_in(harness.end(id), "draftedTokens") > 0);
    CHECK(number_in(harness.end(id), "acceptedTokens") > 0);
}

// Everything at once from several threads, with slots, store and queue too small for it; for the thread sanitizer, and
// because no request may get lost whatever its neighbours do.
INFERNO_TEST(engine_random_scheduling_from_three_threads_loses_no_generation) {
    EngineOptions small = options(3, 256);
    small.cache.memory_bytes = 1 << 20;
    small.max_draft_tokens = 4;
    small.target_latency_us = 2'000;
    Harness harness(small);
    std::mutex mutex;
    std::vector<GenerationId> ids;
    const char * prompts[] = {"Once upon a time", "The cat sat on the mat and", "Hello"};
    const auto commands = [&](unsigned seed) {
        std::mt19937 random(seed);
        for (int i = 0; i < 100; ++i) {
            GenerationRequest request = Harness::request(random() % 4 == 0 ? long_prompt(prompts[random() % 3])
                                                                           : std::string(prompts[random() % 3]),
                                                         static_cast<int32_t>(1 + random() % 16));
            request.scheduling.tier = static_cast<queue::Tier>(random() % queue::kTierCount);
            request.scheduling.user = random() % 3;
            if (random() % 5 == 0) request.scheduling.deadline_us = 1 + static_cast<int64_t>(random() % 50'000);
            GenerationId target = 0;
            {
                const std::lock_guard lock(mutex);
                if (!ids.empty() && random() % 6 == 0) request.scheduling.dependencies = {ids[random() % ids.size()]};
                ids.push_back(harness.submit(std::move(request)));
                target = ids[random() % ids.size()];
            }
            switch (random() % 5) {
                case 0:
                    harness.engine().cancel(target);
                    break;
                case 1:
                    harness.engine().pause(target);
                    harness.engine().resume(target);
                    break;
                case 2:
                    CHECK(harness.engine().queue_status().scheduler.running <= 3);
                    break;
                default:
                    harness.engine().queue_position(target);
            }
        }
    };
    std::vector<std::thread> threads;
    for (unsigned seed = 1; seed <= 3; ++seed) threads.emplace_back(commands, seed);
    CHECK(harness.drain_until([&] { return harness.end_count() == 300; }));
    for (std::thread & thread : threads) thread.join();
    const queue::SchedulerStatus status = harness.engine().queue_status().scheduler;
    CHECK_EQ(status.running, 0);
    CHECK_EQ(status.queued, 0);
    CHECK_EQ(status.held, 0);
    CHECK_EQ(status.parked, 0);
    for (const queue::TierStatus & tier : status.tiers) {
        CHECK_EQ(tier.queued, 0);
        CHECK_EQ(tier.queued_tokens, 0);
    }
    CHECK_EQ(harness.engine().stats().sequences_busy, 0);
}
