#include "native/onnx/batch_graph.h"

#include <algorithm>

namespace inferno::onnx {
namespace {

constexpr std::array<const char *, kTokenInputCount> kInputNames = {"input_ids", "attention_mask", "token_type_ids",
                                                                    "position_ids"};
// What is pooled already comes first, then hidden states, then scores.
constexpr const char * kOutputNames[] = {"sentence_embedding", "last_hidden_state", "token_embeddings", "logits",
                                         "hidden_states"};

std::optional<size_t> token_input(const std::string & name) {
    const auto found = std::find(kInputNames.begin(), kInputNames.end(), name);
    if (found == kInputNames.end()) return std::nullopt;
    return static_cast<size_t>(found - kInputNames.begin());
}

Status read_input(const ValueInfo & info, uint32_t index, BatchGraph & graph) {
    const std::optional<size_t> input = token_input(info.name);
    if (!input) {
        if (info.has_default) return Status::ok();
        return {ErrorCode::UnsupportedModel, "The graph wants an input " + info.name +
                                                 ", which token sequences do not give. It can be run with run()."};
    }
    const bool is_integer = info.type == ElementType::Int64 || info.type == ElementType::Int32;
    constexpr size_t kRowsAndTokens = 2;
    if (info.kind != ValueKind::Tensor || !is_integer || (info.has_rank && info.dims.size() != kRowsAndTokens)) {
        return {ErrorCode::UnsupportedModel,
                "The input " + info.name + " must be int64 or int32 with two dimensions, rows and tokens."};
    }
    graph.inputs[*input] = BatchGraph::Input{index, info.type};
    if (!info.has_rank) return Status::ok();
    if (info.dims[0] > 0) graph.fixed_rows = info.dims[0];
    if (info.dims[1] > 0) graph.fixed_length = info.dims[1];
    return Status::ok();
}

Result<uint32_t> find_output(const Session & session, const std::string & name) {
    if (!name.empty()) {
        if (const auto index = session.output_index(name)) return *index;
        std::string names;
        for (const ValueInfo & info : session.outputs()) names += (names.empty() ? "" : ", ") + info.name;
        return Status(ErrorCode::InvalidArgument, "The graph has no output " + name + "; it has " + names + ".");
    }
    for (const char * known : kOutputNames) {
        if (const auto index = session.output_index(known)) return *index;
    }
    if (session.outputs().empty()) return Status(ErrorCode::UnsupportedModel, "The graph has no outputs.");
    return 0U;
}

}  // namespace

Result<BatchGraph> read_batch_graph(const Session & session, const std::string & output) {
    BatchGraph graph;
    for (uint32_t i = 0; i < session.inputs().size(); ++i) {
        if (Status status = read_input(session.inputs()[i], i, graph); !status) return status;
    }
    if (!graph.has(TokenInput::Ids)) {
        return Status(ErrorCode::UnsupportedModel, "The graph has no input input_ids.");
    }
    auto index = find_output(session, output);
    if (!index) return index.status();
    graph.output = index.value();
    return graph;
}

template <typename Integer>
void BatchInputs::fill(TokenInput input, std::span<const TokenRow> rows, int64_t pad_id,
                       std::vector<Integer> & target) const {
    const auto length = static_cast<size_t>(length_);
    const auto padding = static_cast<Integer>(input == TokenInput::Ids ? pad_id : 0);
    target.assign(static_cast<size_t>(rows_) * length, padding);
    for (size_t r = 0; r < rows.size(); ++r) {
        Integer * row = target.data() + r * length;
        const TokenRow & tokens = rows[r];
        for (size_t t = 0; t < tokens.ids.size(); ++t) {
            switch (input) {
                case TokenInput::Ids:
                    row[t] = static_cast<Integer>(tokens.ids[t]);
                    break;
                case TokenInput::Mask:
                    row[t] = 1;
                    break;
                case TokenInput::Types:
                    row[t] = static_cast<Integer>(t < tokens.types.size() ? tokens.types[t] : 0);
                    break;
                case TokenInput::Positions:
                    row[t] = static_cast<Integer>(t);
                    break;
            }
        }
    }
    // Rows that only fill a fixed batch attend to one token each: with none, some graphs divide by zero.
    for (size_t r = rows.size(); r < static_cast<size_t>(rows_) && input == TokenInput::Mask; ++r) {
        target[r * length] = 1;
    }
}

Status BatchInputs::lay_out(const BatchGraph & graph, std::span<const TokenRow> rows, int64_t pad_id,
                            RunRequest & request) {
    size_t longest = 1;
    for (const TokenRow & row : rows) longest = std::max(longest, row.ids.size());
    rows_ = graph.fixed_rows > 0 ? graph.fixed_rows : static_cast<int64_t>(rows.size());
    length_ = graph.fixed_length > 0 ? graph.fixed_length : static_cast<int64_t>(longest);
    const std::array<int64_t, 2> dims = {rows_, length_};
    for (size_t i = 0; i < kTokenInputCount; ++i) {
        if (!graph.inputs[i]) continue;
        const BatchGraph::Input & input = *graph.inputs[i];
        TensorView view;
        view.type = input.type;
        view.dims = dims;
        if (input.type == ElementType::Int64) {
            fill(static_cast<TokenInput>(i), rows, pad_id, wide_[i]);
            view.data = wide_[i].data();
            view.bytes = wide_[i].size() * sizeof(int64_t);
        } else {
            fill(static_cast<TokenInput>(i), rows, pad_id, narrow_[i]);
            view.data = narrow_[i].data();
            view.bytes = narrow_[i].size() * sizeof(int32_t);
        }
        auto value = make_view(view);
        if (!value) return value.status();
        request.add_input(input.index, std::move(value).value());
    }
    request.add_output(graph.output);
    return Status::ok();
}

}  // namespace inferno::onnx
