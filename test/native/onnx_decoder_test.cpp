// What a decoder graph is read as, which sequences share a run, and where their KV caches go: all without a graph.
#include <cstring>

#include "native/onnx/decoder_graph.h"
#include "native/onnx/growing_cache.h"
#include "native/onnx/half.h"
#include "native/onnx/run_plan.h"
#include "native/onnx/shared_cache.h"
#include "test/native/check.h"

using namespace inferno;
using namespace inferno::onnx;

namespace {

constexpr int64_t kHeads = 2;
constexpr int64_t kHeadSize = 3;

ValueInfo value(const char * name, ElementType type, std::vector<int64_t> dims) {
    ValueInfo info;
    info.name = name;
    info.type = type;
    info.symbols.resize(dims.size());
    info.dims = std::move(dims);
    return info;
}

std::vector<ValueInfo> decoder_inputs() {
    return {value("input_ids", ElementType::Int64, {-1, -1}), value("attention_mask", ElementType::Int64, {-1, -1}),
            value("position_ids", ElementType::Int64, {-1, -1}),
            value("past_key_values.0.value", ElementType::Float32, {-1, kHeads, -1, kHeadSize}),
            value("past_key_values.0.key", ElementType::Float32, {-1, kHeads, -1, kHeadSize})};
}

std::vector<ValueInfo> decoder_outputs() {
    return {value("logits", ElementType::Float32, {-1, -1, 100}),
            value("present.0.key", ElementType::Float32, {-1, kHeads, -1, kHeadSize}),
            value("present.0.value", ElementType::Float32, {-1, kHeads, -1, kHeadSize})};
}

DecoderGraph small_graph() { return read_decoder_graph(decoder_inputs(), decoder_outputs()).value(); }

bool fails_with(std::vector<ValueInfo> inputs, std::vector<ValueInfo> outputs, const char * part) {
    const auto graph = read_decoder_graph(inputs, outputs);
    return !graph && graph.status().code() == ErrorCode::UnsupportedModel &&
           graph.status().message().find(part) != std::string::npos;
}

// A graph's part of a run: each sequence's new tokens have its slot and their position as keys and values, behind the
// past, which is checked to hold the same of all tokens before.
class FakeDecoder {
  public:
    explicit FakeDecoder(KvCache & cache) : cache_(cache) {}

    void run(std::vector<int32_t> slots, int32_t count) {
        KvBinding binding;
        CHECK(cache_.prepare(slots, count, binding).is_ok());
        CHECK_EQ(binding.slots.size(), slots.size());
        for (size_t tensor = 0; tensor < binding.past.size(); ++tensor) {
            for (size_t row = 0; row < binding.slots.size(); ++row) {
                for (int64_t head = 0; head < kHeads; ++head) compute(binding, tensor, row, head, count);
            }
        }
        cache_.commit();
    }

  private:
    static float expected(int32_t slot, size_t tensor, int64_t head, int64_t position) {
        return static_cast<float>(slot * 10'000 + static_cast<int64_t>(tensor) * 1'000 + head * 100 + position + 1);
    }

    void compute(const KvBinding & binding, size_t tensor, size_t row, int64_t head, int32_t count) {
        const int32_t slot = binding.slots[row];
        const int64_t length = cache_.length(slot);
        const int64_t first = static_cast<int64_t>(row) * kHeads + head;
        const auto * past = static_cast<const float *>(binding.past[tensor]) + first * binding.past_length * kHeadSize;
        auto * present = static_cast<float *>(binding.present[tensor]) + first * binding.present_length * kHeadSize;
        const int64_t pad = binding.is_right_aligned ? binding.past_length - length : 0;
        for (int64_t i = 0; i < pad * kHeadSize; ++i) CHECK_EQ(past[i], 0.0f);
        for (int64_t position = 0; position < length; ++position) {
            const float want = expected(slot, tensor, head, position);
            for (int64_t i = 0; i < kHeadSize; ++i) CHECK_EQ(past[(pad + position) * kHeadSize + i], want);
        }
        if (binding.is_right_aligned) {
            std::memcpy(present, past, static_cast<size_t>(binding.past_length * kHeadSize) * sizeof(float));
        }
        for (int64_t k = 0; k < count; ++k) {
            const int64_t at = binding.is_right_aligned ? binding.past_length + k : length + k;
            for (int64_t i = 0; i < kHeadSize; ++i) {
                present[at * kHeadSize + i] = expected(slot, tensor, head, length + k);
            }
        }
    }

