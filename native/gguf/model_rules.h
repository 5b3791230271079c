// What llama.cpp asserts about the metadata and tensors of a sound header. Pure functions. All fail with
// InvalidModelFile, or with UnsupportedModel when the file is fine but not for this engine.
#pragma once

#include <string>
#include <vector>

#include "native/core/status.h"
#include "native/gguf/header.h"

namespace inferno::gguf {

// The keys below "ARCHITECTURE.". REQUIRES: `header` was read from `source`.
Status check_hyperparameters(const Header & header, ByteSource & source);

// The keys below "tokenizer.". REQUIRES: `header` was read from `source`.
Status check_tokenizer(const Header & header, ByteSource & source);

// Shapes and types of the tensors, for the architectures whose layout is known here. `tensors` are those of all parts
// of the model. REQUIRES: check_hyperparameters() and check_tokenizer() passed.
Status check_tensors(const Header & header, ByteSource & source, const std::vector<Tensor> & tensors);

// Items of tokenizer.ggml.tokens, or the number in ARCHITECTURE.vocab_size; 0 when there is neither.
uint64_t vocabulary_size(const Header & header);

// Whether the computation of this architecture is known here to be the one of llama (see check_tensors()).
bool is_llama_like(std::string_view architecture);

// The value of a key that is a number or has one for each layer; empty when the key is missing. `layers` values
// otherwise. Fails when it is neither, or an array of another length.
Result<std::vector<uint32_t>> per_layer_numbers(const Header & header, ByteSource & source, const std::string & key,
                                                uint32_t layers);

}  // namespace inferno::gguf
