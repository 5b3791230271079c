#include "native/onnx/batcher.h"

#include <algorithm>
#include <chrono>

#include "native/core/clock.h"
#include "native/core/compute_account.h"

namespace inferno::onnx {
namespace {

// How much of a queue is looked through for sequences that fit into a batch.
constexpr size_t kLookedThrough = 1024;

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

Result<std::shared_ptr<Batcher>> Batcher::create(std::shared_ptr<const Session> session, const BatcherOptions & options,
                                                 std::function<void()> wake) {
    auto graph = read_batch_graph(*session, options.output);
    if (!graph) return graph.status();
    return std::shared_ptr<Batcher>(
        new Batcher(std::move(session), within(options, graph.value()), graph.value(), std::move(wake)));
}

Batcher::Batcher(std::shared_ptr<const Session> session, BatcherOptions options, BatchGraph graph,
                 std::function<void()> wake)
    : session_(std::move(session)),
      options_(std::move(options)),
      graph_(graph),
      wake_(std::move(wake)),
      window_(options_.limits.max_window_us),
      recorder_(session_->model_bytes()),
      worker_([this] { work(); }) {}

Batcher::~Batcher() { shut_down(); }

Result<SequenceId> Batcher::submit(std::vector<TokenSequence> sequences) {
    std::unique_lock lock(mutex_);
    if (is_stopping_) return Status(ErrorCode::ModelUnloaded, "The model was closed.");
    const int64_t now = now_us();
    const SequenceId first = last_id_ + 1;
    for (TokenSequence & sequence : sequences) add(++last_id_, std::move(sequence), now);
    has_work_.notify_one();
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
}

void Batcher::cancel(SequenceId id) {
    std::unique_lock lock(mutex_);
    const auto key = static_cast<uint64_t>(id);
    const auto found = entries_.find(key);
    if (found == entries_.end() || found->second.is_cancelled) return;
    if (!found->second.is_running) {
        queue_.remove(found->second.ticket);
        end_waiting(key, Status(ErrorCode::Cancelled, "The sequence was cancelled."));
        announce(lock);
        return;
    }
    found->second.is_cancelled = true;
    if (--running_ == 0) control_.terminate();
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
    status.running = running_;
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
            running_ = 0;
            control_.terminate();
            has_work_.notify_all();
            announce(lock);
        }
    }
    const std::lock_guard join_lock(join_mutex_);
    if (worker_.joinable()) worker_.join();
}

void Batcher::work() {
    std::unique_lock lock(mutex_);
    while (!is_stopping_) {
        expire(now_us());
        if (waiting_.empty()) {
            announce(lock);
            if (waiting_.empty() && !is_stopping_) has_work_.wait(lock);
            continue;
        }
        if (waits_for_more(lock)) continue;
        std::vector<Member> batch = form_batch(now_us());
        if (batch.empty()) continue;
        running_ = batch.size();
        lock.unlock();
        int64_t started_us = 0;
        {
            const ComputeAccount::Lease lease = ComputeAccount::get().begin_run();
            started_us = now_us();
            run_batch(batch);
        }
        const int64_t ended_us = now_us();
        lock.lock();
        end_batch(batch, started_us, ended_us);
        announce(lock);
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

void Batcher::take(uint64_t key, std::vector<Member> & batch) {
    Entry & entry = entries_.at(key);
    entry.is_running = true;
    waiting_.erase({entry.sequence.tier, key});
    batch.push_back({key, &entry, Status::ok()});
}

std::vector<Batcher::Member> Batcher::form_batch(int64_t now) {
    std::vector<Member> batch;
    const std::optional<queue::Popped> head = queue_.pop(now);
    if (!head) return batch;
    BatchDraft draft(options_.limits, cost_.tokens_of_one_run());
    const auto length_of = [this](uint64_t key) { return static_cast<int32_t>(entries_.at(key).sequence.ids.size()); };
    draft.add(length_of(head->key));
    take(head->key, batch);
    size_t looked = 0;
    for (auto it = waiting_.begin(); it != waiting_.end() && !draft.is_full() && looked < kLookedThrough; ++looked) {
        const uint64_t key = (it++)->second;
        // Asked first: what is popped has been charged. A deadline that has just passed is left to expire().
        const int32_t length = length_of(key);
        if (!draft.fits(length) || !queue_.pop(entries_.at(key).ticket, now)) continue;
        draft.add(length);
        take(key, batch);
    }
    return batch;
}

void Batcher::run_batch(std::vector<Member> & batch) {
    values_.clear();
    padded_tokens_ = 0;
    runs_ = 0;
    const Status status = run_rows(batch, 0, batch.size());
    if (status) return;
    // One bad row (a token that the vocabulary does not have, say) must not fail the others.
    const bool is_bad_row = status.code() == ErrorCode::InvalidTensor || status.code() == ErrorCode::RunFailed;
    for (size_t i = 0; i < batch.size(); ++i) {
        batch[i].status = is_bad_row && batch.size() > 1 ? run_rows(batch, i, i + 1) : status;
    }
}

Status Batcher::run_rows(std::vector<Member> & batch, size_t begin, size_t end) {
    rows_.clear();
    for (size_t i = begin; i < end; ++i) {
        const TokenSequence & sequence = batch[i].entry->sequence;
        rows_.push_back({sequence.ids, sequence.types});
    }
    RunRequest request;
    if (Status status = inputs_.lay_out(graph_, rows_, options_.pad_id, request); !status) return status;
    padded_tokens_ += inputs_.padded_tokens();
    ++runs_;
    if (Status status = request.execute(*session_, control_.options()); !status) return status;
    return pool_rows(request.output(0), batch, begin, end);
}

Status Batcher::pool_rows(const OrtValue * output, std::vector<Member> & batch, size_t begin, size_t end) {
    TensorContent content;
    if (Status status = read_tensor(output, content); !status) return status;
    for (size_t i = begin; i < end; ++i) {
        Member & member = batch[i];
        member.offset = values_.size();
        const size_t tokens = member.entry->sequence.ids.size();
        if (Status status = pool_row(content, i - begin, tokens, options_.pooling, values_); !status) return status;
        member.count = values_.size() - member.offset;
    }
    return Status::ok();
}

void Batcher::end_batch(std::vector<Member> & batch, int64_t started_us, int64_t ended_us) {
    const bool was_terminated = running_ == 0;
    running_ = 0;
    if (was_terminated && !is_stopping_) control_.reset();
    if (runs_ == 1) cost_.record(padded_tokens_, ended_us - started_us);
    ++counts_.batches;
    counts_.padded_tokens += static_cast<uint64_t>(padded_tokens_);
    window_.batch_ended(batch.size(), waiting_.size(), ended_us, ended_us - started_us);
    const size_t base = finished_.values.size();
    finished_.values.insert(finished_.values.end(), values_.begin(), values_.end());
    for (Member & member : batch) {
        Entry & entry = *member.entry;
        entry.times.started_us = started_us;
        entry.times.ended_us = ended_us;
        ++counts_.sequences;
        counts_.tokens += entry.sequence.ids.size();
        if (entry.is_cancelled) {
            ++counts_.cancelled;
            member.status = Status(ErrorCode::Cancelled, "The sequence was cancelled.");
        }
        end(member.key, entry, std::move(member.status), base + member.offset, member.count);
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
