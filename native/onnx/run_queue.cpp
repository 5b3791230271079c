#include "native/onnx/run_queue.h"

#include <algorithm>
#include <chrono>
#include <utility>

#include "native/core/clock.h"
#include "native/core/compute_account.h"

namespace inferno::onnx {
namespace {

// A run as short as this costs less on the thread that asks for it than handing it to another one and back.
constexpr int64_t kTinyRunUs = 50;
// One slow run is the machine's doing, some in a row are the graph's.
constexpr int kSlowRunsInRow = 3;
// Shares are counted in tokens (native/queue): one for each 100 µs that a run is expected to take.
constexpr double kUsPerToken = 100.0;
constexpr double kSmoothing = 0.2;

void wait_until_us(std::condition_variable & condition, std::unique_lock<std::mutex> & lock, int64_t at_us) {
    if (at_us == INT64_MAX) {
        condition.wait(lock);
    } else {
        condition.wait_for(lock, std::chrono::microseconds(std::max<int64_t>(at_us - now_us(), 0)));
    }
}

}  // namespace

RunQueue::RunQueue(std::shared_ptr<const Session> session, size_t capacity, std::function<void()> wake)
    : session_(std::move(session)),
      capacity_(capacity),
      wake_(std::move(wake)),
      recorder_(session_->model_bytes()),
      worker_([this] { work(); }) {}

RunQueue::~RunQueue() { shut_down(); }

Result<RunId> RunQueue::submit(RunRequest request, const RunScheduling & scheduling) {
    const std::lock_guard lock(mutex_);
    if (is_stopping_) return Status(ErrorCode::ModelUnloaded, "The model was closed.");
    if (entries_.size() >= capacity_) {
        return Status(ErrorCode::QueueFull, "The queue of the model is full: " + std::to_string(capacity_) + " wait.");
    }
    const int64_t now = now_us();
    const RunId id = ++last_id_;
    queue::Request waiting;
    waiting.key = static_cast<uint64_t>(id);
    waiting.tier = scheduling.tier;
    waiting.user = scheduling.user;
    waiting.submitted_us = now;
    waiting.deadline_us = scheduling.deadline_us;
    waiting.tokens = std::max<int64_t>(1, static_cast<int64_t>(run_us_ / kUsPerToken));
    Entry & entry = entries_[waiting.key];
    entry.request = std::move(request);
    entry.scheduling = scheduling;
    entry.times.submitted_us = now;
    entry.ticket = queue_.push(waiting, now);
    busy_.fetch_add(1, std::memory_order_relaxed);
    if (scheduling.deadline_us != 0) start_watch();
    has_work_.notify_one();
    return id;
}

void RunQueue::cancel(RunId id) {
    std::unique_lock lock(mutex_);
    if (running_ && running_->id == id) {
        running_->is_cancelled = true;
        control_.terminate();
        return;
    }
    const auto found = entries_.find(static_cast<uint64_t>(id));
    if (found == entries_.end() || !queue_.remove(found->second.ticket)) return;
    ++counts_.cancelled;
    end(id, found->second, Status(ErrorCode::Cancelled, "The run was cancelled."));
    announce(lock);
}

std::vector<FinishedRun> RunQueue::take_finished() {
    const std::lock_guard lock(mutex_);
    is_announced_ = false;
    return std::exchange(finished_, {});
}

Status RunQueue::run_now(RunRequest & request, queue::Tier tier) {
    RunTimes times;
    times.submitted_us = times.started_us = now_us();
    const size_t input_bytes = request.input_bytes();
    Status status = request.execute(*session_, nullptr);
    times.ended_us = now_us();
    const std::lock_guard lock(mutex_);
    measure(input_bytes, times.ended_us - times.started_us);
    ++counts_.ran_inline;
    recorder_.ended(++last_id_, tier, times, 0, status);
    return status;
}

RunQueueStatus RunQueue::status() const {
    const std::lock_guard lock(mutex_);
    RunQueueStatus status = counts_;
    status.queued = queue_.size();
    status.is_running = running_.has_value();
    return status;
}

void RunQueue::shut_down() {
    {
        std::unique_lock lock(mutex_);
        if (!is_stopping_) {
            is_stopping_ = true;
            if (running_) {
                running_->is_cancelled = true;
                control_.terminate();
            }
            std::vector<uint64_t> waiting;
            for (const auto & [key, entry] : entries_) {
                if (!running_ || key != static_cast<uint64_t>(running_->id)) waiting.push_back(key);
            }
            std::sort(waiting.begin(), waiting.end());
            for (const uint64_t key : waiting) {
                Entry & entry = entries_.at(key);
                queue_.remove(entry.ticket);
                ++counts_.cancelled;
                end(static_cast<RunId>(key), entry, Status(ErrorCode::Cancelled, "The model was closed."));
            }
            has_work_.notify_all();
            watch_wakeup_.notify_all();
            announce(lock);
        }
    }
    if (worker_.joinable()) worker_.join();
    if (watcher_.joinable()) watcher_.join();
}

void RunQueue::work() {
    std::unique_lock lock(mutex_);
    while (!is_stopping_) {
        const int64_t now = now_us();
        expire(now);
        const std::optional<queue::Popped> popped = next(now);
        if (popped) run_one(lock, *popped);
        announce(lock);
        if (popped || is_stopping_) continue;
        if (queue_.size() == 0) has_work_.wait(lock);
    }
}

std::optional<queue::Popped> RunQueue::next(int64_t now) { return queue_.pop(now); }

void RunQueue::run_one(std::unique_lock<std::mutex> & lock, const queue::Popped & popped) {
    const auto id = static_cast<RunId>(popped.key);
    Entry & entry = entries_.at(popped.key);
    running_ = Running{id, entry.scheduling.deadline_us};
    if (entry.scheduling.deadline_us != 0) watch_wakeup_.notify_one();
    RunRequest request = std::move(entry.request);
    const size_t input_bytes = request.input_bytes();
    lock.unlock();
    Status status;
    int64_t started_us = 0;
    int64_t ended_us = 0;
    {
        const ComputeAccount::Lease lease = ComputeAccount::get().begin_run();
        started_us = now_us();
        status = request.execute(*session_, control_.options());
        ended_us = now_us();
    }
    lock.lock();
    const Running run = *running_;
    running_.reset();
    // From here on nobody terminates what comes next by mistake: cancel() looks at running_.
    if (run.is_cancelled || run.is_late) control_.reset();
    // A run that was over before it saw the sign has a result; who cancelled it does not want it.
    if (run.is_cancelled) {
        status = Status(ErrorCode::Cancelled, "The run was cancelled.");
        ++counts_.cancelled;
    } else if (run.is_late) {
        status = Status(ErrorCode::DeadlineExceeded, "The run was not over at its deadline.");
        ++counts_.expired;
    }
    entry.times.started_us = started_us;
    entry.times.ended_us = ended_us;
    if (status) {
        measure(input_bytes, ended_us - started_us);
        queue_.settle(entry.ticket,
                      static_cast<int64_t>(static_cast<double>(ended_us - started_us) / kUsPerToken) - popped.tokens);
        ++counts_.finished;
    }
    entry.request = std::move(request);
    end(id, entry, std::move(status));
}

void RunQueue::end(RunId id, Entry & entry, Status status) {
    if (entry.times.ended_us == 0) entry.times.ended_us = now_us();
    recorder_.ended(id, entry.scheduling.tier, entry.times, 0, status);
    queue_.release(entry.ticket);
    if (!status) entry.request.clear();
    finished_.push_back({id, std::move(status), std::move(entry.request)});
    entries_.erase(static_cast<uint64_t>(id));
    busy_.fetch_sub(1, std::memory_order_relaxed);
}

void RunQueue::expire(int64_t now) {
    expired_scratch_.clear();
    queue_.advance(now, expired_scratch_);
    for (const queue::Popped & popped : expired_scratch_) {
        ++counts_.expired;
        end(static_cast<RunId>(popped.key), entries_.at(popped.key),
            Status(ErrorCode::DeadlineExceeded, "The deadline passed before the run began."));
    }
}

void RunQueue::measure(size_t input_bytes, int64_t run_us) {
    const auto duration = static_cast<double>(run_us);
    run_us_ += run_us_ == 0.0 ? duration : kSmoothing * (duration - run_us_);
    // Relaxed: only this function writes it, with the lock held.
    const size_t tiny_bytes = tiny_bytes_.load(std::memory_order_relaxed);
    if (run_us < kTinyRunUs) {
        slow_runs_ = 0;
        if (input_bytes > tiny_bytes) tiny_bytes_.store(input_bytes, std::memory_order_relaxed);
    } else if (input_bytes <= tiny_bytes && ++slow_runs_ >= kSlowRunsInRow) {
        slow_runs_ = 0;
        tiny_bytes_.store(0, std::memory_order_relaxed);
    }
}

void RunQueue::announce(std::unique_lock<std::mutex> & lock) {
    if (finished_.empty() || is_announced_) return;
    is_announced_ = true;
    lock.unlock();
    wake_();
    lock.lock();
}

void RunQueue::start_watch() {
    if (!watcher_.joinable()) watcher_ = std::thread([this] { watch(); });
    watch_wakeup_.notify_one();
}

int64_t RunQueue::next_event_us() const {
    const bool has_deadline = running_ && running_->deadline_us != 0 && !running_->is_late && !running_->is_cancelled;
    return std::min(queue_.next_event_us(), has_deadline ? running_->deadline_us : INT64_MAX);
}

void RunQueue::watch() {
    std::unique_lock lock(mutex_);
    while (!is_stopping_) {
        wait_until_us(watch_wakeup_, lock, next_event_us());
        if (is_stopping_) return;
        const int64_t now = now_us();
        expire(now);
        if (running_ && running_->deadline_us != 0 && running_->deadline_us <= now && !running_->is_late) {
            running_->is_late = true;
            control_.terminate();
        }
        announce(lock);
    }
}

}  // namespace inferno::onnx
