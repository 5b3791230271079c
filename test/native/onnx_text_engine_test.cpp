// Text generation on ONNX graphs of the test model, in both ways that graphs keep their past. The graphs are made by
// scripts/onnx-test-graphs.ts; scripts/test-native.mjs sets INFERNO_TEST_ONNX and INFERNO_TEST_ONNX_SHARED.
#include <thread>

#include "native/llama/tokenizer.h"
#include "native/onnx/runtime.h"
#include "native/onnx/text_engine.h"
#include "test/native/engine_harness.h"

using namespace inferno;
using namespace inferno::llama;
using namespace inferno::llama::test;

namespace {

constexpr const char * kGraphs[] = {"INFERNO_TEST_ONNX", "INFERNO_TEST_ONNX_SHARED"};

[[noreturn]] void give_up(const Status & status) {
    std::fprintf(stderr, "%s\n", status.message().c_str());
    std::exit(1);
}

std::shared_ptr<const onnx::Session> open_graph(const char * variable) {
    onnx::set_library_directory(std::getenv("INFERNO_LIBRARY_DIR"));
    onnx::ModelSource source;
    source.path = std::getenv(variable);
    auto session = onnx::Session::open(source, {});
    if (!session) give_up(session.status());
    return session.value();
}

// The GGUF model's vocabulary as a table.
VocabularyOptions test_vocabulary() {
    const llama_vocab * vocab = test_model()->vocab();
    VocabularyOptions options;
    options.tokens.offsets.push_back(0);
    for (llama_token token = 0; token < llama_vocab_n_tokens(vocab); ++token) {
        append_token_piece(vocab, token, true, options.tokens.bytes);
        options.tokens.offsets.push_back(static_cast<int32_t>(options.tokens.bytes.size()));
        const bool is_control = llama_vocab_is_control(vocab, token);
        options.tokens.kinds.push_back(is_control ? TokenKind::Control : TokenKind::Text);
    }
    options.size = llama_vocab_n_tokens(vocab);
    options.bos_token = llama_vocab_bos(vocab);
    options.end_tokens = {llama_vocab_eos(vocab)};
    options.name = "ember";
    return options;
}

class OnnxHarness : public EventCollector {
  public:
    explicit OnnxHarness(const char * variable, onnx::TextEngineOptions options) {
        test_model();  // initializes llama.cpp
        auto engine = onnx::TextEngine::create(open_graph(variable), test_vocabulary(), options, wake());
        if (!engine) give_up(engine.status());
        engine_ = std::move(engine).value();
        attach(*engine_);
    }
    ~OnnxHarness() { run_freely(); }
    onnx::TextEngine & engine() { return *engine_; }

    static GenerationRequest request(const std::string & prompt, int32_t max_tokens) {
        GenerationRequest request = Harness::request("", max_tokens);
        request.kind = PromptKind::Tokens;
        request.tokens = tokenize(test_model()->vocab(), prompt, true, true).value();
        return request;
    }
    std::string generate(GenerationRequest request) {
        const GenerationId id = submit(std::move(request));
        CHECK(wait_for_end(id));
        return text(id);
    }

  private:
    std::unique_ptr<onnx::TextEngine> engine_;
};

onnx::TextEngineOptions options_of(int32_t context_size, int32_t parallel, int32_t batch_size) {
    onnx::TextEngineOptions options;
    options.context_size = context_size;
    options.parallel = parallel;
    options.batch_size = batch_size;
    return options;
}

}  // namespace

INFERNO_TEST(token_table_gives_back_the_bytes_of_every_token) {
    test_model();
    const VocabularyOptions options = test_vocabulary();
    const auto model = Model::from_vocabulary(options);
    CHECK(model.is_ok());
    if (!model) return;
    const llama_vocab * vocab = test_model()->vocab();
    for (llama_token token = 0; token < options.size; ++token) {
        std::string expected;
        std::string actual;
        append_token_piece(vocab, token, true, expected);
        append_token_piece(model.value()->vocab(), token, true, actual);
        CHECK_EQ(actual, expected);
        CHECK_EQ(llama_vocab_is_eog(model.value()->vocab(), token), llama_vocab_is_eog(vocab, token));
    }
}