    KvCache & cache_;
};

// Sequences come, go, rest and move between slots, all in one history.
void live_through_joining_and_leaving(KvCache & cache, bool prompts_together) {
    FakeDecoder decoder(cache);
    decoder.run({0}, 7);
    if (prompts_together) {
        decoder.run({1, 2}, 3);
    } else {
        decoder.run({1}, 3);
        decoder.run({2}, 3);
    }
    decoder.run({0, 1, 2}, 1);
    decoder.run({2, 0, 1}, 1);
    decoder.run({3}, 80);          // far longer than the others
    decoder.run({0, 1, 2, 3}, 1);  // all are laid out anew
    decoder.run({1, 3}, 1);        // two rest
    decoder.run({0, 2}, 1);
    decoder.run({0, 1, 2, 3}, 1);
    cache.clear(3);
    decoder.run({0, 1, 2}, 1);  // zeros of the long one may go
    const std::vector<uint8_t> saved = cache.save(1);
    cache.clear(1);
    CHECK_EQ(cache.length(1), 0);
    decoder.run({0, 2}, 1);
    CHECK(cache.restore(1, saved).is_ok());
    CHECK_EQ(cache.length(1), 9);
    decoder.run({0, 1, 2}, 1);
    cache.clear(0);
    decoder.run({0}, 2);  // another one in the same slot
    decoder.run({2, 1, 0}, 1);
    CHECK_EQ(cache.length(0), 3);
    CHECK_EQ(cache.length(1), 11);
    CHECK_EQ(cache.length(2), 12);
}

}  // namespace

INFERNO_TEST(decoder_graph_finds_its_parts_by_name_in_any_order) {
    const DecoderGraph graph = small_graph();
    CHECK_EQ(graph.input_ids.index, 0u);
    CHECK(graph.attention_mask && graph.position_ids && !graph.use_cache_branch);
    CHECK_EQ(graph.caches.size(), 2u);
    CHECK_EQ(graph.caches[0].past, 4u);  // keys first
    CHECK_EQ(graph.caches[0].present, 1u);
    CHECK_EQ(graph.caches[1].past, 3u);
    CHECK_EQ(graph.logits, 0u);
    CHECK_EQ(graph.token_bytes(), 2u * 2 * 3 * 4);
}

INFERNO_TEST(decoder_graph_knows_the_names_of_other_exporters) {
    std::vector<ValueInfo> inputs = decoder_inputs();
    std::vector<ValueInfo> outputs = decoder_outputs();
    inputs[3].name = "past_value_0";
    inputs[4].name = "past_key_0";
    outputs[1].name = "present_key_values.0.key";
    outputs[2].name = "present_key_values.0.value";
    CHECK(read_decoder_graph(inputs, outputs).is_ok());
}

INFERNO_TEST(decoder_graph_refuses_what_is_no_decoder_and_says_why) {
    std::vector<ValueInfo> inputs = decoder_inputs();
    inputs[0].name = "pixel_values";
    CHECK(fails_with(inputs, decoder_outputs(), "pixel_values"));
    inputs = decoder_inputs();
    inputs.resize(3);
    CHECK(fails_with(inputs, decoder_outputs(), "KV cache"));
    inputs = decoder_inputs();
    inputs.push_back(value("encoder_hidden_states", ElementType::Float32, {-1, -1, 8}));
    CHECK(fails_with(inputs, decoder_outputs(), "encoder"));
    std::vector<ValueInfo> outputs = decoder_outputs();
    outputs.pop_back();
    CHECK(fails_with(decoder_inputs(), outputs, "past_key_values.0.value"));
    inputs = decoder_inputs();
    inputs[3].dims[1] = -1;
    CHECK(fails_with(inputs, decoder_outputs(), "known heads"));
    inputs = decoder_inputs();
    inputs[0].type = ElementType::Float32;
    CHECK(fails_with(inputs, decoder_outputs(), "integers"));
}

