// Turns requests into tokens and samplers on a thread of its own, so that neither the JS thread nor the engine thread
// spends time on templates, tokenizing or grammar compilation. One per engine; better tiers first, requests of a tier
// keep their order.
//
// Thread safety: submit() may be called from any thread. The callback runs on the preparation thread.
#pragma once

#include <array>
#include <condition_variable>
#include <deque>
#include <functional>
#include <memory>
#include <mutex>
#include <thread>

#include "native/llama/model.h"
#include "native/llama/running_generation.h"

namespace inferno::llama {

class PromptPreparer {
  public:
    using Callback = std::function<void(std::unique_ptr<RunningGeneration>)>;

    // `context_size` is the number of tokens one sequence can hold. `by_tier` false: in the order of submission alone.
    PromptPreparer(std::shared_ptr<const Model> model, int32_t context_size, bool by_tier, Callback on_prepared);
    // Hands over what is still waiting (unprepared, marked cancelled) and joins.
    ~PromptPreparer();

    void submit(GenerationRequest request, std::shared_ptr<GenerationControl> control);

  private:
    struct Job {
        GenerationRequest request;
        std::shared_ptr<GenerationControl> control;
        int64_t submitted_us;
    };

    void run();
    std::unique_ptr<RunningGeneration> prepare(Job job) const;
    Result<std::vector<llama_token>> prompt_tokens(GenerationRequest & request) const;
    Status check_length(size_t prompt_tokens) const;

    const std::shared_ptr<const Model> model_;
    const int32_t context_size_;
    const bool by_tier_;
    const Callback on_prepared_;

    std::mutex mutex_;
    std::condition_variable wakeup_;
    std::array<std::deque<Job>, queue::kTierCount> jobs_;  // guarded by mutex_
    size_t waiting_ = 0;                                   // guarded by mutex_; in all of them
    bool stopping_ = false;                                // guarded by mutex_
    std::thread thread_;                                   // last: starts when everything else is constructed
};

}  // namespace inferno::llama
