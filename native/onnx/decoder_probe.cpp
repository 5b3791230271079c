// The part of Decoder that tries out what a graph does not say, with a few tokens.
#include <algorithm>
#include <cmath>
#include <cstring>

#include "native/onnx/decoder.h"

namespace inferno::onnx {
namespace {

constexpr int32_t kProbeContext = 32;
// Relative to the largest logit. Half precision and other orders of summing stay below; a wrong position does not.
constexpr float kTolerance = 0.02f;

// Shares what Session owns with somebody who needs a shared_ptr for the time of a call.
std::shared_ptr<const Session> borrow(const Session & session) { return {std::shared_ptr<void>(), &session}; }

bool is_zero(const uint8_t * bytes, size_t count) {
    return std::all_of(bytes, bytes + count, [](uint8_t byte) { return byte == 0; });
}

bool are_close(std::span<const float> a, std::span<const float> b) {
    float largest = 0.0f;
    float difference = 0.0f;
    for (size_t i = 0; i < a.size(); ++i) {
        largest = std::max(largest, std::abs(a[i]));
        difference = std::max(difference, std::abs(a[i] - b[i]));
    }
    return difference <= kTolerance * largest;
}

// Runs a graph on chosen tokens; every failure is remembered and ends it.
class Trial {
  public:
    Trial(Decoder & decoder) : decoder_(decoder) {}

    void run(std::vector<int32_t> slots, std::vector<std::vector<int32_t>> tokens) {
        if (!status_) return;
        std::vector<Decoder::Row> rows;
        for (size_t i = 0; i < slots.size(); ++i) rows.push_back({slots[i], tokens[i]});
        status_ = decoder_.run(rows, nullptr);
    }
    std::vector<float> logits(size_t index) {
        if (!status_) return {};
        const std::span<float> found = decoder_.logits(index);
        return {found.begin(), found.end()};
    }
    const Status & status() const { return status_; }

  private:
    Decoder & decoder_;
    Status status_;
};

// A past of eight zeros of which the mask shows three: where the next token's keys come to lie tells the layout. Both
// kinds of graphs take such a run.
class LayoutTrial {
  public:
    LayoutTrial(const Session & session, const DecoderGraph & graph) : session_(session), graph_(graph) {}

    Result<CacheLayout> run() {
        if (!graph_.attention_mask) return CacheLayout::Growing;
        std::vector<int64_t> mask(kPast + 1, 0);
        std::fill(mask.end() - (kShown + 1), mask.end(), 1);
        const int64_t token[] = {1, 1};
        const int64_t visible[] = {1, kPast + 1};
        const int64_t single[] = {1};
        bool has_past = true;
        add_integers(graph_.input_ids, {1}, token);
        add_integers(*graph_.attention_mask, mask, visible);
        if (graph_.position_ids) add_integers(*graph_.position_ids, {kShown}, token);
        if (graph_.logits_to_keep) {
            add_integers(*graph_.logits_to_keep, {1}, std::span(single, graph_.logits_to_keep->rank));
        }
        if (graph_.use_cache_branch) {
            add({ElementType::Bool, std::span(single, graph_.use_cache_branch->rank), &has_past, 1},
                graph_.use_cache_branch->index);
        }
        std::vector<std::vector<std::byte>> zeros;
        zeros.reserve(graph_.caches.size());
        for (const CacheTensor & cache : graph_.caches) {
            const int64_t dims[] = {1, cache.heads, kPast, cache.head_size};
            zeros.emplace_back(static_cast<size_t>(cache.heads * kPast) * head_bytes(cache));
            add({graph_.cache_type, dims, zeros.back().data(), zeros.back().size()}, cache.past);
        }
        if (!status_) return status_;
        return read_present();
    }

  private:
    static constexpr int64_t kPast = 8;
    static constexpr int64_t kShown = 3;

    size_t head_bytes(const CacheTensor & cache) const {
        return static_cast<size_t>(cache.head_size) * element_bits(graph_.cache_type) / 8;
    }

