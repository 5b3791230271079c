// What a model's file says about vectors and classes: how tokens are pooled, whether there is a classifier, and whether
// it was made for that alone. Thread safety: free functions over a constant model.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "llama.h"
#include "native/core/status.h"

namespace inferno::llama {

// llama.h has a function of the same name.
using Pooling = enum ::llama_pooling_type;

struct EncoderTraits {
    // How one row comes from the tokens of an input; never LLAMA_POOLING_TYPE_UNSPECIFIED.
    Pooling pooling = LLAMA_POOLING_TYPE_MEAN;
    // It computes vectors or classes and no text: it sees all tokens at once, or its file says how to pool.
    bool is_encoder = false;
    // Its state is one of a sequence, not of tokens: several inputs in a decode would each need one.
    bool is_recurrent = false;
    bool ranks = false;              // its classifier says how relevant a text is to another
    bool classifies = false;         // or what a text is
    bool has_probabilities = false;  // what the classifier gives needs no sigmoid or softmax
    int32_t row_length = 0;          // floats of a row; of pooling none, of each token
    std::vector<std::string> class_labels;
};

// `asked` is LLAMA_POOLING_TYPE_UNSPECIFIED for what the file says. Fails with UnsupportedModel when a classifier is
// asked for that the model does not have, InvalidModelFile when its file asks for it.
Result<EncoderTraits> encoder_traits(const llama_model * model, Pooling asked);

// "none", "mean", "cls", "last" or "rank"; empty for LLAMA_POOLING_TYPE_UNSPECIFIED.
const char * pooling_name(Pooling pooling);
// LLAMA_POOLING_TYPE_UNSPECIFIED for any other name.
Pooling pooling_of(const std::string & name);

}  // namespace inferno::llama
