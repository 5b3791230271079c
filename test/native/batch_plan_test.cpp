#include "native/llama/batch_plan.h"

#include <algorithm>
#include <memory>
#include <random>

#include "test/native/check.h"

using namespace inferno::llama;

namespace {

class Slots {
  public:
    explicit Slots(size_t count) : view_(count, nullptr) {}

    RunningGeneration & decode(size_t slot, int32_t cached = 10) {
        RunningGeneration & generation = add(slot);
        generation.completion_tokens = 1;
        generation.tokens_cached = cached;
        generation.tokens.assign(static_cast<size_t>(cached), 7);
        generation.tokens.push_back(static_cast<llama_token>(100 + slot));
        return generation;
    }

    RunningGeneration & prefill(size_t slot, size_t prompt, int64_t submitted_us = 0) {
        RunningGeneration & generation = add(slot);
        generation.tokens.assign(prompt, 7);
        generation.times.submitted_us = submitted_us;
        return generation;
    }

    std::span<RunningGeneration * const> view() const { return view_; }

  private:
    RunningGeneration & add(size_t slot) {
        owned_.push_back(std::make_unique<RunningGeneration>());
        owned_.back()->control = std::make_shared<GenerationControl>(static_cast<GenerationId>(slot + 1));
        owned_.back()->slot = static_cast<int32_t>(slot);
        view_[slot] = owned_.back().get();
        return *owned_.back();
    }

    std::vector<std::unique_ptr<RunningGeneration>> owned_;
    std::vector<RunningGeneration *> view_;
};

constexpr int32_t kContextSize = 4096;
constexpr BatchLimits kLimits{64, 16, true, kContextSize};

// Prompts in the order of their submission; empty slots hold `resident` cached tokens.
BatchPlan plan(const Slots & slots, const BatchLimits & limits = kLimits, int32_t resident = 0) {
    std::vector<size_t> order;
    for (size_t i = 0; i < slots.view().size(); ++i) {
        const RunningGeneration * generation = slots.view()[i];
        if (generation != nullptr && generation->runnable() && !generation->decodes()) order.push_back(i);
    }
    std::sort(order.begin(), order.end(), [&](size_t a, size_t b) {
        return slots.view()[a]->times.submitted_us < slots.view()[b]->times.submitted_us;
    });
    const std::vector<int32_t> residents(slots.view().size(), resident);
    BatchPlan result;
    plan_batch(slots.view(), order, residents, limits, result);
    return result;
}

}  // namespace

INFERNO_TEST(batch_plan_of_nothing_is_empty) { CHECK(plan(Slots(4)).empty()); }

INFERNO_TEST(batch_plan_each_decoding_sequence_gets_one_token_with_logits) {
    Slots slots(3);
    for (size_t i = 0; i < 3; ++i) slots.decode(i, static_cast<int32_t>(5 + i));
    const BatchPlan result = plan(slots);
    CHECK_EQ(result.decode_tokens, 3);
    CHECK_EQ(result.tokens.size(), 3u);
    for (size_t i = 0; i < 3; ++i) {
        CHECK_EQ(result.tokens[i].slot, static_cast<llama_seq_id>(i));
        CHECK_EQ(result.tokens[i].position, static_cast<llama_pos>(5 + i));
        CHECK(result.tokens[i].wants_logits);
    }
}

INFERNO_TEST(batch_plan_a_prompt_alone_fills_the_batch) {
    Slots slots(2);
    slots.prefill(0, 200);
    const BatchPlan result = plan(slots);
    CHECK_EQ(result.prefill_tokens, 64);
    CHECK_EQ(result.shares.front().logits_index, -1);
}

INFERNO_TEST(batch_plan_only_the_last_prompt_token_wants_logits) {
    Slots slots(1);
    slots.prefill(0, 10).tokens_cached = 4;
    const BatchPlan result = plan(slots);
    CHECK_EQ(result.tokens.size(), 6u);
    CHECK_EQ(result.tokens.front().position, 4);
    CHECK_EQ(std::count_if(result.tokens.begin(), result.tokens.end(), [](const auto & t) { return t.wants_logits; }),
             1);
    CHECK(result.tokens.back().wants_logits);
    CHECK_EQ(result.shares.front().logits_index, 5);
}

INFERNO_TEST(batch_plan_a_prompt_beside_decoding_sequences_is_limited) {
    Slots slots(2);
    slots.decode(0);
    slots.prefill(1, 200);
    const BatchPlan result = plan(slots);
    CHECK_EQ(result.decode_tokens, 1);
    CHECK_EQ(result.prefill_tokens, 16);
}

INFERNO_TEST(batch_plan_the_oldest_prompt_goes_first) {
    Slots slots(2);
    slots.prefill(0, 100, 2000);
    slots.prefill(1, 50, 1000);
    const BatchPlan result = plan(slots);
    CHECK_EQ(result.shares.size(), 2u);
    CHECK_EQ(result.shares[0].token_count, 14);
    CHECK_EQ(result.shares[1].token_count, 50);
}

