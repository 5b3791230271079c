#include <algorithm>
#include <array>
#include <atomic>
#include <cmath>
#include <cstdlib>
#include <map>
#include <thread>
#include <utility>
#include <vector>

#include "native/core/clock.h"
#include "native/onnx/batch_policy.h"
#include "native/onnx/batcher.h"
#include "native/onnx/pooling.h"
#include "native/onnx/runtime.h"
#include "test/native/check.h"
#include "test/native/onnx_model_builder.h"

using namespace inferno;
using namespace inferno::onnx;
using namespace inferno::test;

namespace {

std::shared_ptr<const Session> open(const std::string & model, int threads = 0) {
    if (const char * directory = std::getenv("INFERNO_LIBRARY_DIR")) set_library_directory(directory);
    ModelSource source;
    source.bytes = as_bytes(model);
    SessionOptions options;
    options.threads = threads;
    auto session = Session::open(source, options);
    CHECK(session.is_ok());
    return session ? session.value() : nullptr;
}

// A batcher whose results are gathered; wait() until so many have ended.
class Collector {
  public:
    explicit Collector(const std::string & model, const BatcherOptions & options = {}, bool has_lanes = false) {
        const BatcherSessions sessions{open(model), has_lanes ? open(model, 1) : nullptr};
        auto made = Batcher::create(sessions, options, [this] { wakes_.fetch_add(1); });
        CHECK(made.is_ok());
        batcher_ = made.value();
    }
    Batcher & batcher() { return *batcher_; }
    SequenceId submit(std::vector<std::vector<int32_t>> rows, queue::Tier tier = queue::Tier::Normal) {
        std::vector<TokenSequence> sequences;
        for (auto & ids : rows) {
            TokenSequence sequence;
            sequence.ids = std::move(ids);
            sequence.tier = tier;
            sequences.push_back(std::move(sequence));
        }
        return batcher_->submit(std::move(sequences)).value();
    }
    void wait(size_t count) {
        while (true) {
            const FinishedSequences finished = batcher_->take_finished();
            for (const FinishedSequence & sequence : finished.sequences) {
                const auto begin = finished.values.begin() + static_cast<std::ptrdiff_t>(sequence.offset);
                values[sequence.id] = {begin, begin + static_cast<std::ptrdiff_t>(sequence.count)};
                codes[sequence.id] = error_code_name(sequence.status.code());
                ++ended_;
            }
            if (ended_ >= count) return;
            std::this_thread::yield();
        }
    }
    size_t ended() const { return ended_; }
    std::map<SequenceId, std::vector<float>> values;
    std::map<SequenceId, std::string> codes;

  private:
    std::shared_ptr<Batcher> batcher_;
    std::atomic<int> wakes_{0};
    size_t ended_ = 0;
};

TensorContent content_of(ElementType type, std::vector<int64_t> dims, void * data) {
    TensorContent content;
    content.type = type;
    content.dims = std::move(dims);
    content.data = data;
    return content;
}

}  // namespace

INFERNO_TEST(onnx_pooling_takes_a_rows_own_tokens_only) {
    // Two rows of three tokens, two numbers each; the first row has two tokens of its own.
    std::array<float, 12> data = {1, 2, 3, 4, 100, 100, 5, 6, 7, 8, 9, 10};
    const TensorContent output = content_of(ElementType::Float32, {2, 3, 2}, data.data());
    std::vector<float> mean;
    CHECK(pool_row(output, 0, 2, {Pooling::Mean}, mean).is_ok());
    CHECK(mean == (std::vector<float>{2, 3}));
    std::vector<float> last;
    CHECK(pool_row(output, 0, 2, {Pooling::Last}, last).is_ok());
    CHECK(last == (std::vector<float>{3, 4}));
    std::vector<float> first;
    CHECK(pool_row(output, 1, 3, {Pooling::Cls}, first).is_ok());
    CHECK(first == (std::vector<float>{5, 6}));
    std::vector<float> all;
    CHECK(pool_row(output, 0, 2, {Pooling::None}, all).is_ok());
    CHECK(all == (std::vector<float>{1, 2, 3, 4}));
}

INFERNO_TEST(onnx_pooling_cuts_dimensions_before_it_scales_to_one) {
    std::array<float, 3> data = {3, 4, 12};
    std::vector<float> cut;
    CHECK(pool_row(content_of(ElementType::Float32, {1, 3}, data.data()), 0, 1, {Pooling::None, true, 2}, cut).is_ok());
    CHECK(cut == (std::vector<float>{0.6F, 0.8F}));
    std::vector<float> more;
    CHECK(
        !pool_row(content_of(ElementType::Float32, {1, 3}, data.data()), 0, 1, {Pooling::None, true, 4}, more).is_ok());
}

