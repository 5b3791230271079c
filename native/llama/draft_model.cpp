#include "native/llama/draft_model.h"

#include <algorithm>
#include <cmath>
#include <cstring>
#include <exception>

#include "native/llama/memory_use.h"

namespace inferno::llama {
namespace {

// A guess less likely than this is mostly wrong, and so is all that follows it.
constexpr double kMinProbability = 0.4;

bool same_vocabulary(const llama_vocab * a, const llama_vocab * b) {
    if (llama_vocab_type(a) != llama_vocab_type(b) || llama_vocab_n_tokens(a) != llama_vocab_n_tokens(b)) return false;
    for (llama_token token = 0; token < llama_vocab_n_tokens(a); ++token) {
        if (std::strcmp(llama_vocab_get_text(a, token), llama_vocab_get_text(b, token)) != 0) return false;
    }
    return true;
}

}  // namespace

Result<std::unique_ptr<DraftModel>> DraftModel::create(std::shared_ptr<const Model> draft, const Model & target,
                                                       int32_t context_size, int32_t parallel, int32_t batch_size) {
    if (!same_vocabulary(draft->vocab(), target.vocab())) {
        return Status(ErrorCode::UnsupportedModel,
                      "The draft model has another vocabulary than the model it is to speak for.");
    }
    std::unique_ptr<DraftModel> result(new DraftModel());
    result->model_ = std::move(draft);
    result->batch_size_ = batch_size;
    result->computed_.resize(static_cast<size_t>(parallel));
    llama_context_params params = llama_context_default_params();
    params.n_ctx = static_cast<uint32_t>(context_size) * static_cast<uint32_t>(parallel);
    params.n_batch = static_cast<uint32_t>(batch_size);
    params.n_ubatch = params.n_batch;
    params.n_seq_max = static_cast<uint32_t>(parallel);
    params.n_outputs_max = 1;
    params.kv_unified = false;
    params.flash_attn_type = result->model_->attention_type();
    params.no_perf = true;
    try {
        result->context_.reset(llama_init_from_model(result->model_->get(), params));
    } catch (const std::exception &) {
        // As a null context.
    }
    if (!result->context_) return Status(ErrorCode::OutOfMemory, "The draft model's context could not be created.");
    return result;
}

void DraftModel::set_threads(int threads) { llama_set_n_threads(context_.get(), threads, threads); }

uint64_t DraftModel::memory_bytes() const { return context_memory_bytes(context_.get()); }

// Computes computed_[slot][from..]; the logits of the last token are then at hand.
bool DraftModel::decode(int32_t slot, size_t from) {
    const std::vector<llama_token> & tokens = computed_[static_cast<size_t>(slot)];
    for (size_t begin = from; begin < tokens.size(); begin += static_cast<size_t>(batch_size_)) {
        const size_t end = std::min(tokens.size(), begin + static_cast<size_t>(batch_size_));
        planned_.clear();
        for (size_t i = begin; i < end; ++i) {
            planned_.push_back({tokens[i], static_cast<llama_pos>(i), slot, i + 1 == tokens.size()});
        }
        try {
            if (llama_decode(context_.get(), batch_.assign(planned_)) != 0) return false;
        } catch (const std::exception &) {
            return false;
        }
    }
    return true;
}

// Brings the slot's cache to the generation's tokens. False leaves it empty.
bool DraftModel::catch_up(RunningGeneration & generation) {
    std::vector<llama_token> & computed = computed_[static_cast<size_t>(generation.slot)];
    const auto length = static_cast<ptrdiff_t>(std::min(computed.size(), generation.tokens.size() - 1));
    const auto shared = static_cast<size_t>(
        std::mismatch(computed.begin(), computed.begin() + length, generation.tokens.begin()).first - computed.begin());
    llama_memory_t memory = llama_get_memory(context_.get());
    size_t from = shared;
    if (!llama_memory_seq_rm(memory, generation.slot, static_cast<llama_pos>(shared), -1)) {
        llama_memory_seq_rm(memory, generation.slot, -1, -1);
        from = 0;
    }
    computed = generation.tokens;
    if (decode(generation.slot, from)) return true;
    llama_memory_seq_rm(memory, generation.slot, -1, -1);
    computed.clear();
    return false;
}

void DraftModel::draft(RunningGeneration & generation, int32_t depth) {
    generation.draft.clear();
    if (!catch_up(generation)) return;
    std::vector<llama_token> & computed = computed_[static_cast<size_t>(generation.slot)];
    const auto vocabulary = static_cast<size_t>(model_->description().vocabulary_size);
    while (static_cast<int32_t>(generation.draft.size()) < depth) {
        const float * logits = llama_get_logits_ith(context_.get(), -1);
        if (logits == nullptr) return;
        const float * best = std::max_element(logits, logits + vocabulary);
        double sum = 0.0;
        for (size_t i = 0; i < vocabulary; ++i) sum += std::exp(static_cast<double>(logits[i] - *best));
        const auto token = static_cast<llama_token>(best - logits);
        if (1.0 / sum < kMinProbability || llama_vocab_is_eog(model_->vocab(), token)) return;
        generation.draft.push_back(token);
        if (static_cast<int32_t>(generation.draft.size()) == depth) return;
        computed.push_back(token);
        if (!decode(generation.slot, computed.size() - 1)) return;
    }
}

}  // namespace inferno::llama
