#include "native/llama/encoder_queue.h"

#include <algorithm>

#include "native/llama/encoder_inputs.h"

namespace inferno::llama {

void EncoderQueue::add(EncoderJob job, int64_t now_us) {
    if (job.inputs.empty()) {
        job.done(EncoderResult{});
        return;
    }
    const uint64_t number = next_job_++;
    Entry & entry = jobs_[number];
    entry.job = std::move(job);
    const size_t count = entry.job.inputs.size();
    entry.job.left = count;
    entry.job.result.rows.resize(count);
    entry.has_begun.resize(count, false);
    for (size_t input = 0; input < count; ++input) {
        queue::Request request;
        request.key = (number << kInputBits) | input;
        request.tier = entry.job.tier;
        request.user = entry.job.user;
        request.submitted_us = now_us;
        request.deadline_us = entry.job.deadline_us;
        request.tokens = EncoderInputs::expected_tokens(entry.job, input);
        entry.tickets.push_back(queue_.push(request, now_us));
    }
}

void EncoderQueue::end_lapsed(int64_t now_us) {
    for (auto entry = jobs_.begin(); entry != jobs_.end();) {
        const auto current = entry++;
        if (!current->second.job.cancelled->load(std::memory_order_relaxed)) continue;
        end(current, Status(ErrorCode::Cancelled, "It was cancelled."));
    }
    expired_.clear();
    queue_.advance(now_us, expired_);
    for (const queue::Popped & popped : expired_) {
        fail(popped.key >> kInputBits, {ErrorCode::DeadlineExceeded, "The deadline passed before it had begun."});
    }
}

std::optional<EncoderTurn> EncoderQueue::next(int64_t now_us) {
    const auto popped = queue_.pop(now_us);
    if (!popped) return std::nullopt;
    const EncoderTurn turn{popped->key >> kInputBits, popped->key & ((uint64_t{1} << kInputBits) - 1)};
    jobs_.at(turn.job).has_begun[turn.input] = true;
    return turn;
}

EncoderJob * EncoderQueue::find(uint64_t job) {
    const auto found = jobs_.find(job);
    return found == jobs_.end() ? nullptr : &found->second.job;
}

void EncoderQueue::finish(const EncoderTurn & turn, std::vector<float> row, size_t tokens) {
    const auto found = jobs_.find(turn.job);
    if (found == jobs_.end()) return;
    EncoderJob & job = found->second.job;
    queue_.settle(found->second.tickets[turn.input],
                  static_cast<int64_t>(tokens) - EncoderInputs::expected_tokens(job, turn.input));
    job.result.rows[turn.input] = std::move(row);
    job.result.tokens += static_cast<int32_t>(tokens);
    if (--job.left == 0) end(found, std::move(job.result));
}

void EncoderQueue::fail(uint64_t job, const Status & status) {
    const auto found = jobs_.find(job);
    if (found != jobs_.end()) end(found, status);
}

void EncoderQueue::fail_all(const Status & status) {
    while (!jobs_.empty()) end(jobs_.begin(), status);
}

void EncoderQueue::end(std::map<uint64_t, Entry>::iterator entry, Result<EncoderResult> result) {
    const auto & [job, tickets, has_begun] = entry->second;
    for (size_t i = 0; i < tickets.size(); ++i) {
        if (!has_begun[i]) queue_.remove(tickets[i]);
        queue_.release(tickets[i]);
    }
    const auto done = job.done;
    jobs_.erase(entry);
    done(std::move(result));
}

}  // namespace inferno::llama
