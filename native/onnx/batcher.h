// Joins token sequences that wait into batches for one session, and splits the results: a padded batch of 32 costs far
// less than 32 runs. Sequences wait by tier, user and deadline (native/queue) like everything else; who is next brings
// along those that fit (batch_policy.h), and what rides along is charged as if it had been next.
//
// A batch starts as soon as something waits and none runs: alone, nothing waits for anybody. While one runs, arrivals
// gather; when many were under way, the next batch waits a moment for those that are just asking again.
//
// Thread safety: all functions from any thread; `wake` is called on the batcher's thread and its callers' without a
// lock. Owns one thread; its session lives as long as it does.
#pragma once

#include <condition_variable>
#include <cstdint>
#include <functional>
#include <memory>
#include <mutex>
#include <optional>
#include <set>
#include <string>
#include <thread>
#include <unordered_map>
#include <utility>
#include <vector>

#include "native/core/status.h"
#include "native/onnx/batch_graph.h"
#include "native/onnx/batch_policy.h"
#include "native/onnx/pooling.h"
#include "native/onnx/run_recorder.h"
#include "native/onnx/session.h"
#include "native/queue/request_queue.h"

namespace inferno::onnx {

struct BatcherOptions {
    BatchLimits limits;
    int32_t max_length = 512;  // of one sequence
    int64_t pad_id = 0;
    std::string output;  // empty: chosen by its name
    PoolingOptions pooling;
    size_t capacity = 4096;  // sequences that may wait
};

using SequenceId = int32_t;

struct TokenSequence {
    std::vector<int32_t> ids;
    std::vector<int32_t> types;  // empty: zeros
    queue::Tier tier = queue::Tier::Normal;
    uint64_t user = 0;
    int64_t deadline_us = 0;  // 0: none
};

struct FinishedSequence {
    SequenceId id = 0;
    Status status;
    // Where its numbers lie in FinishedSequences::values.
    size_t offset = 0;
    size_t count = 0;
};

struct FinishedSequences {
    std::vector<FinishedSequence> sequences;
    std::vector<float> values;
};

struct BatcherStatus {
    size_t queued = 0;
    size_t running = 0;
    uint64_t batches = 0;
    uint64_t sequences = 0;      // in them
    uint64_t tokens = 0;         // of the sequences
    uint64_t padded_tokens = 0;  // of the batches
    uint64_t cancelled = 0;
    uint64_t expired = 0;
};

class Batcher {
  public:
    // UnsupportedModel, InvalidArgument: see read_batch_graph().
    static Result<std::shared_ptr<Batcher>> create(std::shared_ptr<const Session> session,
                                                   const BatcherOptions & options, std::function<void()> wake);
    ~Batcher();
    Batcher(const Batcher &) = delete;
    Batcher & operator=(const Batcher &) = delete;

    // All of them at once, with one wake of the batcher's thread; the first gets the id that comes back, the others
    // those behind it. Each ends with exactly one FinishedSequence: also those that are too long, or one too many.
    // ModelUnloaded when none was taken.
    Result<SequenceId> submit(std::vector<TokenSequence> sequences);
    // One that waits is over at once; a batch goes on unless nobody wants it any more. Unknown ones are ignored.
    void cancel(SequenceId id);
    FinishedSequences take_finished();

    BatcherStatus status() const;
    const RunRecorder & recorder() const { return recorder_; }
    // Of one sequence: what was asked for, or less when the graph fixes less.
    int32_t max_length() const { return options_.max_length; }

    // Ends everything as cancelled and joins the thread. What finished can still be taken. Idempotent.
    void shut_down();

  private:
    struct Entry {
        TokenSequence sequence;
        RunTimes times;
        queue::Ticket ticket = 0;
        bool is_running = false;
        bool is_cancelled = false;
    };
    // One of a batch under way. The entry stays where it is until the batch has ended.
    struct Member {
        uint64_t key;
        Entry * entry;
        Status status;
        size_t offset = 0;
        size_t count = 0;
    };

    Batcher(std::shared_ptr<const Session> session, BatcherOptions options, BatchGraph graph,
            std::function<void()> wake);

    void work();
    // Without the lock.
    void run_batch(std::vector<Member> & batch);
    Status run_rows(std::vector<Member> & batch, size_t begin, size_t end);
    Status pool_rows(const OrtValue * output, std::vector<Member> & batch, size_t begin, size_t end);
    // With it.
    void add(SequenceId id, TokenSequence sequence, int64_t now);
    Status refusal(const TokenSequence & sequence) const;
    void expire(int64_t now);
    bool waits_for_more(std::unique_lock<std::mutex> & lock);
    std::vector<Member> form_batch(int64_t now);
    void take(uint64_t key, std::vector<Member> & batch);
    void end_batch(std::vector<Member> & batch, int64_t started_us, int64_t ended_us);
    void end(uint64_t key, Entry & entry, Status status, size_t offset, size_t count);
    void end_waiting(uint64_t key, Status status);
    void announce(std::unique_lock<std::mutex> & lock);

    const std::shared_ptr<const Session> session_;
    const BatcherOptions options_;
    const BatchGraph graph_;
    const std::function<void()> wake_;
    RunControl control_;

    mutable std::mutex mutex_;
    std::condition_variable has_work_;
    // Guarded by mutex_ from here on.
    queue::RequestQueue queue_{queue::Policy::Priority};
    std::unordered_map<uint64_t, Entry> entries_;
    std::set<std::pair<queue::Tier, uint64_t>> waiting_;  // in the order in which they may ride along
    std::vector<queue::Popped> expired_scratch_;
    BatchCost cost_;
    BatchWindow window_;
    FinishedSequences finished_;
    size_t running_ = 0;  // of the present batch, those that somebody still wants
    bool is_announced_ = false;
    bool is_stopping_ = false;
    SequenceId last_id_ = 0;
    BatcherStatus counts_;
    RunRecorder recorder_;

    // The batcher's thread only.
    BatchInputs inputs_;
    std::vector<TokenRow> rows_;
    std::vector<float> values_;
    int64_t padded_tokens_ = 0;
    int64_t runs_ = 0;  // of the present batch

    std::mutex join_mutex_;
    std::thread worker_;
};

}  // namespace inferno::onnx
