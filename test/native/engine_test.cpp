// The engine's generations, embeddings and lifecycle; engine_scheduling_test.cpp has who runs when.
#include <future>
#include <random>
#include <set>
#include <thread>

#include "test/native/engine_harness.h"

using namespace inferno;
using namespace inferno::llama;
using namespace inferno::llama::test;

INFERNO_TEST(engine_generates_exactly_the_tokens_asked_for) {
    Harness harness({256, 4, 64, 1});
    const GenerationId id = harness.submit(Harness::request("Once upon a time", 24));
    CHECK(harness.wait_for_end(id));
    CHECK(has(harness.end(id), "\"reason\":\"length\""));
    CHECK(has(harness.end(id), "\"completionTokens\":24"));
    CHECK_EQ(harness.tokens(id), 24);
    CHECK(!harness.text(id).empty());
}

INFERNO_TEST(engine_batched_text_equals_the_text_alone) {
    const char * prompts[] = {"Once upon a time", "Hello", "The cat sat on", "One two three"};
    std::vector<std::string> alone;
    {
        Harness harness({256, 1, 64, 1});
        for (const char * prompt : prompts) {
            const GenerationId id = harness.submit(Harness::request(prompt, 20));
            CHECK(harness.wait_for_end(id));
            alone.push_back(harness.text(id));
        }
    }
    Harness harness({256, 8, 64, 2});
    std::vector<GenerationId> ids;
    for (int i = 0; i < 32; ++i) ids.push_back(harness.submit(Harness::request(prompts[i % 4], 20)));
    CHECK(harness.drain_until([&] { return harness.end_count() == ids.size(); }));
    for (size_t i = 0; i < ids.size(); ++i) CHECK_EQ(harness.text(ids[i]), alone[i % 4]);
}

INFERNO_TEST(engine_prompt_longer_than_the_batch_is_prefilled_in_chunks) {
    Harness harness({256, 2, 16, 1});
    std::string prompt;
    for (int i = 0; i < 40; ++i) prompt += "a dog ";
    const GenerationId id = harness.submit(Harness::request(prompt, 4));
    CHECK(harness.wait_for_end(id));
    CHECK(has(harness.end(id), "\"completionTokens\":4"));
}

INFERNO_TEST(engine_prompt_longer_than_the_context_fails_with_both_counts) {
    Harness harness({256, 1, 64, 1});
    GenerationRequest request = Harness::request("", 4);
    request.kind = PromptKind::Tokens;
    request.tokens.assign(300, 5);
    const GenerationId id = harness.submit(std::move(request));
    CHECK(harness.wait_for_end(id));
    CHECK(has(harness.end(id), "context_length_exceeded"));
    CHECK(has(harness.end(id), "300 tokens"));
    CHECK(has(harness.end(id), "256 tokens"));
}

INFERNO_TEST(engine_full_context_ends_with_length) {
    Harness harness({256, 1, 64, 1});
    const GenerationId id = harness.submit(Harness::request("Hello", -1));
    CHECK(harness.wait_for_end(id));
    CHECK(has(harness.end(id), "\"reason\":\"length\""));
}

INFERNO_TEST(engine_cancel_ends_queued_and_running_generations) {
    Harness harness({256, 1, 64, 1});
    harness.step_with_drains();
    const GenerationId running = harness.submit(Harness::request("Once", -1));
    const GenerationId queued = harness.submit(Harness::request("Twice", -1));
    CHECK(harness.drain_until([&] { return !harness.text(running).empty(); }));
    harness.engine().cancel(queued);
    harness.engine().cancel(running);
    harness.engine().cancel(running);
    harness.engine().cancel(12345);
    CHECK(harness.wait_for_end(running));
    CHECK(harness.wait_for_end(queued));
    CHECK(has(harness.end(queued), "cancelled"));
    CHECK_EQ(harness.engine().stats().sequences_busy, 0);
    CHECK_EQ(harness.engine().stats().queued, 0);
}

INFERNO_TEST(engine_a_paused_generation_stands_still_and_the_others_go_on) {
    Harness harness({256, 2, 64, 1});
    harness.step_with_drains();
    const GenerationId paused = harness.submit(Harness::request("Once", 200));
    CHECK(harness.drain_until([&] { return harness.tokens(paused) > 0; }));
    harness.engine().pause(paused);
    const GenerationId other = harness.submit(Harness::request("Hello", 200));
    CHECK(harness.wait_for_end(other));
    CHECK(harness.end(paused).empty());
    harness.engine().resume(paused);
    CHECK(harness.wait_for_end(paused));
    CHECK(has(harness.end(paused), "\"completionTokens\":200"));
}

