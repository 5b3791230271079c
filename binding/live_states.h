// What computes on threads of its own and must stand still before the process ends. process.exit() runs no cleanup
// hooks: threads that still compute then would meet the destroyed statics of the libraries that they compute with.
//
// Thread safety: all functions from any thread. Owns nothing.
#pragma once

#include <cstdlib>
#include <mutex>
#include <set>

namespace inferno::binding {

class Stoppable {
  public:
    // Joins the threads. Idempotent.
    virtual void stop() = 0;

  protected:
    ~Stoppable() = default;
};

class LiveStates {
  public:
    static LiveStates & get() {
        static LiveStates * const states = new LiveStates();  // never destroyed: used at exit
        return *states;
    }
    void add(Stoppable * state) {
        const std::lock_guard lock(mutex_);
        if (!registered_) std::atexit([] { get().stop_all(); });
        registered_ = true;
        states_.insert(state);
    }
    void remove(Stoppable * state) {
        const std::lock_guard lock(mutex_);
        states_.erase(state);
    }

  private:
    void stop_all() {
        const std::lock_guard lock(mutex_);
        for (Stoppable * state : states_) state->stop();
    }
    std::mutex mutex_;
    std::set<Stoppable *> states_;
    bool registered_ = false;
};

}  // namespace inferno::binding
