#include "native/llama/logprobs_json.h"

#include <cmath>

#include "native/core/utf8.h"
#include "native/llama/tokenizer.h"

namespace inferno::llama {
namespace {

// Without the closing brace, since the chosen token's object goes on.
void append_entry(const llama_vocab * vocab, const TokenLogprob & entry, std::string & json) {
    std::string bytes;
    append_token_piece(vocab, entry.token, true, bytes);
    json += "{\"token\":";
    append_json_string(bytes, json);
    json += ",\"id\":" + std::to_string(entry.token) + ",\"logprob\":";
    // JSON has no infinity; OpenAI reports -9999 for the impossible.
    json += std::isfinite(entry.logprob) ? std::to_string(entry.logprob) : "-9999.0";
    json += ",\"bytes\":[";
    for (size_t i = 0; i < bytes.size(); ++i) {
        if (i > 0) json += ',';
        json += std::to_string(static_cast<unsigned char>(bytes[i]));
    }
    json += ']';
}

}  // namespace

void append_logprobs_json(const llama_vocab * vocab, std::span<const TokenLogprob> logprobs, std::string & json) {
    append_entry(vocab, logprobs.front(), json);
    json += ",\"top\":[";
    for (size_t i = 1; i < logprobs.size(); ++i) {
        if (i > 1) json += ',';
        append_entry(vocab, logprobs[i], json);
        json += '}';
    }
    json += "]}";
}

}  // namespace inferno::llama