INFERNO_TEST(token_table_takes_doubles_zeros_and_gaps) {
    test_model();
    VocabularyOptions options;
    const std::string pieces[] = {"</s>", "a", "a", std::string("\0", 1), "", "\xE2\x96\x81", " b", "\xC3"};
    options.tokens.offsets.push_back(0);
    for (const std::string & piece : pieces) {
        options.tokens.bytes += piece;
        options.tokens.offsets.push_back(static_cast<int32_t>(options.tokens.bytes.size()));
        options.tokens.kinds.push_back(TokenKind::Text);
    }
    options.tokens.kinds[0] = TokenKind::Control;
    options.end_tokens = {0};
    options.size = 12;
    const auto model = Model::from_vocabulary(options);
    CHECK(model.is_ok());
    if (!model) return;
    for (size_t i = 0; i < std::size(pieces); ++i) {
        std::string actual;
        append_token_piece(model.value()->vocab(), static_cast<llama_token>(i), true, actual);
        CHECK_EQ(actual, pieces[i]);
    }
    options.tokens.offsets.pop_back();
    CHECK(!Model::from_vocabulary(options).is_ok());
}

INFERNO_TEST(onnx_graphs_tell_how_they_keep_their_past) {
    OnnxHarness growing("INFERNO_TEST_ONNX", options_of(64, 1, 32));
    CHECK(growing.engine().traits().layout == onnx::CacheLayout::Growing);
    CHECK(growing.engine().traits().pads);
    CHECK(growing.engine().traits().chunks);
    OnnxHarness shared("INFERNO_TEST_ONNX_SHARED", options_of(64, 1, 32));
    CHECK(shared.engine().traits().layout == onnx::CacheLayout::Shared);
    CHECK(shared.engine().traits().chunks);
}

INFERNO_TEST(onnx_generates_exactly_the_tokens_asked_for) {
    for (const char * graph : kGraphs) {
        OnnxHarness harness(graph, options_of(256, 4, 64));
        const GenerationId id = harness.submit(OnnxHarness::request("Once upon a time", 24));
        CHECK(harness.wait_for_end(id));
        CHECK(has(harness.end(id), "\"reason\":\"length\""));
        CHECK_EQ(number_in(harness.end(id), "completionTokens"), 24);
        CHECK_EQ(harness.tokens(id), 24);
        CHECK(!harness.text(id).empty());
    }
}

INFERNO_TEST(onnx_batched_text_equals_the_text_alone) {
    const char * prompts[] = {"Once upon a time", "Hello", "The cat sat on the mat and looked at the moon", "One two"};
    for (const char * graph : kGraphs) {
        std::vector<std::string> alone;
        {
            OnnxHarness harness(graph, options_of(256, 1, 64));
            for (const char * prompt : prompts) alone.push_back(harness.generate(OnnxHarness::request(prompt, 40)));
        }
        OnnxHarness harness(graph, options_of(256, 16, 64));
        std::vector<GenerationId> ids;
        // Of different lengths, so that they join and leave while others run.
        for (int i = 0; i < 32; ++i) ids.push_back(harness.submit(OnnxHarness::request(prompts[i % 4], 10 + i % 31)));
        CHECK(harness.drain_until([&] { return harness.end_count() == ids.size(); }));
        for (size_t i = 0; i < ids.size(); ++i) {
            CHECK(!harness.text(ids[i]).empty());
            CHECK(alone[i % 4].starts_with(harness.text(ids[i])));
        }
    }
}

