// The engine thread's half of Engine, third part: from logits to tokens.
#include "native/llama/engine.h"

namespace inferno::llama {
void Engine::publish_share(const PlannedShare & share) {
    RunningGeneration & generation = *share.generation;
    const int32_t computed = share.token_count - share.draft_tokens;
    const bool prefilled = !generation.decodes();
    generation.tokens_cached += computed;
    if (prefilled) {
        prefill_turns_.charge(generation.scheduling.tier, computed);
        desk_.serve(generation, computed, 0);
    }
    if (share.logits_index < 0) return;
    if (Status status = sample_share(share); !status) {
        const int32_t slot = generation.slot;
        finish_slot(generation, StopReason::Error, std::move(status));
        prefixes_->clear(slot);
        return;
    }
    const int32_t slot = generation.slot;
    if (sampled_.empty()) {
        // Nothing is sure: the same token once more, alone.
        --generation.tokens_cached;
        cut_sequence(context_.get(), slot, generation.tokens_cached);
        speculation_->record_outcome(generation, share.draft_tokens, 0, true);
        generation.draft.clear();
        return;
    }
    const int32_t cached = generation.tokens_cached;
    const auto accepted = static_cast<int32_t>(sampled_.size()) - 1;
    if (share.draft_tokens > 0) {
        // Where a close choice ended it, the last sampled token was a right guess, too; it is computed again with what
        // follows.
        const int32_t right = accepted + (generation.skips_draft ? 1 : 0);
        speculation_->record_outcome(generation, share.draft_tokens, right, generation.skips_draft);
        tokens_drafted_.fetch_add(static_cast<uint64_t>(share.draft_tokens), std::memory_order_relaxed);
        tokens_accepted_.fetch_add(static_cast<uint64_t>(right), std::memory_order_relaxed);
        if (accepted < share.draft_tokens) cut_sequence(context_.get(), slot, cached + accepted);
        generation.draft.clear();
    }
    for (int32_t i = 0; i <= accepted; ++i) {
        // A guess that was right has its cell already.
        generation.tokens_cached = cached + i;
        const std::span<const float> logits = logits_of(share.logits_index + i);
        if (accept_token(generation, sampled_[static_cast<size_t>(i)], logits)) continue;
        // It ended among its guesses: the cells behind are not part of what it said.
        if (i < accepted) cut_sequence(context_.get(), slot, cached + i);
        return;
    }
}

std::span<float> Engine::logits_of(int32_t index) {
    float * raw = llama_get_logits_ith(context_.get(), index);
    return raw == nullptr ? std::span<float>{}
                          : std::span(raw, static_cast<size_t>(model_->description().vocabulary_size));
}

// Sets sampled_ to the tokens that the share's logits say, as far as its guesses were right, and one more. What a guess
// must not decide, a choice so close that the shape of the batch could have made it, is left to a step without guesses.
Status Engine::sample_share(const PlannedShare & share) {
    RunningGeneration & generation = *share.generation;
    sampled_.clear();
    for (int32_t i = 0; i <= share.draft_tokens; ++i) {
        const std::span<float> logits = logits_of(share.logits_index + i);
        if (logits.empty()) return {ErrorCode::DecodeFailed, "llama.cpp gave no logits for a sequence."};
        if (share.draft_tokens > 0 && generation.sampler->is_close_call(logits)) {
            generation.skips_draft = true;
            break;
        }
        Result<llama_token> token = generation.sampler->sample(logits, candidates_);
        if (!token) {
            if (sampled_.empty()) return token.status();
            break;
        }
        sampled_.push_back(token.value());
        if (i == share.draft_tokens || token.value() != generation.draft[static_cast<size_t>(i)]) break;
        if (llama_vocab_is_eog(model_->vocab(), token.value())) break;
    }
    return Status::ok();
}

// False when that was its last token; the generation is then gone.
bool Engine::accept_token(RunningGeneration & generation, llama_token token, std::span<const float> logits) {
    const std::optional<StopReason> reason = desk_.take_token(generation, token, logits);
    if (!reason) return true;
    finish_slot(generation, *reason);
    return false;
}

void Engine::finish_slot(RunningGeneration & generation, StopReason reason, Status error) {
    const auto slot = static_cast<size_t>(generation.slot);
    // One that waited for its prefix has not touched what its slot holds.
    if (!generation.awaits_prefix) prefixes_->retire(generation);
    slot_view_[slot] = nullptr;
    desk_.finish(std::move(slots_[slot]), reason, std::move(error));
}

}  // namespace inferno::llama
