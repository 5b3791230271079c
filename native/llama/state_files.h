// KV states as zstd files, written and read by a thread of its own. The folder belongs to this process: it is made for
// it, readable by its user only, and removed with everything in it at the end.
//
// Thread safety: write(), read(), remove() and take_results() from one thread; `done` is called on the disk thread.
#pragma once

#include <condition_variable>
#include <cstdint>
#include <deque>
#include <functional>
#include <memory>
#include <mutex>
#include <string>
#include <thread>
#include <vector>

#include "native/core/status.h"
#include "native/llama/kv_state.h"

namespace inferno::llama {

class StateFiles {
  public:
    struct Done {
        uint64_t id;
        bool was_read;     // else written
        uint64_t bytes;    // of the file; 0: it failed
        KvStatePtr state;  // of a read that went well
    };

    // Makes a folder inside `directory`. Fails with InvalidArgument when it cannot be made.
    static Result<std::unique_ptr<StateFiles>> open(const std::string & directory, std::function<void()> done);
    ~StateFiles();

    void write(uint64_t id, KvStatePtr state);
    void read(uint64_t id, uint64_t state_bytes);
    void remove(uint64_t id);
    std::vector<Done> take_results();

  private:
    enum class Kind { Write, Read, Remove };
    struct Job {
        Kind kind;
        uint64_t id;
        KvStatePtr state;
        uint64_t state_bytes;
    };

    StateFiles(std::string folder, std::function<void()> done);
    void post(Job job);
    void run();
    void perform(const Job & job);
    std::string path_of(uint64_t id) const;

    const std::string folder_;
    const std::function<void()> done_;
    std::mutex mutex_;
    std::condition_variable wakeup_;
    std::deque<Job> jobs_;       // guarded by mutex_
    std::vector<Done> results_;  // guarded by mutex_
    bool stopping_ = false;      // guarded by mutex_
    std::thread thread_;         // last: starts when everything else is constructed
};

}  // namespace inferno::llama
