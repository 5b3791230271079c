// The half of GenerationDesk that any thread may call, and its mailbox.
#include "native/llama/generation_desk.h"

#include <algorithm>
#include <chrono>

#include "native/core/clock.h"
#include "native/llama/tokenizer.h"

namespace inferno::llama {

GenerationDesk::GenerationDesk(std::shared_ptr<const Model> model, std::function<void()> wake)
    : model_(std::move(model)), outbox_(wake), parsing_(std::move(wake), [this](std::string_view text) {
          const auto tokens = tokenize(model_->vocab(), text, false, false);
          return tokens ? static_cast<int32_t>(tokens.value().size()) : 0;
      }) {}

GenerationDesk::~GenerationDesk() = default;

void GenerationDesk::open(const DeskOptions & options) {
    context_size_ = options.context_size;
    scheduler_ = std::make_unique<queue::Scheduler>(options.scheduling);
    if (options.profiling) recorder_ = std::make_unique<GenerationRecorder>(options.memory_bytes);
    preparer_ =
        std::make_unique<PromptPreparer>(model_, context_size_, options.scheduling.policy == queue::Policy::Priority,
                                         [this](GenerationPtr generation) { receive(std::move(generation)); });
}

Result<GenerationId> GenerationDesk::submit(GenerationRequest request) {
    // Held throughout, so that close() cannot take the preparer away meanwhile. The preparer never takes this mutex.
    const std::lock_guard lock(controls_mutex_);
    if (closed_) return Status(ErrorCode::ModelUnloaded, "The model was unloaded.");
    auto control = std::make_shared<GenerationControl>(next_id_++);
    const GenerationId id = control->id;
    controls_.emplace(id, control);
    {
        const std::lock_guard scheduler_lock(scheduler_mutex_);
        scheduler_->announce(static_cast<queue::RequestKey>(id));
    }
    preparer_->submit(std::move(request), std::move(control));
    return id;
}

void GenerationDesk::set_flag(GenerationId id, std::atomic<bool> GenerationControl::* flag, bool value) {
    {
        const std::lock_guard lock(controls_mutex_);
        const auto found = controls_.find(id);
        if (found == controls_.end()) return;
        ((*found->second).*flag).store(value, std::memory_order_relaxed);
    }
    notify();
}

void GenerationDesk::cancel(GenerationId id) {
    {
        const std::lock_guard lock(mail_mutex_);
        mail_cancels_.push_back(id);
    }
    set_flag(id, &GenerationControl::cancelled, true);
    // Release pairs with the acquire in cancel_count().
    cancels_.fetch_add(1, std::memory_order_release);
}

void GenerationDesk::notify() {
    {
        const std::lock_guard lock(mail_mutex_);
        mail_signal_ = true;
    }
    mail_wakeup_.notify_one();
}

void GenerationDesk::receive(GenerationPtr generation) {
    {
        const std::lock_guard lock(mail_mutex_);
        mail_generations_.push_back(std::move(generation));
    }
    mail_wakeup_.notify_one();
}

size_t GenerationDesk::drain(std::span<int32_t> records, std::span<uint8_t> text) {
    const bool was_full = !has_event_room();
    size_t count = outbox_.drain(records, text);
    if (count == 0) count = parsing_.drain(records, text);
    if (was_full && has_event_room()) notify();
    return count;
}

bool GenerationDesk::close() {
    {
        const std::lock_guard lock(controls_mutex_);
        if (closed_) return false;
        closed_ = true;
    }
    // First the preparer, so that everything it still holds reaches the mailbox before the engine stops.
    preparer_.reset();
    {
        const std::lock_guard lock(mail_mutex_);
        stopping_ = true;
    }
    closing_hint_.store(true, std::memory_order_relaxed);
    mail_wakeup_.notify_one();
    return true;
}

queue::SchedulerStatus GenerationDesk::scheduler_status() const {
    const std::lock_guard lock(scheduler_mutex_);
    return scheduler_->status(now_us());
}

std::optional<queue::Standing> GenerationDesk::standing(GenerationId id) const {
    const std::lock_guard lock(scheduler_mutex_);
    return scheduler_->standing(static_cast<queue::RequestKey>(id));
}

int32_t GenerationDesk::queued() const {
    const std::lock_guard lock(controls_mutex_);
    return std::max(0, static_cast<int32_t>(controls_.size()) - running());
}

bool GenerationDesk::take_mail() {
    std::vector<GenerationPtr> generations;
    std::vector<GenerationId> cancels;
    bool stopping = false;
    {
        const std::lock_guard lock(mail_mutex_);
        mail_signal_ = false;
        generations.swap(mail_generations_);
        cancels.swap(mail_cancels_);
        stopping = stopping_;
    }
    for (GenerationPtr & generation : generations) take_in(std::move(generation));
    for (const GenerationId id : cancels) finish_waiting(id, StopReason::Cancelled);
    return !stopping;
}

void GenerationDesk::wait() {
    int64_t next_event_us = INT64_MAX;
    {
        const std::lock_guard lock(scheduler_mutex_);
        next_event_us = scheduler_->next_event_us();
    }
    const auto has_mail = [this] {
        return stopping_ || mail_signal_ || !mail_generations_.empty() || !mail_cancels_.empty();
    };
    std::unique_lock lock(mail_mutex_);
    if (next_event_us == INT64_MAX) {
        mail_wakeup_.wait(lock, has_mail);
    } else {
        // Something waits though nothing can run: a deadline may pass meanwhile.
        mail_wakeup_.wait_for(lock, std::chrono::microseconds(std::max<int64_t>(next_event_us - now_us(), 0)),
                              has_mail);
    }
}

}  // namespace inferno::llama