INFERNO_TEST(onnx_prompt_in_pieces_gives_the_same_text_as_at_once) {
    std::string prompt = "Tom had a dog.";
    for (int i = 0; i < 12; ++i) prompt += " The dog ran to the park and saw a big red ball.";
    for (const char * graph : kGraphs) {
        OnnxHarness whole(graph, options_of(512, 1, 512));
        OnnxHarness pieces(graph, options_of(512, 1, 16));
        CHECK_EQ(pieces.generate(OnnxHarness::request(prompt, 20)), whole.generate(OnnxHarness::request(prompt, 20)));
    }
}

INFERNO_TEST(onnx_prompt_longer_than_the_context_fails_and_one_that_fills_it_ends_by_length) {
    OnnxHarness harness("INFERNO_TEST_ONNX", options_of(64, 1, 32));
    GenerationRequest request = OnnxHarness::request("", 4);
    request.tokens.assign(80, 5);
    const GenerationId id = harness.submit(request);
    CHECK(harness.wait_for_end(id));
    CHECK(has(harness.end(id), "context_length_exceeded"));
    request.tokens.assign(60, 5);
    request.max_tokens = -1;
    const GenerationId full = harness.submit(request);
    CHECK(harness.wait_for_end(full));
    CHECK(has(harness.end(full), "\"reason\":\"length\""));
}

INFERNO_TEST(onnx_request_without_token_ids_is_refused) {
    OnnxHarness harness("INFERNO_TEST_ONNX", options_of(64, 1, 32));
    const GenerationId id = harness.submit(Harness::request("text", 4));
    CHECK(harness.wait_for_end(id));
    CHECK(has(harness.end(id), "invalid_argument"));
}

INFERNO_TEST(onnx_grammar_stop_string_and_bias_hold) {
    OnnxHarness harness("INFERNO_TEST_ONNX", options_of(256, 2, 64));
    GenerationRequest request = OnnxHarness::request("Is it good?", 20);
    request.sampling.ignore_eos = false;
    request.sampling.grammar.grammar = "root ::= \"yes\" | \"no\"";
    const std::string answer = harness.generate(request);
    CHECK(answer == "yes" || answer == "no");

    const std::string text = harness.generate(OnnxHarness::request("Once upon a time", 30));
    GenerationRequest stopped = OnnxHarness::request("Once upon a time", 30);
    stopped.stop_strings = {text.substr(8, 5)};
    const std::string shorter = harness.generate(stopped);
    CHECK_EQ(shorter, text.substr(0, text.find(text.substr(8, 5))));

    GenerationRequest biased = OnnxHarness::request("Once upon a time", 3);
    const llama_token forced = tokenize(test_model()->vocab(), " dog", false, false).value().front();
    biased.sampling.logit_bias = {{forced, 1000.0f}};
    CHECK_EQ(harness.generate(biased), " dog dog dog");
}

INFERNO_TEST(onnx_cancel_ends_what_runs_and_what_waits) {
    for (const char * graph : kGraphs) {
        OnnxHarness harness(graph, options_of(512, 2, 64));
        harness.step_with_drains();
        std::vector<GenerationId> ids;
        for (int i = 0; i < 6; ++i) ids.push_back(harness.submit(OnnxHarness::request("Once upon a time", 400)));
        CHECK(harness.drain_until([&] { return harness.tokens(ids[0]) > 3; }));
        for (const GenerationId id : ids) harness.engine().cancel(id);
        CHECK(harness.drain_until([&] { return harness.end_count() == ids.size(); }));
        for (const GenerationId id : ids) CHECK(has(harness.end(id), "\"reason\":\"cancelled\""));
        CHECK_EQ(harness.engine().stats().sequences_busy, 0);
        CHECK(!harness.generate(OnnxHarness::request("Hello", 5)).empty());
    }
}