INFERNO_TEST(onnx_pooling_reads_half_precision) {
    CHECK_EQ(float16_to_float(0x3C00), 1.0F);
    CHECK_EQ(float16_to_float(0xC000), -2.0F);
    CHECK_EQ(float16_to_float(0x0001), std::ldexp(1.0F, -24));
    CHECK(std::isinf(float16_to_float(0x7C00)));
    CHECK_EQ(bfloat16_to_float(0x3F80), 1.0F);
    std::array<uint16_t, 2> data = {0x3C00, 0x4000};
    std::vector<float> row;
    CHECK(pool_row(content_of(ElementType::Float16, {1, 2}, data.data()), 0, 1, {}, row).is_ok());
    CHECK(row == (std::vector<float>{1, 2}));
}

INFERNO_TEST(onnx_batch_plan_keeps_rows_tokens_and_padding_within_limits) {
    BatchLimits limits;
    limits.max_rows = 3;
    limits.max_tokens = 100;
    BatchPlanner planner(limits);
    const std::array<int32_t, 7> lengths = {2, 18, 20, 20, 20, 60, 70};
    const auto batch_of = [&](size_t head, double tokens_of_one_run) {
        const BatchPlanner::Span span = planner.plan(lengths, head, tokens_of_one_run, 1.0);
        return std::pair(span.begin, span.end);
    };
    CHECK((batch_of(0, 0.0) == std::pair<size_t, size_t>(0, 1)));  // 16 of 36 would be padding
    CHECK((batch_of(5, 0.0) == std::pair<size_t, size_t>(5, 6)));  // 140 padded tokens
    CHECK((batch_of(6, 0.0) == std::pair<size_t, size_t>(6, 7)));
    size_t next = 0;
    while (next < lengths.size()) {
        const BatchPlanner::Span span = planner.plan(lengths, next, 0.0, 1.0);
        CHECK(span.begin == next && span.end > next && span.end - span.begin <= 3);
        next = span.end;
    }
    // A run of its own costs more than padding does.
    CHECK((batch_of(0, 50.0) == std::pair<size_t, size_t>(0, 2)));
}

INFERNO_TEST(onnx_batch_plan_costs_no_more_than_any_other_cuts) {
    BatchLimits limits;
    limits.max_rows = 4;
    limits.max_padding = 1.0;
    BatchPlanner planner(limits);
    uint32_t random = 7;
    for (int round = 0; round < 200; ++round) {
        std::vector<int32_t> lengths;
        for (int i = 0; i < 9; ++i) {
            random = random * 1664525U + 1013904223U;
            lengths.push_back(static_cast<int32_t>(random >> 27U) + 1);
        }
        std::sort(lengths.begin(), lengths.end());
        const double run = static_cast<double>(round % 40) + 1.0;
        const auto cost_of = [&](size_t begin, size_t end) {
            return run + static_cast<double>(end - begin) * lengths[end - 1];
        };
        double least = 1e9;
        for (unsigned cuts = 0; cuts < 256; ++cuts) {
            double cost = 0.0;
            size_t begin = 0;
            for (size_t end = 1; end <= lengths.size(); ++end) {
                const bool is_cut = end == lengths.size() || ((cuts >> (end - 1)) & 1U) != 0;
                if (!is_cut) continue;
                cost += end - begin > 4 ? 1e9 : cost_of(begin, end);
                begin = end;
            }
            least = std::min(least, cost);
        }
        double planned = 0.0;
        for (size_t next = 0; next < lengths.size();) {
            const BatchPlanner::Span span = planner.plan(lengths, next, run, 1.0);
            planned += cost_of(span.begin, span.end);
            next = span.end;
        }
        CHECK(std::abs(planned - least) < 1e-6);
    }
}

INFERNO_TEST(onnx_batch_plan_leaves_other_threads_their_share) {
    BatchPlanner planner(BatchLimits{});
    const std::vector<int32_t> lengths(24, 10);
    const BatchPlanner::Span all = planner.plan(lengths, 5, 8.0, 1.0);
    CHECK(all.begin == 0 && all.end == 24);
    const BatchPlanner::Span share = planner.plan(lengths, 5, 8.0, 0.375);
    CHECK(share.begin <= 5 && share.end > 5);
    CHECK(share.end - share.begin <= 9 && share.end - share.begin >= 6);
}

