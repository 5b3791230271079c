// What an encoder is asked for: a list of inputs, and what becomes of each. Thread safety: none; handed over by value.
#pragma once

#include <atomic>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "llama.h"
#include "native/core/status.h"
#include "native/queue/tier.h"

namespace inferno::llama {

enum class EncoderTask : uint8_t {
    Embed,     // a vector
    Rank,      // one number: how relevant the input is to the query
    Classify,  // a number for each class
};

struct EncoderInput {
    std::string text;                 // tokenized with the special tokens that the model wants
    std::vector<llama_token> tokens;  // taken as they are; used when not empty
};

struct EncoderResult {
    std::vector<std::vector<float>> rows;  // one per input, in their order
    int32_t tokens = 0;                    // of all inputs
};

struct EncoderJob {
    EncoderTask task = EncoderTask::Embed;
    std::string query;  // of Rank
    std::vector<EncoderInput> inputs;
    bool normalize = true;  // vectors to unit L2 length
    bool raw = false;       // scores as the classifier gives them, not 0 to 1
    bool truncate = false;  // what is too long is cut instead of refused
    queue::Tier tier = queue::Tier::Normal;
    uint64_t user = 0;        // hash of the user's name; 0: everybody who gave none
    int64_t deadline_us = 0;  // until then every input must have begun; 0: none
    // Called once, on the engine thread, or on the caller's when the engine has stopped.
    std::function<void(Result<EncoderResult>)> done;
    // Set by any thread; looked at between and in decodes, with relaxed order because it carries no data.
    std::shared_ptr<std::atomic<bool>> cancelled = std::make_shared<std::atomic<bool>>(false);

    // Progress, kept by the encoder.
    std::optional<std::vector<llama_token>> query_tokens;
    EncoderResult result;
    size_t left = 0;
};

}  // namespace inferno::llama
