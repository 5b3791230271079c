// The engine thread's half of Engine, third part: from logits to events.
#include <exception>

#include "native/core/clock.h"
#include "native/core/utf8.h"
#include "native/llama/engine.h"
#include "native/llama/logprobs_json.h"
#include "native/llama/tokenizer.h"

namespace inferno::llama {
namespace {

queue::Outcome outcome_of(StopReason reason) {
    if (reason == StopReason::Cancelled) return queue::Outcome::Cancelled;
    return reason == StopReason::Error ? queue::Outcome::Failed : queue::Outcome::Completed;
}

}  // namespace

void Engine::publish_share(const PlannedShare & share) {
    RunningGeneration & generation = *share.generation;
    const auto key = static_cast<queue::RequestKey>(generation.control->id);
    const int32_t computed = share.token_count - share.draft_tokens;
    const bool prefilled = !generation.decodes();
    generation.tokens_cached += computed;
    if (prefilled) {
        prefill_turns_.charge(generation.scheduling.tier, computed);
        const std::lock_guard lock(scheduler_mutex_);
        scheduler_->serve(key, computed, 0);
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
        {
            const std::lock_guard lock(scheduler_mutex_);
            scheduler_->serve(key, 0, 1);
        }
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
    if (generation.completion_tokens == 0) urgent_ = true;
    const int64_t taken_us = now_us();
    const int64_t gap_us = generation.times.take_token(taken_us);
    if (recorder_) recorder_->token(generation.scheduling.tier, gap_us, taken_us);
    if (llama_vocab_is_eog(model_->vocab(), token)) {
        finish_slot(generation, StopReason::Stop);
        return false;
    }
    generation.tokens.push_back(token);
    ++generation.completion_tokens;
    ++generation.pending_tokens;
    tokens_decoded_.fetch_add(1, std::memory_order_relaxed);
    if (generation.logprobs >= 0) {
        const auto logprobs = token_logprobs(logits, token, static_cast<size_t>(generation.logprobs));
        generation.pending_logprobs += generation.pending_logprobs.empty() ? '[' : ',';
        append_logprobs_json(model_->vocab(), logprobs, generation.pending_logprobs);
    }
    const int64_t begun_ticks = recorder_ ? profile::now_ticks() : 0;
    piece_.clear();
    append_token_piece(model_->vocab(), token, generation.shows(token), piece_);
    text_.clear();
    const bool stopped = generation.text.push(piece_, text_);
    if (!text_.empty()) emit_text(generation, text_);
    if (recorder_) generation.times.detokenize_ns += recorder_->interval_ns(begun_ticks, profile::now_ticks());
    if (stopped) {
        finish_slot(generation, StopReason::Stop);
        return false;
    }
    if (generation.completion_tokens == generation.max_tokens || generation.tokens_cached >= context_size_) {
        finish_slot(generation, StopReason::Length);
        return false;
    }
    return true;
}

void Engine::emit_text(RunningGeneration & generation, std::string & text) {
    if (!generation.pending_logprobs.empty()) generation.pending_logprobs += ']';
    if (generation.syntax) {
        parsing_->add_text(generation.control->id, generation.syntax, generation.escape_json, text,
                           generation.pending_tokens, generation.pending_logprobs);
    } else if (generation.escape_json) {
        piece_.clear();
        append_json_escaped(text, piece_);
        outbox_.add_text(generation.control->id, piece_, generation.pending_tokens, generation.pending_logprobs);
    } else {
        outbox_.add_text(generation.control->id, text, generation.pending_tokens, generation.pending_logprobs);
    }
    generation.pending_tokens = 0;
    generation.pending_logprobs.clear();
}

void Engine::finish_slot(RunningGeneration & generation, StopReason reason, Status error) {
    const auto slot = static_cast<size_t>(generation.slot);
    // One that waited for its prefix has not touched what its slot holds.
    if (!generation.awaits_prefix) prefixes_->retire(generation);
    slot_view_[slot] = nullptr;
    sequences_busy_.fetch_sub(1, std::memory_order_relaxed);
    finish(std::move(slots_[slot]), reason, std::move(error));
}

void Engine::finish(GenerationPtr generation, StopReason reason, Status error) {
    const int64_t ended_us = now_us();
    GenerationEnd end;
    end.reason = reason;
    end.error = std::move(error);
    end.stop_string = generation->text.matched_stop();
    if (reason == StopReason::Stop || reason == StopReason::Length) {
        text_.clear();
        generation->text.finish(text_);
        if (!text_.empty() || generation->pending_tokens > 0) emit_text(*generation, text_);
    }
    end.prompt_tokens = generation->prompt_tokens;
    end.cached_tokens = generation->reused_tokens;
    end.drafted_tokens = generation->drafted_tokens;
    end.accepted_tokens = generation->accepted_tokens;
    end.preemptions = generation->preemptions;
    end.completion_tokens = generation->completion_tokens;
    end.times = generation->times.phases(ended_us);
    end.submitted_us = generation->times.submitted_us;
    end.first_token_us = generation->times.first_token_us;
    end.ended_us = ended_us;
    const GenerationId id = generation->control->id;
    if (recorder_) recorder_->ended(id, generation->scheduling.tier, end, generation->times.longest_gap_us);
    if (generation->syntax) {
        parsing_->add_end(id, std::move(end));
    } else {
        outbox_.add_end(id, end);
    }
    urgent_ = true;
    requests_finished_.fetch_add(1, std::memory_order_relaxed);
    if (generation->parked) parked_bytes_ -= generation->parked->bytes.size();
    {
        const std::lock_guard lock(controls_mutex_);
        controls_.erase(id);
    }
    std::vector<queue::RequestKey> dependents;
    {
        const std::lock_guard lock(scheduler_mutex_);
        dependents = scheduler_->finish(static_cast<queue::RequestKey>(id), outcome_of(reason), ended_us);
    }
    for (const queue::RequestKey dependent : dependents) {
        finish_waiting(static_cast<GenerationId>(dependent), StopReason::Error,
                       {ErrorCode::DependencyFailed, "A request that this one depends on did not end well."});
    }
}

}  // namespace inferno::llama
