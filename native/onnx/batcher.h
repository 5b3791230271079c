// Joins token sequences that wait into batches for one session, and splits the results: a padded batch of 32 costs far
// less than 32 runs. Sequences wait by tier, user and deadline (native/queue) like everything else; who is next brings
// along those of its tier or a better one that fit (batch_policy.h), and what rides along is charged as if it had been
// next.
//
// A batch starts as soon as something waits and a thread is free: alone, nothing waits for anybody. While all are busy,
// arrivals gather; when many were under way, the next batch waits a moment for those that are just asking again.
//
// Small graphs lose more to the waking and waiting of a pool's threads than these save. So with a second session that
// computes on the thread that calls, there is a thread for each core, what waits is divided among those that are free,
// and the pool takes only batches that are long and alone (next_shape() in batch_policy.h).
//
// Thread safety: all functions from any thread; `wake` is called on the batcher's threads and its callers' without a
// lock. Owns its threads; its sessions live as long as it does.
#pragma once

#include <condition_variable>
#include <cstdint>
#include <functional>
#include <memory>
#include <mutex>
#include <optional>
#include <set>
#include <span>
#include <string>
#include <thread>
#include <unordered_map>
#include <utility>
#include <vector>

#include "native/core/status.h"
#include "native/onnx/batch_graph.h"
#include "native/onnx/batch_policy.h"
#include "native/onnx/batch_runner.h"
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

// Two sessions of one graph.
struct BatcherSessions {
    // On the pool of all sessions, or with threads of its own.
    std::shared_ptr<const Session> pooled;
    // With one thread, the caller's. Null: batches run one after the other.
    std::shared_ptr<const Session> single;
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
    static Result<std::shared_ptr<Batcher>> create(BatcherSessions sessions, const BatcherOptions & options,
                                                   std::function<void()> wake);
    ~Batcher();
    Batcher(const Batcher &) = delete;
    Batcher & operator=(const Batcher &) = delete;

    // All of them at once, with one wake of the batcher's threads; the first gets the id that comes back, the others
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

    // Ends everything as cancelled and joins the threads. What finished can still be taken. Idempotent.
    void shut_down();

  private:
    // A thread that runs batches.
    struct Lane {
        explicit Lane(const BatchGraph & graph, const BatcherOptions & options)
            : runner(graph, options.pad_id, options.pooling) {}
        BatchRunner runner;
        // Of its present batch, those that somebody still wants; guarded by mutex_.
        size_t wanted = 0;
        std::thread thread;
    };
    struct Entry {
        TokenSequence sequence;
        RunTimes times;
        queue::Ticket ticket = 0;
        Lane * lane = nullptr;  // that runs it
        bool is_cancelled = false;
    };
    // Entries stay where they are until their batch has ended.
    struct Batch {
        bool is_on_pool = false;
        std::vector<uint64_t> keys;
        std::vector<BatchRow> rows;  // of the same order
    };

    // One that may be of a batch.
    struct Candidate {
        int32_t length;
        uint64_t key;
    };

    Batcher(BatcherSessions sessions, BatcherOptions options, BatchGraph graph, std::function<void()> wake);

    void work(Lane & lane);
    // With the lock.
    void add(SequenceId id, TokenSequence sequence, int64_t now);
    Status refusal(const TokenSequence & sequence) const;
    void expire(int64_t now);
    bool waits_for_more(std::unique_lock<std::mutex> & lock);
    Batch form_batch(Lane & lane, int64_t now);
    // With the head, by length; those of one length in the order in which they came.
    void gather_candidates(uint64_t head);
    void take(uint64_t key, Lane & lane, Batch & batch);
    void run_batch(Lane & lane, Batch & batch, std::unique_lock<std::mutex> & lock);
    void end_batch(Lane & lane, Batch & batch, int64_t started_us, int64_t ended_us);
    void end(uint64_t key, Entry & entry, Status status, size_t offset, size_t count);
    void end_waiting(uint64_t key, Status status);
    void announce(std::unique_lock<std::mutex> & lock);

    const BatcherSessions sessions_;
    const BatcherOptions options_;
    const BatchGraph graph_;
    const std::function<void()> wake_;

    mutable std::mutex mutex_;
    std::condition_variable has_work_;
    // Guarded by mutex_ from here on.
    queue::RequestQueue queue_{queue::Policy::Priority};
    std::unordered_map<uint64_t, Entry> entries_;
    std::set<std::pair<queue::Tier, uint64_t>> waiting_;  // in the order in which they may ride along
    std::vector<queue::Popped> expired_scratch_;
    std::vector<Candidate> candidates_scratch_;
    std::vector<int32_t> lengths_scratch_;
    BatchPlanner planner_;
    int64_t waiting_tokens_ = 0;
    BatchCost cost_;         // of batches on one thread, or of all where there is no other session
    BatchCost pooled_cost_;  // of batches on the pool, beside others
    size_t running_lanes_ = 0;
    bool is_pool_in_use_ = false;
    BatchWindow window_;
    FinishedSequences finished_;
    bool is_announced_ = false;
    bool is_stopping_ = false;
    SequenceId last_id_ = 0;
    BatcherStatus counts_;
    RunRecorder recorder_;

    std::mutex join_mutex_;
    // As many as there are all along; last, for their threads use everything above.
    std::vector<std::unique_ptr<Lane>> lanes_;
};

}  // namespace inferno::onnx