INFERNO_TEST(batch_plan_paused_and_cancelled_sequences_get_nothing) {
    Slots slots(3);
    slots.decode(0).control->paused = true;
    slots.decode(1).control->cancelled = true;
    slots.decode(2);
    const BatchPlan result = plan(slots);
    CHECK_EQ(result.tokens.size(), 1u);
    CHECK_EQ(result.tokens.front().slot, 2);
}

INFERNO_TEST(batch_plan_bridges_a_small_hole_so_that_slots_stay_contiguous) {
    Slots slots(5);
    slots.decode(0);
    slots.decode(3);
    const BatchPlan result = plan(slots);
    CHECK_EQ(result.bridges.size(), 2u);
    CHECK_EQ(result.tokens.size(), 4u);
    CHECK_EQ(result.shares[1].logits_index, 3);
}

INFERNO_TEST(batch_plan_does_not_bridge_over_a_paused_sequence_or_when_it_cannot) {
    Slots slots(4);
    slots.decode(0);
    slots.decode(1).control->paused = true;
    slots.decode(3);
    CHECK(plan(slots).bridges.empty());
    Slots recurrent(3);
    recurrent.decode(0);
    recurrent.decode(2);
    CHECK(plan(recurrent, {64, 16, false, kContextSize}).bridges.empty());
}

INFERNO_TEST(batch_plan_bridges_behind_what_an_empty_slot_still_holds) {
    Slots slots(3);
    slots.decode(0);
    slots.decode(2);
    const BatchPlan result = plan(slots, kLimits, 33);
    CHECK_EQ(result.bridges.size(), 1u);
    CHECK_EQ(result.tokens[1].position, 33);
    CHECK(plan(slots, kLimits, kContextSize).bridges.empty());
}

INFERNO_TEST(batch_plan_drafts_follow_their_token_and_all_want_logits) {
    Slots slots(2);
    slots.decode(0).draft = {5, 6, 7};
    slots.decode(1);
    const BatchPlan result = plan(slots);
    CHECK_EQ(result.tokens.size(), 5u);
    CHECK_EQ(result.decode_tokens, 2);
    CHECK_EQ(result.draft_tokens, 3);
    CHECK_EQ(result.shares[0].draft_tokens, 3);
    CHECK_EQ(result.shares[1].logits_index, 4);
    for (int32_t i = 0; i < 4; ++i) {
        CHECK_EQ(result.tokens[static_cast<size_t>(i)].position, 10 + i);
        CHECK(result.tokens[static_cast<size_t>(i)].wants_logits);
    }
}

INFERNO_TEST(batch_plan_of_a_step_for_a_prompt_alone_leaves_the_others_out) {
    Slots slots(3);
    slots.decode(0);
    slots.prefill(1, 30);
    slots.decode(2);
    BatchLimits limits = kLimits;
    limits.prefill_only = true;
    const BatchPlan result = plan(slots, limits);
    CHECK_EQ(result.decode_tokens, 0);
    CHECK_EQ(result.prefill_tokens, 30);
    CHECK(result.bridges.empty());
}

INFERNO_TEST(batch_plan_one_that_waits_for_its_prefix_gets_nothing) {
    Slots slots(2);
    slots.prefill(0, 20).awaits_prefix = true;
    slots.decode(1);
    CHECK_EQ(plan(slots).tokens.size(), 1u);
}

// Over random states: the batch fits, slots rise, nobody gets more than it needs, every runnable decoder gets its
// token, and something runnable always makes progress.
INFERNO_TEST(batch_plan_invariants_hold_for_random_states) {
    std::mt19937 random(3);
    for (int round = 0; round < 5000; ++round) {
        const size_t count = 1 + random() % 16;
        Slots slots(count);
        int decoders = 0;
        int runnable = 0;
        for (size_t i = 0; i < count; ++i) {
            const unsigned kind = random() % 4;
            if (kind == 0) continue;
            RunningGeneration & generation =
                kind == 1 ? slots.prefill(i, 1 + random() % 90, static_cast<int64_t>(random() % 50)) : slots.decode(i);
            if (random() % 6 == 0) generation.control->paused = true;
            if (generation.paused()) continue;
            ++runnable;
            if (generation.decodes()) ++decoders;
        }
        const BatchLimits limits{16 + static_cast<int32_t>(random() % 32), 1 + static_cast<int32_t>(random() % 16),
                                 random() % 2 == 0, kContextSize};
        const BatchPlan result = plan(slots, limits);
        CHECK(result.tokens.size() <= static_cast<size_t>(limits.batch_size));
        CHECK_EQ(result.decode_tokens, decoders);
        CHECK_EQ(result.empty(), runnable == 0);
        CHECK(std::is_sorted(result.tokens.begin(), result.tokens.end(),
                             [](const auto & a, const auto & b) { return a.slot < b.slot; }));
        for (const PlannedShare & share : result.shares) {
            if (!share.generation->decodes()) CHECK(share.token_count <= share.generation->tokens_left());
            if (share.logits_index >= 0) CHECK(result.tokens[static_cast<size_t>(share.logits_index)].wants_logits);
        }
    }
}
