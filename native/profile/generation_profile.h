// One generation that ended, as the engine saw it: NativeGenerationProfile of lib/native-types.ts and the memory at
// that time. A plain value; together with the version of its slot it fills two cache lines of a ProfileRing.
#pragma once

#include <cstdint>
#include <type_traits>

#include "native/profile/profile_ring.h"

namespace inferno::profile {

enum class Outcome : uint8_t { Stop = 0, Length = 1, Cancelled = 2, Error = 3 };

struct GenerationProfile {
    // On the steady clock; first_token_us is 0 when there was none.
    int64_t submitted_us = 0;
    int64_t first_token_us = 0;
    int64_t ended_us = 0;
    // Their sum is ended - submitted.
    int64_t tokenize_us = 0;
    int64_t queue_us = 0;
    int64_t prefill_us = 0;
    int64_t decode_us = 0;
    int64_t detokenize_us = 0;
    // The longest time between two tokens.
    int64_t max_inter_token_us = 0;
    // When it ended: what the process has in RAM, what the model holds on its devices.
    uint64_t resident_bytes = 0;
    uint64_t device_bytes = 0;
    int32_t generation = 0;
    int32_t prompt_tokens = 0;
    int32_t cached_tokens = 0;
    int32_t completion_tokens = 0;
    int32_t drafted_tokens = 0;
    int32_t accepted_tokens = 0;
    int32_t preemptions = 0;
    uint8_t tier = 0;
    Outcome outcome = Outcome::Stop;
    // So that every byte is a value: the ring copies all of them.
    uint16_t reserved = 0;
};

static_assert(sizeof(GenerationProfile) == 120, "with 8 bytes of version two cache lines");
static_assert(std::has_unique_object_representations_v<GenerationProfile>, "no padding that would be copied unset");

using GenerationRing = ProfileRing<GenerationProfile>;

}  // namespace inferno::profile