INFERNO_TEST(run_plan_decodes_together_what_may_be_together) {
    const std::vector<RunCandidate> candidates = {{0, 5, 1}, {3, 9, 1}, {1, 5, 1}};
    const auto any = [](int32_t, int32_t, int32_t) { return true; };
    const auto equal = [](int32_t a, int32_t b, int32_t) { return a == b; };
    CHECK_EQ(plan_decode(candidates, any).size(), 1u);
    const auto groups = plan_decode(candidates, equal);
    CHECK_EQ(groups.size(), 2u);
    CHECK(groups[0].slots == std::vector<int32_t>({0, 1}));
    CHECK(groups[1].slots == std::vector<int32_t>({3}));
}

INFERNO_TEST(run_plan_prefills_in_pieces_within_the_budget) {
    const auto any = [](int32_t, int32_t, int32_t) { return true; };
    const std::vector<RunCandidate> one = {{2, 0, 100}};
    CHECK_EQ(plan_prefill(one, 32, true, any).count, 32);
    CHECK_EQ(plan_prefill(one, 32, false, any).count, 100);  // it cannot come in pieces
    CHECK_EQ(plan_prefill(one, 0, true, any).count, 1);      // never nothing
    CHECK(plan_prefill({}, 32, true, any).slots.empty());
}

INFERNO_TEST(run_plan_prefills_prompts_together_while_that_computes_more) {
    const auto any = [](int32_t, int32_t, int32_t) { return true; };
    const std::vector<RunCandidate> candidates = {{0, 0, 12}, {1, 0, 10}, {2, 0, 2}, {3, 0, 14}};
    const RunGroup group = plan_prefill(candidates, 64, true, any);
    CHECK(group.slots == std::vector<int32_t>({0, 1, 3}));
    CHECK_EQ(group.count, 10);
    const RunGroup tight = plan_prefill(candidates, 16, true, any);
    CHECK(tight.slots == std::vector<int32_t>({0}));
    const std::vector<RunCandidate> whole = {{0, 0, 12}, {1, 0, 10}, {2, 0, 12}};
    CHECK(plan_prefill(whole, 64, false, any).slots == std::vector<int32_t>({0, 2}));
}

INFERNO_TEST(growing_cache_keeps_every_sequence_through_joining_leaving_and_parking) {
    GrowingCache cache(small_graph(), 4, true);
    live_through_joining_and_leaving(cache, true);
}

INFERNO_TEST(growing_cache_copies_nothing_while_the_same_sequences_run) {
    GrowingCache cache(small_graph(), 3, true);
    FakeDecoder decoder(cache);
    decoder.run({0}, 9);
    decoder.run({1}, 4);
    decoder.run({0, 1}, 1);
    const uint64_t moved = cache.bytes_moved();
    for (int i = 0; i < 200; ++i) decoder.run({1, 0}, 1);
    CHECK_EQ(cache.bytes_moved(), moved);
}

INFERNO_TEST(growing_cache_without_padding_batches_equal_lengths_only) {
    GrowingCache cache(small_graph(), 3, false);
    CHECK(cache.batches(4, 4, 1));
    CHECK(!cache.batches(4, 5, 1));
}

INFERNO_TEST(shared_cache_keeps_every_sequence_through_joining_leaving_and_parking) {
    SharedCache cache(small_graph(), 4, 128);
    live_through_joining_and_leaving(cache, false);
}

INFERNO_TEST(shared_cache_copies_nothing_for_neighbours) {
    SharedCache cache(small_graph(), 4, 64);
    FakeDecoder decoder(cache);
    decoder.run({1}, 5);
    decoder.run({2}, 6);
    for (int i = 0; i < 20; ++i) decoder.run({2, 1}, 1);
    CHECK_EQ(cache.bytes_moved(), 0u);
    CHECK(cache.batches(0, 0, 8));
    CHECK(!cache.batches(3, 0, 8));
    CHECK(cache.batches(3, 9, 1));
}

INFERNO_TEST(half_precision_becomes_the_same_numbers) {
    CHECK_EQ(half_to_float(0x3C00), 1.0f);
    CHECK_EQ(half_to_float(0xC000), -2.0f);
    CHECK_EQ(half_to_float(0x0001), 0x1p-24f);
    CHECK_EQ(half_to_float(0x7BFF), 65504.0f);
    CHECK(half_to_float(0xFC00) < -1e38f);
    CHECK_EQ(bfloat_to_float(0x3F80), 1.0f);
}
