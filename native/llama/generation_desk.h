// Everything around a decoder that batches generations: requests come in and are prepared, wait for their turn, get
// their tokens turned into text and events, and end. What computes the tokens (an engine) owns a desk and asks it from
// its own thread; it never sees a mutex.
//
// Thread safety: two halves, marked below. The first may be called from any thread, but drain() from one thread only;
// the second belongs to the engine thread.
#pragma once

#include <atomic>
#include <condition_variable>
#include <functional>
#include <memory>
#include <mutex>
#include <optional>
#include <span>
#include <string>
#include <unordered_map>
#include <vector>

#include "native/llama/answer_parsing.h"
#include "native/llama/event_outbox.h"
#include "native/llama/generation_recorder.h"
#include "native/llama/model.h"
#include "native/llama/prompt_preparer.h"
#include "native/queue/scheduler.h"

namespace inferno::llama {

struct DeskOptions {
    queue::SchedulerOptions scheduling;
    int32_t context_size = 0;   // tokens of one sequence
    bool profiling = true;      // measure phases and keep the last generations
    uint64_t memory_bytes = 0;  // what the model holds, for the records
};

class GenerationDesk {
  public:
    using GenerationPtr = std::unique_ptr<RunningGeneration>;

    // `wake`: see EventOutbox.
    GenerationDesk(std::shared_ptr<const Model> model, std::function<void()> wake);
    ~GenerationDesk();

    // Opens for requests. To be called once, before anything else.
    void open(const DeskOptions & options);

    // ---- Any thread ----

    // Queues a generation; its events, ending with exactly one end event, come through drain(). Fails with
    // ModelUnloaded after close().
    Result<GenerationId> submit(GenerationRequest request);
    void cancel(GenerationId id);
    void pause(GenerationId id) { set_flag(id, &GenerationControl::paused, true); }
    void resume(GenerationId id) { set_flag(id, &GenerationControl::paused, false); }
    // Ends a wait() of the engine thread, now or when it comes.
    void notify();
    // See EventOutbox::drain.
    size_t drain(std::span<int32_t> records, std::span<uint8_t> text);

    // No more requests; take_mail() then says that the engine is to stop. False when that was so already.
    bool close();
    // Parses what is left. REQUIRES: the engine thread was joined.
    void finish_parsing() { parsing_.stop(); }
    // A hint whose truth take_mail() tells.
    bool is_closing() const { return closing_hint_.load(std::memory_order_relaxed); }
    // Counts cancels, so that a running step notices one without looking at every flag. Acquire pairs with cancel()'s
    // release: who sees the count also sees the flag.
    uint64_t cancel_count() const { return cancels_.load(std::memory_order_acquire); }

    queue::SchedulerStatus scheduler_status() const;
    // Nothing for numbers that are unknown or have ended.
    std::optional<queue::Standing> standing(GenerationId id) const;
    // Null without profiling.
    const GenerationRecorder * recorder() const { return recorder_.get(); }
    int32_t running() const { return running_.load(std::memory_order_relaxed); }
    int32_t queued() const;
    uint64_t tokens_decoded() const { return tokens_decoded_.load(std::memory_order_relaxed); }
    uint64_t requests_finished() const { return requests_finished_.load(std::memory_order_relaxed); }
    uint64_t wakes() const { return outbox_.wake_count() + parsing_.wake_count(); }

    // ---- Engine thread ----

    // Takes in what was prepared and ends what was cancelled while it waited. False when the engine is to stop.
    bool take_mail();
    // Until there is mail or a deadline passes.
    void wait();
    // Ends what waited too long.
    void end_expired();
    // Ends everything that waits as cancelled.
    void end_waiting();

    // The next one that may start now; null: none. The engine gives it a slot.
    GenerationPtr next();
    // The running one that must be parked for a better one. Then next() again.
    std::optional<GenerationId> preemption();
    // REQUIRES: preemption() named it, and it has no slot any more.
    void park(GenerationPtr generation);
    // KV caches of all that are parked.
    uint64_t parked_bytes() const;

    // Work done for a running one, see Scheduler.
    void serve(const RunningGeneration & generation, int32_t prefill_tokens, int32_t decode_tokens);
    void spare(const RunningGeneration & generation, int32_t cached_tokens);
    void record_step(int32_t prefill_tokens, int32_t decode_tokens, int64_t step_us, int32_t spare_sequences);
    void refresh_memory();

    // A token was chosen: its text goes out as far as it is final. The reason when that was the last one; the engine
    // then takes it from its slot and calls finish().
    std::optional<StopReason> take_token(RunningGeneration & generation, llama_token token,
                                         std::span<const float> logits);
    void finish(GenerationPtr generation, StopReason reason, Status error = Status::ok());

    // False while the drainer is so far behind that nothing more should be generated.
    bool has_event_room() const { return outbox_.has_room() && parsing_.has_room(); }
    // Hands the events over; those that cannot wait wake the drainer, `urgent` or not.
    void publish(bool urgent);
    // Wakes the drainer if something was published without a wake. Before anything that takes long.
    void flush() { outbox_.flush(); }

  private:
    void set_flag(GenerationId id, std::atomic<bool> GenerationControl::* flag, bool value);
    void receive(GenerationPtr generation);
    void take_in(GenerationPtr generation);
    void finish_waiting(GenerationId id, StopReason reason, Status error = Status::ok());
    void emit_text(RunningGeneration & generation, std::string & text);

    const std::shared_ptr<const Model> model_;
    int32_t context_size_ = 0;                      // constant after open()
    std::unique_ptr<GenerationRecorder> recorder_;  // constant after open(); null without profiling

    // Guarded by controls_mutex_.
    mutable std::mutex controls_mutex_;
    std::unordered_map<GenerationId, std::shared_ptr<GenerationControl>> controls_;
    GenerationId next_id_ = 1;
    bool closed_ = false;

    // Mailbox, guarded by mail_mutex_.
    std::mutex mail_mutex_;
    std::condition_variable mail_wakeup_;
    std::vector<GenerationPtr> mail_generations_;
    std::vector<GenerationId> mail_cancels_;
    bool mail_signal_ = false;
    bool stopping_ = false;

    // Changed by the engine thread and by submit(), read by any.
    mutable std::mutex scheduler_mutex_;
    std::unique_ptr<queue::Scheduler> scheduler_;

    // Engine thread.
    std::unordered_map<GenerationId, GenerationPtr> waiting_;
    std::string piece_;
    std::string text_;
    bool urgent_ = false;

    std::atomic<uint64_t> cancels_{0};
    // Relaxed throughout: counters for reading, and a hint whose truth is stopping_.
    std::atomic<bool> closing_hint_{false};
    std::atomic<int32_t> running_{0};
    std::atomic<uint64_t> tokens_decoded_{0};
    std::atomic<uint64_t> requests_finished_{0};

    EventOutbox outbox_;
    AnswerParsing parsing_;
    std::unique_ptr<PromptPreparer> preparer_;
};

}  // namespace inferno::llama
