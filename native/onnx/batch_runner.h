// Runs batches of token sequences, one after the other: lays their rows out, runs the graph, pools what comes.
//
// Thread safety: none, but for terminate(), which may be called from any thread. Each thread of a batcher has its own.
#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "native/core/status.h"
#include "native/onnx/batch_graph.h"
#include "native/onnx/pooling.h"
#include "native/onnx/session.h"

namespace inferno::onnx {

// One sequence of a batch, and where its numbers lie in BatchRunner::values() afterwards.
struct BatchRow {
    TokenRow tokens;
    Status status;
    size_t offset = 0;
    size_t count = 0;
};

class BatchRunner {
  public:
    BatchRunner(const BatchGraph & graph, int64_t pad_id, const PoolingOptions & pooling)
        : graph_(graph), pad_id_(pad_id), pooling_(pooling) {}

    // Each row gets its status. What the rows refer to must stay until then.
    void run(const Session & session, std::span<BatchRow> batch);

    // Of the last batch.
    const std::vector<float> & values() const { return values_; }
    int64_t padded_tokens() const { return padded_tokens_; }
    // More than one when a faulty row made every row run for itself.
    int64_t runs() const { return runs_; }

    // The batch that runs, now or next, ends with Cancelled after its present node.
    void terminate() { control_.terminate(); }
    // Later batches go on. REQUIRES: none runs
    void reset() { control_.reset(); }

  private:
    Status run_rows(const Session & session, std::span<BatchRow> rows);
    Status pool_rows(const OrtValue * output, std::span<BatchRow> rows);

    const BatchGraph graph_;
    const int64_t pad_id_;
    const PoolingOptions pooling_;
    RunControl control_;
    BatchInputs inputs_;
    std::vector<TokenRow> rows_;
    std::vector<float> values_;
    int64_t padded_tokens_ = 0;
    int64_t runs_ = 0;
};

}  // namespace inferno::onnx