INFERNO_TEST(engine_stop_string_and_token_errors_end_cleanly) {
    Harness harness({256, 2, 64, 1});
    const GenerationId free_running = harness.submit(Harness::request("Once upon a time", 40));
    CHECK(harness.wait_for_end(free_running));
    const std::string text = harness.text(free_running);
    GenerationRequest stopping = Harness::request("Once upon a time", 40);
    stopping.stop_strings = {text.substr(10, 6)};
    const GenerationId stopped = harness.submit(std::move(stopping));
    GenerationRequest invalid = Harness::request("", 4);
    invalid.kind = PromptKind::Tokens;
    invalid.tokens = {-5};
    const GenerationId failed = harness.submit(std::move(invalid));
    CHECK(harness.wait_for_end(stopped));
    CHECK(harness.wait_for_end(failed));
    CHECK(has(harness.end(stopped), "\"reason\":\"stop\""));
    CHECK_EQ(harness.text(stopped), text.substr(0, text.find(text.substr(10, 6))));
    CHECK(has(harness.end(failed), "invalid_argument"));
}

INFERNO_TEST(engine_invalid_grammar_and_schema_are_errors) {
    Harness harness({256, 1, 64, 1});
    GenerationRequest grammar = Harness::request("Hello", 4);
    grammar.sampling.grammar.grammar = "this is not gbnf";
    GenerationRequest schema = Harness::request("Hello", 4);
    schema.json_schema = "{\"type\":\"no such type\"}";
    const GenerationId first = harness.submit(std::move(grammar));
    const GenerationId second = harness.submit(std::move(schema));
    CHECK(harness.wait_for_end(first));
    CHECK(harness.wait_for_end(second));
    CHECK(has(harness.end(first), "invalid_grammar"));
    CHECK(has(harness.end(second), "invalid_grammar"));
}

INFERNO_TEST(engine_text_follows_a_grammar) {
    Harness harness({256, 1, 64, 1});
    GenerationRequest request = Harness::request("Hello", 30);
    request.sampling.grammar.grammar = "root ::= \"yes\" | \"no\"";
    request.sampling.ignore_eos = false;
    const GenerationId id = harness.submit(std::move(request));
    CHECK(harness.wait_for_end(id));
    const std::string text = harness.text(id);
    CHECK(text == "yes" || text == "no");
}

INFERNO_TEST(engine_shut_down_ends_everything_once) {
    Harness harness({256, 2, 64, 1});
    std::set<GenerationId> ids;
    for (int i = 0; i < 12; ++i) ids.insert(harness.submit(Harness::request("Once", -1)));
    std::this_thread::sleep_for(std::chrono::milliseconds(5));
    harness.engine().shut_down();
    harness.engine().shut_down();
    harness.drain();
    CHECK_EQ(harness.end_count(), ids.size());
    const Result<GenerationId> late = harness.engine().submit(Harness::request("Once", 4));
    CHECK(!late.is_ok() && late.status().code() == ErrorCode::ModelUnloaded);
    CHECK_EQ(harness.engine().stats().queued, 0);
}

INFERNO_TEST(engine_embeds_to_unit_length_and_refuses_empty_lists_cleanly) {
    Harness harness({256, 1, 64, 1});
    std::promise<Result<EncoderResult>> promise;
    EncoderJob job;
    job.inputs = {{"a dog", {}}, {"a cat", {}}};
    job.done = [&](Result<EncoderResult> result) { promise.set_value(std::move(result)); };
    harness.engine().encode(std::move(job));
    const Result<EncoderResult> result = promise.get_future().get();
    CHECK(result.is_ok());
    CHECK_EQ(result.value().rows.size(), 2u);
    for (const auto & embedding : result.value().rows) {
        double sum = 0.0;
        for (const float value : embedding) sum += static_cast<double>(value) * value;
        CHECK(sum > 0.999 && sum < 1.001);
    }
}

// Provable: whatever the order of submit, cancel, pause and resume from two threads, every generation ends exactly
// once.
INFERNO_TEST(engine_random_commands_from_two_threads_lose_no_generation) {
    Harness harness({256, 4, 64, 1});
    std::mutex mutex;
    std::vector<GenerationId> ids;
    const auto commands = [&](unsigned seed) {
        std::mt19937 random(seed);
        for (int i = 0; i < 150; ++i) {
            const GenerationId id = harness.submit(Harness::request("Once", static_cast<int32_t>(1 + random() % 12)));
            GenerationId target = id;
            {
                const std::lock_guard lock(mutex);
                ids.push_back(id);
                target = ids[random() % ids.size()];
            }
            switch (random() % 4) {
                case 0:
                    harness.engine().cancel(target);
                    break;
                case 1:
                    harness.engine().pause(target);
                    harness.engine().resume(target);
                    break;
                default:
                    break;
            }
        }
    };
    std::thread first(commands, 1);
    std::thread second(commands, 2);
    CHECK(harness.drain_until([&] { return harness.end_count() == 300; }));
    first.join();
    second.join();
    CHECK_EQ(harness.engine().stats().sequences_busy, 0);
}
