#include "native/llama/encoder_traits.h"

#include <array>

// The classifier of a model and its pooling have no accessors in llama.h.
#include "llama-model.h"

namespace inferno::llama {
namespace {

struct NamedPooling {
    Pooling pooling;
    const char * name;
};

constexpr std::array<NamedPooling, 5> kPoolings{{
    {LLAMA_POOLING_TYPE_NONE, "none"},
    {LLAMA_POOLING_TYPE_MEAN, "mean"},
    {LLAMA_POOLING_TYPE_CLS, "cls"},
    {LLAMA_POOLING_TYPE_LAST, "last"},
    {LLAMA_POOLING_TYPE_RANK, "rank"},
}};

// Those that llama.cpp gives no KV cache: they see all tokens of an input at once.
bool has_no_memory(llm_arch arch) {
    switch (arch) {
        case LLM_ARCH_BERT:
        case LLM_ARCH_JINA_BERT_V2:
        case LLM_ARCH_JINA_BERT_V3:
        case LLM_ARCH_NOMIC_BERT:
        case LLM_ARCH_NOMIC_BERT_MOE:
        case LLM_ARCH_NEO_BERT:
        case LLM_ARCH_EUROBERT:
        case LLM_ARCH_WAVTOKENIZER_DEC:
        case LLM_ARCH_MODERN_BERT:
        case LLM_ARCH_GEMMA_EMBEDDING:
            return true;
        default:
            return llm_arch_is_diffusion(arch);
    }
}

// Numbers that come out of the classifier; 0: there is none that works. What llama.cpp reads behind it has n_cls_out
// numbers a sequence, whatever the tensors give.
int32_t classifier_width(const llama_model & model) {
    const int64_t expected = model.hparams.n_cls_out;
    const ggml_tensor * last = model.cls_out != nullptr ? model.cls_out : model.cls;
    return last != nullptr && last->ne[1] == expected ? static_cast<int32_t>(expected) : 0;
}

std::vector<std::string> labels_of(const llama_model * model) {
    std::vector<std::string> labels;
    for (uint32_t i = 0; i < llama_model_n_cls_out(model); ++i) {
        const char * label = llama_model_cls_label(model, i);
        labels.emplace_back(label == nullptr || *label == '\0' ? "LABEL_" + std::to_string(i) : label);
    }
    return labels;
}

void describe_classifier(const llama_model * model, EncoderTraits & traits) {
    traits.class_labels = labels_of(model);
    // Their graphs end in a softmax.
    traits.has_probabilities = model->arch == LLM_ARCH_QWEN3 || model->arch == LLM_ARCH_QWEN3VL;
    // One number says how relevant; so does the first of "yes" and "no" where a prompt asks for it.
    traits.ranks = traits.row_length == 1 || llama_model_chat_template(model, "rerank") != nullptr;
    traits.classifies = !traits.ranks;
}

}  // namespace

Result<EncoderTraits> encoder_traits(const llama_model * model, Pooling asked) {
    const llama_hparams & hparams = model->hparams;
    const Pooling in_file = hparams.pooling_type;
    const bool is_pooled = in_file != LLAMA_POOLING_TYPE_UNSPECIFIED && in_file != LLAMA_POOLING_TYPE_NONE;
    EncoderTraits traits;
    traits.is_encoder = is_pooled || !hparams.causal_attn || has_no_memory(model->arch);
    traits.is_recurrent = llama_model_is_recurrent(model) || llama_model_is_hybrid(model);
    traits.row_length = llama_model_n_embd_out(model);
    // A model that generates names no pooling; the mean is what clients of embeddings expect.
    traits.pooling = is_pooled ? in_file : LLAMA_POOLING_TYPE_MEAN;
    if (asked != LLAMA_POOLING_TYPE_UNSPECIFIED) traits.pooling = asked;
    if (traits.pooling != LLAMA_POOLING_TYPE_RANK) return traits;
    traits.row_length = classifier_width(*model);
    if (traits.row_length > 0) {
        describe_classifier(model, traits);
        return traits;
    }
    if (asked == LLAMA_POOLING_TYPE_RANK) {
        return Status(ErrorCode::UnsupportedModel,
                      "This model has no classifier, so it cannot rank documents; pooling rank is for rerankers.");
    }
    return Status(ErrorCode::InvalidModelFile, "The file says that it ranks (its pooling_type is 4), but has no "
                                               "classifier of " +
                                                   std::to_string(hparams.n_cls_out) + " outputs.");
}

const char * pooling_name(Pooling pooling) {
    for (const NamedPooling & named : kPoolings) {
        if (named.pooling == pooling) return named.name;
    }
    return "";
}

Pooling pooling_of(const std::string & name) {
    for (const NamedPooling & named : kPoolings) {
        if (name == named.name) return named.pooling;
    }
    return LLAMA_POOLING_TYPE_UNSPECIFIED;
}

}  // namespace inferno::llama
