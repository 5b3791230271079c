// The arrays behind a llama_batch, kept between steps so that a step allocates nothing. Thread safety: none.
#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "native/llama/batch_plan.h"

namespace inferno::llama {

class DecodeBatch {
  public:
    // The view is valid until the next call.
    llama_batch assign(std::span<const PlannedToken> planned);

  private:
    std::vector<llama_token> tokens_;
    std::vector<llama_pos> positions_;
    std::vector<int32_t> sequence_counts_;
    std::vector<llama_seq_id> slots_;
    std::vector<llama_seq_id *> slot_pointers_;
    std::vector<int8_t> wants_logits_;
};

}  // namespace inferno::llama
