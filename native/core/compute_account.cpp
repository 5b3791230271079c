#include "native/core/compute_account.h"

#include <algorithm>

#include "native/core/available_cores.h"

namespace inferno {

ComputeAccount & ComputeAccount::get() {
    // Never destroyed: threads may compute while the process exits.
    static ComputeAccount * const account = new ComputeAccount(available_cores());
    return *account;
}

ComputeAccount::Lease ComputeAccount::begin_step() {
    computing_.fetch_add(1, std::memory_order_relaxed);
    return {this, false};
}

ComputeAccount::Lease ComputeAccount::begin_run() {
    std::unique_lock lock(mutex_);
    run_ended_.wait(lock, [this] { return runs_ < cores_; });
    ++runs_;
    computing_.fetch_add(1, std::memory_order_relaxed);
    return {this, true};
}

void ComputeAccount::end(bool is_run) {
    computing_.fetch_sub(1, std::memory_order_relaxed);
    if (!is_run) return;
    {
        const std::lock_guard lock(mutex_);
        --runs_;
    }
    run_ended_.notify_one();
}

int ComputeAccount::share(int cores) const { return std::max(1, cores / std::max(1, computing())); }

void ComputeAccount::set_cores(int cores) {
    {
        const std::lock_guard lock(mutex_);
        cores_ = std::max(1, cores);
    }
    run_ended_.notify_all();
}

}  // namespace inferno