INFERNO_TEST(onnx_batch_cost_tells_the_fixed_part_of_a_run_from_what_tokens_cost) {
    BatchCost cost;
    CHECK_EQ(cost.tokens_of_one_run(), 0.0);
    for (int i = 0; i < 40; ++i) cost.record(i % 2 == 0 ? 100 : 500, i % 2 == 0 ? 1000 + 200 : 1000 + 1000);
    CHECK(std::abs(cost.tokens_of_one_run() - 500.0) < 5.0);
}

INFERNO_TEST(onnx_batches_of_many_are_divided_among_free_threads_and_a_long_one_alone_gets_the_pool) {
    BatchCost cost;
    CHECK_EQ(cost.expected_us(1000), 0.0);
    // Nothing is known: not on the pool.
    CHECK(!next_shape({1, 100, 4, 0}, cost).is_on_pool);
    cost.record(100, 10'000);
    CHECK_EQ(cost.expected_us(50), 5'000.0);
    const BatchShape alone = next_shape({2, 100, 4, 0}, cost);
    CHECK(alone.is_on_pool);
    CHECK_EQ(alone.most, 1.0);
    CHECK(!next_shape({2, 10, 4, 0}, cost).is_on_pool);   // too short
    CHECK(!next_shape({2, 100, 4, 1}, cost).is_on_pool);  // another one runs
    CHECK(!next_shape({33, 3'300, 4, 0}, cost).is_on_pool);
    CHECK_EQ(next_shape({33, 3'300, 4, 0}, cost).most, 0.75 / 4);
    CHECK_EQ(next_shape({20, 2'000, 4, 2}, cost).most, 0.75 / 2);
    CHECK_EQ(next_shape({20, 2'000, 4, 4}, cost).most, 0.75);
    // With one thread there is nobody to leave anything to.
    CHECK_EQ(next_shape({20, 2'000, 1, 0}, cost).most, 1.0);
    CHECK(!next_shape({1, 2'000, 1, 0}, cost).is_on_pool);
}

INFERNO_TEST(onnx_batch_window_is_open_under_load_only) {
    BatchWindow window(2000);
    CHECK(window.open_until_us(1) <= 0);
    window.batch_ended(1, 0, 1'000'000, 80'000);
    CHECK(window.open_until_us(1) <= 0);  // one at a time waits for nobody
    window.batch_ended(8, 0, 2'000'000, 80'000);
    CHECK_EQ(window.open_until_us(1), 2'002'000);
    CHECK(window.open_until_us(8) <= 0);  // all are back
    window.batch_ended(8, 0, 3'000'000, 800);
    CHECK_EQ(window.open_until_us(1), 3'000'100);  // a part of a run at most
}

INFERNO_TEST(onnx_batch_window_stays_shut_when_nobody_comes_back_and_opens_when_they_do) {
    BatchWindow window(2000);
    int64_t now = 1'000'000;
    const auto end_batch = [&](size_t returning, int64_t after_us) {
        window.batch_ended(8, 4, now, 80'000);
        window.arrived(returning, now + after_us);
        now += 100'000;
    };
    for (int i = 0; i < 8; ++i) end_batch(0, 0);
    window.batch_ended(8, 4, now, 80'000);
    CHECK(window.open_until_us(4) <= 0);
    for (int i = 0; i < 8; ++i) end_batch(8, 1'999);
    window.batch_ended(8, 4, now, 80'000);
    CHECK_EQ(window.open_until_us(4), now + 2000);
    for (int i = 0; i < 8; ++i) end_batch(8, 2'001);  // too late
    window.batch_ended(8, 4, now, 80'000);
    CHECK(window.open_until_us(4) <= 0);
}

INFERNO_TEST(onnx_batcher_gives_every_sequence_its_own_row_whatever_shares_its_batch) {
    BatcherOptions options;
    options.limits.max_padding = 1.0;
    Collector collector(table_model(100), options);
    std::vector<std::vector<int32_t>> rows;
    for (int32_t i = 0; i < 50; ++i) rows.emplace_back(static_cast<size_t>(i % 7 + 1), i);
    const SequenceId first = collector.submit(rows);
    collector.wait(50);
    for (int32_t i = 0; i < 50; ++i) {
        // A mean of equal numbers, up to rounding.
        const std::vector<float> & row = collector.values[first + i];
        CHECK_EQ(row.size(), 2U);
        CHECK(row.size() == 2 && std::abs(row[0] - static_cast<float>(i)) < 1e-4F && row[1] == -row[0]);
    }
    CHECK(collector.batcher().status().batches < 50);
}

INFERNO_TEST(onnx_batcher_with_a_thread_for_each_core_gives_every_sequence_its_own_row_once) {
    Collector collector(table_model(100), {}, true);
    constexpr int32_t kRounds = 40;
    constexpr int32_t kEach = 25;
    std::thread other([&] {
        for (int32_t round = 0; round < kRounds; ++round) collector.submit({{7, 7}, {8}, {9, 9, 9}});
    });
    std::map<SequenceId, int32_t> expected;
    for (int32_t round = 0; round < kRounds; ++round) {
        std::vector<std::vector<int32_t>> rows;
        for (int32_t i = 0; i < kEach; ++i) rows.emplace_back(static_cast<size_t>(i % 9 + 1), i);
        const SequenceId first = collector.submit(std::move(rows));
        for (int32_t i = 0; i < kEach; ++i) expected[first + i] = i;
    }
    other.join();
    collector.wait(static_cast<size_t>(kRounds * (kEach + 3)));
    CHECK_EQ(collector.ended(), static_cast<size_t>(kRounds * (kEach + 3)));
    for (const auto & [id, value] : expected) {
        const std::vector<float> & row = collector.values[id];
        CHECK(row.size() == 2 && std::abs(row[0] - static_cast<float>(value)) < 1e-4F);
    }
    CHECK_EQ(collector.batcher().status().running, 0U);
}

INFERNO_TEST(onnx_batcher_prefers_companions_of_the_same_length) {
    Collector collector(table_model(100));
    std::vector<std::vector<int32_t>> rows;
    for (int32_t i = 0; i < 40; ++i) rows.emplace_back(i % 2 == 0 ? 3U : 40U, i);
    collector.submit(std::move(rows));
    collector.wait(40);
    const BatcherStatus status = collector.batcher().status();
    CHECK_EQ(status.padded_tokens, status.tokens);
}

INFERNO_TEST(onnx_batcher_fails_only_the_row_that_the_graph_refuses) {
    Collector collector(table_model(10));
    const SequenceId first = collector.submit({{1}, {99}, {3}});
    collector.wait(3);
    CHECK_EQ(collector.codes[first], "ok");
    CHECK_EQ(collector.codes[first + 2], "ok");
    CHECK(collector.codes[first + 1] != "ok");
    CHECK(collector.values[first + 2] == (std::vector<float>{3, -3}));
}

INFERNO_TEST(onnx_batcher_ends_sequences_that_are_empty_or_too_long_and_takes_the_others) {
    BatcherOptions options;
    options.max_length = 4;
    Collector collector(table_model(10), options);
    const SequenceId first = collector.submit({{}, {1, 2, 3, 4, 5}, {7}});
    collector.wait(3);
    CHECK_EQ(collector.codes[first], "empty_prompt");
    CHECK_EQ(collector.codes[first + 1], "context_length_exceeded");
    CHECK_EQ(collector.codes[first + 2], "ok");
}

void shut_down_under_load(bool has_lanes) {
    Collector collector(table_model(10), {}, has_lanes);
    std::thread submitter([&] {
        for (int i = 0; i < 200; ++i) {
            std::vector<TokenSequence> sequences(3);
            for (TokenSequence & sequence : sequences) sequence.ids = {1, 2, 3};
            auto first = collector.batcher().submit(std::move(sequences));
            if (!first) return;
            if (i % 3 == 0) collector.batcher().cancel(first.value());
        }
    });
    std::this_thread::yield();
    collector.batcher().shut_down();
    submitter.join();
    const FinishedSequences finished = collector.batcher().take_finished();
    std::map<SequenceId, int> ends;
    for (const FinishedSequence & sequence : finished.sequences) ++ends[sequence.id];
    for (const auto & [id, count] : ends) CHECK_EQ(count, 1);
    CHECK_EQ(collector.batcher().status().queued, 0U);
    CHECK_EQ(collector.batcher().status().running, 0U);
}

INFERNO_TEST(onnx_batcher_ends_everything_once_when_it_shuts_down_under_load) {
    shut_down_under_load(false);
    shut_down_under_load(true);
}

INFERNO_TEST(onnx_batcher_refuses_a_graph_that_is_not_over_tokens) {
    auto made = Batcher::create({open(add_model()), nullptr}, {}, [] {});
    CHECK(!made.is_ok());
    if (!made) CHECK_EQ(std::string(error_code_name(made.status().code())), "unsupported_model");
}
