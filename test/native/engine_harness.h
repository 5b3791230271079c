// An engine on a real, tiny model, drained on the test's thread. INFERNO_TEST_MODEL and INFERNO_LIBRARY_DIR are set by
// scripts/test-native.mjs.
#pragma once

#include <chrono>
#include <condition_variable>
#include <cstdlib>
#include <functional>
#include <map>
#include <mutex>
#include <string>
#include <vector>

#include "native/llama/backend.h"
#include "native/llama/engine.h"
#include "test/native/check.h"

namespace inferno::llama::test {

inline std::shared_ptr<const Model> test_model() {
    static const std::shared_ptr<const Model> model = [] {
        const Status status = initialize_backend(std::getenv("INFERNO_LIBRARY_DIR"));
        if (!status) {
            std::fprintf(stderr, "%s\n", status.message().c_str());
            std::exit(1);
        }
        std::atomic<bool> cancelled{false};
        auto loaded = Model::load({std::getenv("INFERNO_TEST_MODEL")}, [](float) {}, cancelled);
        if (!loaded) {
            std::fprintf(stderr, "%s\n", loaded.status().message().c_str());
            std::exit(1);
        }
        return loaded.value();
    }();
    return model;
}

// Drains an engine on the test's thread, as the binding does on the JS thread.
class EventCollector {
  public:
    // To be given to the engine.
    std::function<void()> wake() {
        return [this] {
            std::unique_lock lock(mutex_);
            woken_ = true;
            changed_.notify_all();
            changed_.wait(lock, [&] { return !stepwise_ || !woken_; });
        };
    }
    // From here on the engine's thread rests in its wake until drain_until() goes on: it is ahead of the test by the
    // events of one wake, however late the test's thread runs. Nothing may wait for that thread meanwhile; shut_down()
    // does.
    void step_with_drains() { set_stepwise(true); }
    void attach(GenerationEngine & engine) { engine_ = &engine; }

    // The id of a submission that must be taken.
    GenerationId submit(GenerationRequest request) {
        const Result<GenerationId> id = engine_->submit(std::move(request));
        CHECK(id.is_ok());
        return id.is_ok() ? id.value() : 0;
    }

    // Drains until `done` is true. False when nothing came for a minute, or not what was waited for in ten: how fast it
    // goes, under a sanitizer on a busy machine, is no matter.
    template <typename Done>
    bool drain_until(Done done) {
        const auto begun = std::chrono::steady_clock::now();
        auto progressed = begun;
        while (!done()) {
            const bool rests = wait_for_wake();
            const auto now = std::chrono::steady_clock::now();
            if (drain() > 0) progressed = now;
            if (rests) {
                if (done()) return true;
                // Not before the drain: what is not drained yet takes the place of another wake.
                let_go();
            }
            if (now - progressed > std::chrono::minutes(1) || now - begun > std::chrono::minutes(10)) return false;
        }
        return true;
    }

    bool wait_for_end(GenerationId id) {
        return drain_until([&] { return ends_.count(id) != 0; });
    }

    // Returns the number of events.
    size_t drain() {
        size_t total = 0;
        while (const size_t count = engine_->drain(records_, bytes_)) {
            for (size_t i = 0; i < count; ++i) {
                const int32_t * fields = records_.data() + i * kEventStride;
                const auto slice = [&](EventField offset, EventField length) {
                    return std::string(reinterpret_cast<const char *>(bytes_.data()) + fields[offset],
                                       static_cast<size_t>(fields[length]));
                };
                const GenerationId id = fields[kEventGeneration];
                CHECK(ends_.count(id) == 0);  // nothing follows an end, and there is one end only
                if (fields[kEventKind] == kEventEnd) {
                    ends_[id] = slice(kEventAuxOffset, kEventAuxLength);
                } else {
                    texts_[id] += slice(kEventTextOffset, kEventTextLength);
                    tokens_[id] += fields[kEventTokens];
                }
            }
            total += count;
        }
        return total;
    }

    std::string text(GenerationId id) { return texts_[id]; }
    std::string end(GenerationId id) const {
        const auto found = ends_.find(id);
        return found == ends_.end() ? std::string() : found->second;
    }
    int tokens(GenerationId id) { return tokens_[id]; }
    size_t end_count() const { return ends_.size(); }

  protected:
    // Before the engine goes: its thread must not rest in a wake.
    void run_freely() { set_stepwise(false); }

  private:
    // True when the engine's thread rests until it is let go.
    bool wait_for_wake() {
        std::unique_lock lock(mutex_);
        const bool woken = changed_.wait_for(lock, std::chrono::milliseconds(50), [&] { return woken_; });
        if (!stepwise_) woken_ = false;
        return stepwise_ && woken;
    }
    void let_go() {
        const std::lock_guard lock(mutex_);
        woken_ = false;
        changed_.notify_all();
    }
    void set_stepwise(bool stepwise) {
        const std::lock_guard lock(mutex_);
        stepwise_ = stepwise;
        changed_.notify_all();
    }

    std::mutex mutex_;
    std::condition_variable changed_;
    bool woken_ = false;
    bool stepwise_ = false;
    GenerationEngine * engine_ = nullptr;
    std::vector<int32_t> records_ = std::vector<int32_t>(256 * kEventStride);
    std::vector<uint8_t> bytes_ = std::vector<uint8_t>(EventOutbox::kMaxRecordBytes);
    std::map<GenerationId, std::string> texts_;
    std::map<GenerationId, std::string> ends_;
    std::map<GenerationId, int> tokens_;
};

class Harness : public EventCollector {
  public:
    explicit Harness(EngineOptions options) {
        auto engine = Engine::create(test_model(), options, wake());
        if (!engine) {
            std::fprintf(stderr, "%s\n", engine.status().message().c_str());
            std::exit(1);
        }
        engine_ = std::move(engine).value();
        attach(*engine_);
    }
    ~Harness() { run_freely(); }

    Engine & engine() { return *engine_; }

    static GenerationRequest request(std::string prompt, int32_t max_tokens) {
        GenerationRequest request;
        request.prompt = std::move(prompt);
        request.max_tokens = max_tokens;
        request.sampling.temperature = 0.0f;
        request.sampling.ignore_eos = true;
        return request;
    }

  private:
    std::unique_ptr<Engine> engine_;
};

inline bool has(const std::string & text, const char * part) { return text.find(part) != std::string::npos; }

// The number after `"name":` in an end event's JSON; -1 when it is not there.
inline int number_in(const std::string & json, const std::string & name) {
    const size_t at = json.find("\"" + name + "\":");
    return at == std::string::npos ? -1 : std::atoi(json.c_str() + at + name.size() + 3);
}

}  // namespace inferno::llama::test
