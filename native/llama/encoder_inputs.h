// From what a job says to the tokens of its inputs: of one text, or of a query and a document as llama-server writes
// them. Thread safety: the object is constant; a job belongs to one thread.
#pragma once

#include <cstddef>
#include <vector>

#include "native/llama/encoder_job.h"
#include "native/llama/model.h"

namespace inferno::llama {

class EncoderInputs {
  public:
    // `model` must outlive this. `max_tokens`: of one input.
    EncoderInputs(const Model & model, int32_t max_tokens) : model_(model), max_tokens_(max_tokens) {}

    // 1 to `max_tokens` ids of the vocabulary; EmptyPrompt, ContextLengthExceeded or InvalidArgument.
    Result<std::vector<llama_token>> tokens_of(EncoderJob & job, size_t input) const;

    // Roughly, without tokenizing.
    static int64_t expected_tokens(const EncoderJob & job, size_t input);

  private:
    Result<std::vector<llama_token>> text_tokens(const EncoderInput & input, bool truncate) const;
    Result<std::vector<llama_token>> pair_tokens(EncoderJob & job, const std::string & document) const;
    Result<std::vector<llama_token>> prompt_tokens(const char * prompt, const EncoderJob & job,
                                                   const std::string & document) const;
    Status too_long(size_t tokens) const;

    const Model & model_;
    const int32_t max_tokens_;
};

}  // namespace inferno::llama
