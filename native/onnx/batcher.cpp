#include "native/onnx/batcher.h"

#include <algorithm>
#include <chrono>

#include "native/core/available_cores.h"
#include "native/core/clock.h"
#include "native/core/compute_account.h"

namespace inferno::onnx {
namespace {

// How much of a queue is looked through for sequences that fit into a batch.
constexpr size_t kLookedThrough = 256;
// Threads of one batcher: more would mostly wait for memory.
constexpr int kMaxLanes = 32;

BatcherOptions within(BatcherOptions options, const BatchGraph & graph) {
    if (graph.fixed_rows > 0) {
        options.limits.max_rows = static_cast<int32_t>(std::min<int64_t>(options.limits.max_rows, graph.fixed_rows));
    }
    if (graph.fixed_length > 0) {
        options.max_length = static_cast<int32_t>(std::min<int64_t>(options.max_length, graph.fixed_length));
    }
    options.limits.max_rows = std::max(1, options.limits.max_rows);
    return options;
}

}  // namespace

Result<std::shared_ptr<Batcher>> Batcher::create(BatcherSessions sessions, const BatcherOptions & options,
                                                 std::function<void()> wake) {
    auto graph = read_batch_graph(*sessions.pooled, options.output);
    if (!graph) return graph.status();
    return std::shared_ptr<Batcher>(
        new Batcher(std::move(sessions), within(options, graph.value()), graph.value(), std::move(wake)));
}

Batcher::Batcher(BatcherSessions sessions, BatcherOptions options, BatchGraph graph, std::function<void()> wake)
    : sessions_(std::move(sessions)),
      options_(std::move(options)),
      graph_(graph),
      wake_(std::move(wake)),
      planner_(options_.limits),
      window_(options_.limits.max_window_us),
      recorder_(sessions_.pooled->model_bytes()) {
    const int count = sessions_.single ? std::clamp(available_cores(), 1, kMaxLanes) : 1;
    for (int i = 0; i < count; ++i) lanes_.push_back(std::make_unique<Lane>(graph_, options_));
    // Once the vector is whole: the threads look at each other's lanes.
    for (const auto & lane : lanes_) lane->thread = std::thread([this, &lane = *lane] { work(lane); });
}

Batcher::~Batcher() { shut_down(); }

Result<SequenceId> Batcher::submit(std::vector<TokenSequence> sequences) {
    std::unique_lock lock(mutex_);
    if (is_stopping_) return Status(ErrorCode::ModelUnloaded, "The model was closed.");
    const int64_t now = now_us();
    const SequenceId first = last_id_ + 1;
    window_.arrived(sequences.size(), now);
    for (TokenSequence & sequence : sequences) add(++last_id_, std::move(sequence), now);
    has_work_.notify_all();
    announce(lock);
    return first;
}

Status Batcher::refusal(const TokenSequence & sequence) const {
    const size_t length = sequence.ids.size();
    if (length == 0) return {ErrorCode::EmptyPrompt, "A sequence has no tokens."};
    if (length > static_cast<size_t>(options_.max_length)) {
        return {ErrorCode::ContextLengthExceeded, "A sequence has " + std::to_string(length) +
                                                      " tokens; the model takes " +
                                                      std::to_string(options_.max_length) + "."};
    }
    if (waiting_.size() >= options_.capacity) {
        return {ErrorCode::QueueFull,
                "The queue of the model is full: " + std::to_string(options_.capacity) + " sequences wait."};
    }
    return Status::ok();
}

void Batcher::add(SequenceId id, TokenSequence sequence, int64_t now) {
    if (Status status = refusal(sequence); !status) {
        finished_.sequences.push_back({id, std::move(status)});
        return;
    }
    queue::Request request;
    request.key = static_cast<uint64_t>(id);
    request.tier = sequence.tier;
    request.user = sequence.user;
    request.submitted_us = now;
    request.deadline_us = sequence.deadline_us;
    request.tokens = static_cast<int64_t>(sequence.ids.size());
    Entry & entry = entries_[request.key];
    entry.sequence = std::move(sequence);
    entry.times.submitted_us = now;
    entry.ticket = queue_.push(request, now);
    waiting_.emplace(entry.sequence.tier, request.key);
    waiting_tokens_ += request.tokens;
}

void Batcher::cancel(SequenceId id) {
    std::unique_lock lock(mutex_);
    const auto key = static_cast<uint64_t>(id);
    const auto found = entries_.find(key);
    if (found == entries_.end() || found->second.is_cancelled) return;
    Lane * const lane = found->second.lane;
    if (lane == nullptr) {
        queue_.remove(found->second.ticket);
        end_waiting(key, Status(ErrorCode::Cancelled, "The sequence was cancelled."));
        announce(lock);
        return;
    }
    found->second.is_cancelled = true;
    if (--lane->wanted == 0) lane->runner.terminate();
}

FinishedSequences Batcher::take_finished() {
    const std::lock_guard lock(mutex_);
    is_announced_ = false;
    return std::exchange(finished_, {});
}

BatcherStatus Batcher::status() const {
    const std::lock_guard lock(mutex_);
    BatcherStatus status = counts_;
    status.queued = waiting_.size();
    for (const auto & lane : lanes_) status.running += lane->wanted;
    return status;
}

void Batcher::shut_down() {
    {
        std::unique_lock lock(mutex_);
        if (!is_stopping_) {
            is_stopping_ = true;
            while (!waiting_.empty()) {
                const uint64_t key = waiting_.begin()->second;
                queue_.remove(entries_.at(key).ticket);
                end_waiting(key, Status(ErrorCode::Cancelled, "The model was closed."));
            }
            for (auto & [key, entry] : entries_) entry.is_cancelled = true;
            for (const auto & lane : lanes_) {
                lane->wanted = 0;
                lane->runner.terminate();
            }
            has_work_.notify_all();
            announce(lock);
        }
    }
    const std::lock_guard join_lock(join_mutex_);
    for (const auto & lane : lanes_) {
        if (lane->thread.joinable()) lane->thread.join();
    }
}

void Batcher::work(Lane & lane) {
    std::unique_lock lock(mutex_);
    while (!is_stopping_) {
        expire(now_us());
        // A batch on the pool has all cores.
        if (waiting_.empty() || is_pool_in_use_) {
            announce(lock);
            if ((waiting_.empty() || is_pool_in_use_) && !is_stopping_) has_work_.wait(lock);
            continue;
        }
        if (waits_for_more(lock)) continue;
        Batch batch = form_batch(lane, now_us());
        if (!batch.rows.empty()) run_batch(lane, batch, lock);
    }
}

// True after a wait, for then everything may be different.
bool Batcher::waits_for_more(std::unique_lock<std::mutex> & lock) {
    const int64_t until_us = window_.open_until_us(waiting_.size());
    const int64_t now = now_us();
    if (until_us <= now) return false;
    has_work_.wait_for(lock, std::chrono::microseconds(until_us - now));
    return true;
}

void Batcher::take(uint64_t key, Lane & lane, Batch & batch) {
    Entry & entry = entries_.at(key);
    entry.lane = &lane;
    waiting_.erase({entry.sequence.tier, key});
    waiting_tokens_ -= static_cast<int64_t>(entry.sequence.ids.size());
    batch.keys.push_back(key);
    batch.rows.push_back({{entry.sequence.ids, entry.sequence.types}, Status::ok()});
}

Batcher::Batch Batcher::form_batch(Lane & lane, int64_t now) {
    Batch batch;
    const BatchShape shape = next_shape({waiting_.size(), waiting_tokens_, lanes_.size(), running_lanes_}, cost_);
    batch.is_on_pool = shape.is_on_pool;
    const std::optional<queue::Popped> head = queue_.pop(now);
    if (!head) return batch;
    gather_candidates(head->key);
    const auto place = std::find_if(candidates_scratch_.begin(), candidates_scratch_.end(),
                                    [&](const Candidate & candidate) { return candidate.key == head->key; });
    const BatchPlanner::Span span =
        planner_.plan(lengths_scratch_, static_cast<size_t>(place - candidates_scratch_.begin()),
                      (batch.is_on_pool ? pooled_cost_ : cost_).tokens_of_one_run(), shape.most);
    for (size_t i = span.begin; i < span.end; ++i) {
        const uint64_t key = candidates_scratch_[i].key;
        // What is popped is charged. A deadline that has just passed is left to expire().
        if (key == head->key || queue_.pop(entries_.at(key).ticket, now)) take(key, lane, batch);
    }
    return batch;
}

void Batcher::gather_candidates(uint64_t head) {
    const Entry & first = entries_.at(head);
    candidates_scratch_.assign(1, {static_cast<int32_t>(first.sequence.ids.size()), head});
    for (const auto & [tier, key] : waiting_) {
        if (tier > first.sequence.tier || candidates_scratch_.size() == kLookedThrough) break;
        if (key == head) continue;
        candidates_scratch_.push_back({static_cast<int32_t>(entries_.at(key).sequence.ids.size()), key});
    }
    std::sort(candidates_scratch_.begin(), candidates_scratch_.end(), [](const Candidate & a, const Candidate & b) {
        return a.length != b.length ? a.length < b.length : a.key < b.key;
    });
    lengths_scratch_.clear();
    for (const Candidate & candidate : candidates_scratch_) lengths_scratch_.push_back(candidate.length);
}

void Batcher::run_batch(Lane & lane, Batch & batch, std::unique_lock<std::mutex> & lock) {
    lane.wanted = batch.rows.size();
    ++running_lanes_;
    if (batch.is_on_pool) is_pool_in_use_ = true;
    const Session & session = sessions_.single && !batch.is_on_pool ? *sessions_.single : *sessions_.pooled;
    lock.unlock();
    int64_t started_us = 0;
    {
        const ComputeAccount::Lease lease = ComputeAccount::get().begin_run();
        started_us = now_us();
        lane.runner.run(session, batch.rows);
    }
    const int64_t ended_us = now_us();
    lock.lock();
    --running_lanes_;
    if (batch.is_on_pool) {
        is_pool_in_use_ = false;
        has_work_.notify_all();
    }
    end_batch(lane, batch, started_us, ended_us);
    announce(lock);
}

void Batcher::end_batch(Lane & lane, Batch & batch, int64_t started_us, int64_t ended_us) {
    const bool was_terminated = lane.wanted == 0;
    lane.wanted = 0;
    if (was_terminated && !is_stopping_) lane.runner.reset();
    const int64_t padded_tokens = lane.runner.padded_tokens();
    if (lane.runner.runs() == 1) {
        (batch.is_on_pool ? pooled_cost_ : cost_).record(padded_tokens, ended_us - started_us);
    }
    ++counts_.batches;
    counts_.padded_tokens += static_cast<uint64_t>(padded_tokens);
    window_.batch_ended(batch.rows.size(), waiting_.size(), ended_us, ended_us - started_us);
    const size_t base = finished_.values.size();
    const std::vector<float> & values = lane.runner.values();
    finished_.values.insert(finished_.values.end(), values.begin(), values.end());
    for (size_t i = 0; i < batch.rows.size(); ++i) {
        BatchRow & row = batch.rows[i];
        Entry & entry = entries_.at(batch.keys[i]);
        entry.times.started_us = started_us;
        entry.times.ended_us = ended_us;
        ++counts_.sequences;
        counts_.tokens += entry.sequence.ids.size();
        if (entry.is_cancelled) {
            ++counts_.cancelled;
            row.status = Status(ErrorCode::Cancelled, "The sequence was cancelled.");
        }
        end(batch.keys[i], entry, std::move(row.status), base + row.offset, row.count);
    }
}

void Batcher::end(uint64_t key, Entry & entry, Status status, size_t offset, size_t count) {
    if (entry.times.ended_us == 0) entry.times.ended_us = now_us();
    recorder_.ended(static_cast<int32_t>(key), entry.sequence.tier, entry.times,
                    static_cast<int32_t>(entry.sequence.ids.size()), status);
    queue_.release(entry.ticket);
    if (!status) count = 0;
    finished_.sequences.push_back({static_cast<SequenceId>(key), std::move(status), offset, count});
    entries_.erase(key);
}

void Batcher::end_waiting(uint64_t key, Status status) {
    Entry & entry = entries_.at(key);
    waiting_.erase({entry.sequence.tier, key});
    waiting_tokens_ -= static_cast<int64_t>(entry.sequence.ids.size());
    ++(status.code() == ErrorCode::DeadlineExceeded ? counts_.expired : counts_.cancelled);
    end(key, entry, std::move(status), 0, 0);
}

void Batcher::expire(int64_t now) {
    expired_scratch_.clear();
    queue_.advance(now, expired_scratch_);
    for (const queue::Popped & popped : expired_scratch_) {
        end_waiting(popped.key, Status(ErrorCode::DeadlineExceeded, "The deadline passed before its batch began."));
    }
}

void Batcher::announce(std::unique_lock<std::mutex> & lock) {
    if (finished_.sequences.empty() || is_announced_) return;
    is_announced_ = true;
    lock.unlock();
    wake_();
    lock.lock();
}

}  // namespace inferno::onnx