INFERNO_TEST(onnx_paused_generation_rests_while_others_go_on_and_says_the_same_in_the_end) {
    for (const char * graph : kGraphs) {
        OnnxHarness harness(graph, options_of(256, 4, 64));
        const std::string expected = harness.generate(OnnxHarness::request("Once upon a time", 60));
        harness.step_with_drains();
        const GenerationId paused = harness.submit(OnnxHarness::request("Once upon a time", 60));
        const GenerationId other = harness.submit(OnnxHarness::request("Once upon a time", 60));
        CHECK(harness.drain_until([&] { return harness.tokens(paused) > 5; }));
        harness.engine().pause(paused);
        CHECK(harness.wait_for_end(other));
        CHECK(harness.end(paused).empty());
        harness.engine().resume(paused);
        CHECK(harness.wait_for_end(paused));
        CHECK_EQ(harness.text(paused), expected);
        CHECK_EQ(harness.text(other), expected);
    }
}

INFERNO_TEST(onnx_vip_parks_a_lower_one_that_loses_nothing) {
    for (const char * graph : kGraphs) {
        OnnxHarness harness(graph, options_of(512, 1, 64));
        const std::string expected = harness.generate(OnnxHarness::request("Once upon a time", 200));
        GenerationRequest low = OnnxHarness::request("Once upon a time", 200);
        low.scheduling.tier = queue::Tier::Low;
        harness.step_with_drains();
        const GenerationId parked = harness.submit(low);
        CHECK(harness.drain_until([&] { return harness.tokens(parked) > 5; }));
        harness.engine().pause(parked);
        GenerationRequest vip = OnnxHarness::request("Hello", 5);
        vip.scheduling.tier = queue::Tier::Vip;
        const GenerationId first = harness.submit(vip);
        CHECK(harness.wait_for_end(first));
        harness.engine().resume(parked);
        CHECK(harness.wait_for_end(parked));
        CHECK_EQ(number_in(harness.end(parked), "preemptions"), 1);
        CHECK_EQ(harness.text(parked), expected);
    }
}

INFERNO_TEST(onnx_deadline_ends_what_could_not_start) {
    OnnxHarness harness("INFERNO_TEST_ONNX", options_of(512, 1, 64));
    harness.step_with_drains();
    const GenerationId busy = harness.submit(OnnxHarness::request("Once upon a time", 450));
    CHECK(harness.drain_until([&] { return harness.tokens(busy) > 0; }));
    harness.engine().pause(busy);
    GenerationRequest late = OnnxHarness::request("Hello", 5);
    late.scheduling.deadline_us = 1;
    const GenerationId id = harness.submit(late);
    CHECK(harness.wait_for_end(id));
    CHECK(has(harness.end(id), "deadline_exceeded"));
    harness.engine().cancel(busy);
    CHECK(harness.wait_for_end(busy));
}

INFERNO_TEST(onnx_shut_down_ends_everything_as_cancelled_and_takes_no_more) {
    OnnxHarness harness("INFERNO_TEST_ONNX", options_of(512, 2, 64));
    std::vector<GenerationId> ids;
    for (int i = 0; i < 5; ++i) ids.push_back(harness.submit(OnnxHarness::request("Once upon a time", 400)));
    harness.engine().shut_down();
    harness.drain();
    CHECK_EQ(harness.end_count(), ids.size());
    CHECK(!harness.engine().submit(OnnxHarness::request("Hello", 5)).is_ok());
}

INFERNO_TEST(onnx_requests_from_many_threads_all_end_once) {
    OnnxHarness harness("INFERNO_TEST_ONNX", options_of(128, 8, 32));
    constexpr int kThreads = 4;
    constexpr int kEach = 8;
    std::vector<std::thread> threads;
    for (int t = 0; t < kThreads; ++t) {
        threads.emplace_back([&harness, t] {
            for (int i = 0; i < kEach; ++i) {
                const auto id = harness.engine().submit(OnnxHarness::request("Hello", 4 + i));
                if (id && (i + t) % 3 == 0) harness.engine().cancel(id.value());
            }
        });
    }
    for (std::thread & thread : threads) thread.join();
    CHECK(harness.drain_until([&] { return harness.end_count() == kThreads * kEach; }));
    CHECK_EQ(harness.engine().stats().queued, 0);
}
