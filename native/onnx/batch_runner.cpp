#include "native/onnx/batch_runner.h"

#include "native/onnx/run_request.h"
#include "native/onnx/tensor.h"

namespace inferno::onnx {

void BatchRunner::run(const Session & session, std::span<BatchRow> batch) {
    values_.clear();
    padded_tokens_ = 0;
    runs_ = 0;
    const Status status = run_rows(session, batch);
    if (status) return;
    // One bad row (a token that the vocabulary does not have, say) must not fail the others.
    const bool is_bad_row = status.code() == ErrorCode::InvalidTensor || status.code() == ErrorCode::RunFailed;
    for (size_t i = 0; i < batch.size(); ++i) {
        batch[i].status = is_bad_row && batch.size() > 1 ? run_rows(session, batch.subspan(i, 1)) : status;
    }
}

Status BatchRunner::run_rows(const Session & session, std::span<BatchRow> rows) {
    rows_.clear();
    for (const BatchRow & row : rows) rows_.push_back(row.tokens);
    RunRequest request;
    if (Status status = inputs_.lay_out(graph_, rows_, pad_id_, request); !status) return status;
    padded_tokens_ += inputs_.padded_tokens();
    ++runs_;
    if (Status status = request.execute(session, control_.options()); !status) return status;
    return pool_rows(request.output(0), rows);
}

Status BatchRunner::pool_rows(const OrtValue * output, std::span<BatchRow> rows) {
    TensorContent content;
    if (Status status = read_tensor(output, content); !status) return status;
    for (size_t i = 0; i < rows.size(); ++i) {
        BatchRow & row = rows[i];
        row.offset = values_.size();
        if (Status status = pool_row(content, i, row.tokens.ids.size(), pooling_, values_); !status) return status;
        row.count = values_.size() - row.offset;
    }
    return Status::ok();
}

}  // namespace inferno::onnx
