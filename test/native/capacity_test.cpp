#include "native/llama/capacity.h"

#include "test/native/check.h"

using namespace inferno;
using namespace inferno::llama;

namespace {
constexpr uint64_t kGiB = 1ull << 30;
constexpr uint64_t kTinyLlamaKv = 22 * 4 * 64 * 2 * 2;
}  // namespace

INFERNO_TEST(capacity_of_a_small_model_is_its_trained_context_for_sixteen) {
    const auto capacity = plan_capacity({0, 0, 0}, 512, 1280, 8 * kGiB);
    CHECK(capacity.is_ok());
    CHECK_EQ(capacity.value().context_size, 512);
    CHECK_EQ(capacity.value().parallel, 16);
    CHECK_EQ(capacity.value().batch_size, 512);
}

INFERNO_TEST(capacity_defaults_stay_within_a_quarter_of_the_memory) {
    for (const uint64_t available : {kGiB / 4, kGiB, 4 * kGiB, 64 * kGiB}) {
        const auto capacity = plan_capacity({0, 0, 0}, 131072, kTinyLlamaKv, available);
        CHECK(capacity.is_ok());
        const uint64_t bytes = kTinyLlamaKv * static_cast<uint64_t>(capacity.value().context_size) *
                               static_cast<uint64_t>(capacity.value().parallel);
        CHECK(bytes <= available / 4);
    }
}

INFERNO_TEST(capacity_explicit_wishes_are_kept_or_refused_with_both_figures) {
    const auto kept = plan_capacity({8192, 2, 0}, 2048, kTinyLlamaKv, 8 * kGiB);
    CHECK(kept.is_ok());
    CHECK_EQ(kept.value().context_size, 8192);
    CHECK_EQ(kept.value().parallel, 2);
    const auto refused = plan_capacity({131072, 64, 0}, 2048, kTinyLlamaKv, kGiB);
    CHECK(!refused.is_ok());
    CHECK(refused.status().code() == ErrorCode::OutOfMemory);
    CHECK(refused.status().message().find("1024 MiB") != std::string::npos);
}

INFERNO_TEST(capacity_out_of_range_is_an_error_and_a_batch_holds_every_sequence) {
    CHECK(plan_capacity({0, 65, 0}, 512, 1280, 0).status().code() == ErrorCode::InvalidArgument);
    CHECK(plan_capacity({0, -1, 0}, 512, 1280, 0).status().code() == ErrorCode::InvalidArgument);
    CHECK_EQ(plan_capacity({512, 64, 8}, 512, 1280, 0).value().batch_size, 64);
}