    void add(const TensorView & view, uint32_t index) {
        auto value = make_view(view);
        if (!value) {
            status_ = value.status();
            return;
        }
        indices_.push_back(index);
        inputs_.push_back(value.value().get());
        values_.push_back(std::move(value).value());
    }

    void add_integers(const GraphInput & input, std::vector<int64_t> values, std::span<const int64_t> dims) {
        if (input.type == ElementType::Int32) {
            narrow_.push_back(std::make_unique<std::vector<int32_t>>(values.begin(), values.end()));
            add({input.type, dims, narrow_.back()->data(), values.size() * sizeof(int32_t)}, input.index);
        } else {
            wide_.push_back(std::make_unique<std::vector<int64_t>>(std::move(values)));
            add({input.type, dims, wide_.back()->data(), wide_.back()->size() * sizeof(int64_t)}, input.index);
        }
    }

    Result<CacheLayout> read_present() {
        const uint32_t outputs[] = {graph_.caches.front().present};
        OrtValue * present[] = {nullptr};
        const Status status = session_.run({indices_, inputs_, outputs, present, nullptr});
        const ValuePtr value(present[0]);
        if (!status) return status;
        auto content = tensor_content(value.get());
        if (!content) return content.status();
        const std::vector<int64_t> & dims = content.value().dims;
        const size_t bytes = head_bytes(graph_.caches.front());
        if (dims.size() != 4 || dims[2] < kPast) {
            return Status(ErrorCode::UnsupportedModel, "The graph's present outputs are shorter than its past.");
        }
        const auto * keys = static_cast<const uint8_t *>(content.value().data);
        // A graph that puts new keys behind the past leaves the zeros where they are.
        if (!is_zero(keys + static_cast<size_t>(kShown) * bytes, bytes)) return CacheLayout::Shared;
        const bool is_behind = dims[2] > kPast && !is_zero(keys + static_cast<size_t>(kPast) * bytes, bytes);
        if (is_behind) return CacheLayout::Growing;
        return Status(ErrorCode::UnsupportedModel, "It cannot be told where the graph keeps the keys of new tokens.");
    }

    const Session & session_;
    const DecoderGraph & graph_;
    Status status_;
    std::vector<std::unique_ptr<std::vector<int64_t>>> wide_;
    std::vector<std::unique_ptr<std::vector<int32_t>>> narrow_;
    std::vector<ValuePtr> values_;
    std::vector<uint32_t> indices_;
    std::vector<const OrtValue *> inputs_;
};

}  // namespace

Result<DecoderTraits> Decoder::probe(const Session & session) {
    auto graph = read_decoder_graph(session.inputs(), session.outputs());
    if (!graph) return graph.status();
    auto layout = LayoutTrial(session, graph.value()).run();
    if (!layout) return layout.status();
    DecoderTraits traits;
    traits.layout = layout.value();
    auto created = create(borrow(session), traits, 4, kProbeContext);
    if (!created) return created.status();
    Decoder & decoder = *created.value();

    // The same five tokens at once, in two pieces, and the last of them beside a longer sequence.
    Trial trial(decoder);
    trial.run({0}, {{1, 2, 3, 1, 2}});
    const std::vector<float> whole = trial.logits(0);
    if (!trial.status()) return trial.status();
    traits.vocabulary_size = decoder.vocabulary_size();
    Trial pieces(decoder);
    pieces.run({1}, {{1, 2}});
    pieces.run({1}, {{3, 1, 2}});
    traits.chunks = pieces.status().is_ok() && are_close(whole, pieces.logits(0));
    Trial beside(decoder);
    beside.run({2}, {{3, 3, 1, 1, 2, 2, 3, 2, 1}});
    beside.run({3}, {{1, 2, 3, 1}});
    beside.run({2, 3}, {{1}, {2}});
    traits.pads =
        graph.value().attention_mask.has_value() && beside.status().is_ok() && are_close(whole, beside.logits(1));
    return traits;
}

}  // namespace inferno::onnx
