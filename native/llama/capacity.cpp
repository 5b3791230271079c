#include "native/llama/capacity.h"

#include <algorithm>
#include <string>

namespace inferno::llama {
namespace {

constexpr int32_t kMaxParallel = 64;
constexpr int32_t kDefaultParallel = 16;
constexpr int32_t kMinDefaultParallel = 4;
constexpr int32_t kDefaultContext = 4096;
constexpr int32_t kMinDefaultContext = 1024;
constexpr int32_t kDefaultBatch = 512;
constexpr int32_t kMaxBatch = 16384;
// What the defaults may take of the free memory, and at most in all.
constexpr uint64_t kDefaultShare = 4;
constexpr uint64_t kDefaultBudgetBytes = 4ull << 30;

std::string mebibytes(uint64_t bytes) { return std::to_string(bytes >> 20) + " MiB"; }

}  // namespace

Status check_capacity(const CapacityRequest & request) {
    if (request.parallel < 0 || request.parallel > kMaxParallel) {
        return {ErrorCode::InvalidArgument,
                "Expected 1 to 64 for parallel but received " + std::to_string(request.parallel) + "."};
    }
    if (request.batch_size < 0 || request.batch_size > kMaxBatch) {
        return {ErrorCode::InvalidArgument,
                "Expected 1 to 16384 for batchSize but received " + std::to_string(request.batch_size) + "."};
    }
    return Status::ok();
}

Result<Capacity> plan_capacity(const CapacityRequest & request, int32_t train_context_size, uint64_t kv_bytes_per_token,
                               uint64_t available_bytes) {
    if (Status status = check_capacity(request); !status) return status;
    Capacity capacity{};
    const int32_t trained = train_context_size > 0 ? train_context_size : kDefaultContext;
    capacity.context_size = request.context_size > 0 ? request.context_size : std::min(trained, kDefaultContext);
    capacity.parallel = request.parallel > 0 ? request.parallel : kDefaultParallel;

    const auto kv_bytes = [&] {
        return kv_bytes_per_token * static_cast<uint64_t>(capacity.context_size) *
               static_cast<uint64_t>(capacity.parallel);
    };
    const uint64_t budget =
        available_bytes == 0 ? kDefaultBudgetBytes : std::min(kDefaultBudgetBytes, available_bytes / kDefaultShare);
    if (request.parallel == 0) {
        while (kv_bytes() > budget && capacity.parallel > kMinDefaultParallel) capacity.parallel /= 2;
    }
    if (request.context_size == 0) {
        while (kv_bytes() > budget && capacity.context_size > kMinDefaultContext) capacity.context_size /= 2;
    }
    if (request.parallel == 0) {
        while (kv_bytes() > budget && capacity.parallel > 1) capacity.parallel /= 2;
    }
    if (available_bytes > 0 && kv_bytes() > available_bytes) {
        return Status(ErrorCode::OutOfMemory, "A context of " + std::to_string(capacity.context_size) + " tokens for " +
                                                  std::to_string(capacity.parallel) + " sequences needs " +
                                                  mebibytes(kv_bytes()) + " of KV cache, but only " +
                                                  mebibytes(available_bytes) + " are available.");
    }
    // Every running sequence must fit its token into one decode call.
    capacity.batch_size = std::max(request.batch_size > 0 ? request.batch_size : kDefaultBatch, capacity.parallel);
    return capacity;
}

}  // namespace inferno::llama
