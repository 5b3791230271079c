#include "native/llama/encoder_inputs.h"

#include <algorithm>
#include <string_view>

#include "native/core/utf8.h"
#include "native/llama/tokenizer.h"

namespace inferno::llama {
namespace {

using Tokens = std::vector<llama_token>;

// A shorter text can have more tokens than its share of the longer one; it is cut again so often at most.
constexpr int kMaxCuts = 8;
constexpr int64_t kBytesPerToken = 4;

void append(Tokens & out, llama_token token) {
    if (token != LLAMA_TOKEN_NULL) out.push_back(token);
}

// How much of either text stays when both have `room`: the longer one is cut first.
std::pair<size_t, size_t> fit_together(size_t first, size_t second, size_t room) {
    if (first + second <= room) return {first, second};
    const size_t half = room / 2;
    if (first <= half) return {first, room - first};
    if (second <= half) return {room - second, second};
    return {room - half, half};
}

// Single tokens of the vocabulary around and between two texts, as llama-server's format_prompt_rerank puts them.
Tokens joined(const llama_vocab * vocab, std::span<const llama_token> query, std::span<const llama_token> document) {
    const llama_token separator = llama_vocab_sep(vocab);
    const llama_token end = llama_vocab_eos(vocab) != LLAMA_TOKEN_NULL ? llama_vocab_eos(vocab) : separator;
    Tokens out;
    if (llama_vocab_get_add_bos(vocab)) append(out, llama_vocab_bos(vocab));
    out.insert(out.end(), query.begin(), query.end());
    if (llama_vocab_get_add_eos(vocab)) append(out, end);
    if (llama_vocab_get_add_sep(vocab)) append(out, separator);
    out.insert(out.end(), document.begin(), document.end());
    if (llama_vocab_get_add_eos(vocab)) append(out, end);
    return out;
}

// In one pass, so that a query cannot say where the document goes.
std::string filled(std::string_view prompt, std::string_view query, std::string_view document) {
    constexpr std::string_view kQuery = "{query}";
    constexpr std::string_view kDocument = "{document}";
    std::string out;
    while (!prompt.empty()) {
        const size_t brace = std::min(prompt.find('{'), prompt.size());
        out += prompt.substr(0, brace);
        prompt.remove_prefix(brace);
        if (prompt.starts_with(kQuery)) {
            out += query;
            prompt.remove_prefix(kQuery.size());
        } else if (prompt.starts_with(kDocument)) {
            out += document;
            prompt.remove_prefix(kDocument.size());
        } else if (!prompt.empty()) {
            out += prompt.front();
            prompt.remove_prefix(1);
        }
    }
    return out;
}

}  // namespace

int64_t EncoderInputs::expected_tokens(const EncoderJob & job, size_t input) {
    const EncoderInput & given = job.inputs[input];
    if (!given.tokens.empty()) return static_cast<int64_t>(given.tokens.size());
    return 1 + static_cast<int64_t>(given.text.size() + job.query.size()) / kBytesPerToken;
}

Result<Tokens> EncoderInputs::tokens_of(EncoderJob & job, size_t input) const {
    const EncoderInput & given = job.inputs[input];
    Result<Tokens> tokens = [&]() -> Result<Tokens> {
        if (job.task != EncoderTask::Rank) return text_tokens(given, job.truncate);
        const char * prompt = llama_model_chat_template(model_.get(), "rerank");
        return prompt == nullptr ? pair_tokens(job, given.text) : prompt_tokens(prompt, job, given.text);
    }();
    if (!tokens) return tokens;
    if (tokens.value().empty()) {
        return Status(ErrorCode::EmptyPrompt, "An input has no tokens; expected at least one.");
    }
    if (tokens.value().size() > static_cast<size_t>(max_tokens_)) return too_long(tokens.value().size());
    return tokens;
}

Status EncoderInputs::too_long(size_t tokens) const {
    return {ErrorCode::ContextLengthExceeded, "An input has " + std::to_string(tokens) +
                                                  " tokens; this model takes at most " + std::to_string(max_tokens_) +
                                                  "."};
}

Result<Tokens> EncoderInputs::text_tokens(const EncoderInput & input, bool truncate) const {
    const bool is_text = input.tokens.empty();
    if (!is_text) {
        const int32_t vocabulary_size = model_.description().vocabulary_size;
        if (Status status = check_token_ids(input.tokens, vocabulary_size, "input"); !status) return status;
    }
    Result<Tokens> tokens = is_text ? tokenize(model_.vocab(), input.text, true, false) : Result<Tokens>(input.tokens);
    const auto most = static_cast<size_t>(max_tokens_);
    if (!tokens || !truncate || tokens.value().size() <= most) return tokens;
    Tokens & cut = tokens.value();
    const llama_token last = cut.back();
    cut.resize(most);
    // A text that is cut still ends as every text does.
    const bool is_end = last == llama_vocab_eos(model_.vocab()) || last == llama_vocab_sep(model_.vocab());
    if (is_text && is_end) cut.back() = last;
    return tokens;
}

Result<Tokens> EncoderInputs::pair_tokens(EncoderJob & job, const std::string & text) const {
    const llama_vocab * vocab = model_.vocab();
    if (!job.query_tokens) {
        auto query = tokenize(vocab, job.query, false, false);
        if (!query) return query;
        job.query_tokens = std::move(query).value();
    }
    auto tokenized = tokenize(vocab, text, false, false);
    if (!tokenized) return tokenized;
    std::span<const llama_token> query = *job.query_tokens;
    std::span<const llama_token> document = tokenized.value();
    if (job.truncate) {
        const size_t frame = joined(vocab, {}, {}).size();
        const auto most = static_cast<size_t>(max_tokens_);
        const auto [kept_query, kept_document] =
            fit_together(query.size(), document.size(), most > frame ? most - frame : 0);
        query = query.first(kept_query);
        document = document.first(kept_document);
    }
    return joined(vocab, query, document);
}

Result<Tokens> EncoderInputs::prompt_tokens(const char * prompt, const EncoderJob & job,
                                            const std::string & document) const {
    const llama_vocab * vocab = model_.vocab();
    Result<Tokens> tokens = tokenize(vocab, filled(prompt, job.query, document), false, true);
    const auto most = static_cast<size_t>(max_tokens_);
    if (!tokens || !job.truncate || tokens.value().size() <= most) return tokens;
    auto words = tokenize(vocab, document, false, false);
    if (!words) return words;
    size_t kept = words.value().size();
    for (int cut = 0; cut < kMaxCuts && tokens.value().size() > most; ++cut) {
        const size_t excess = tokens.value().size() - most;
        // The rest is too long without any document.
        if (kept == 0) return too_long(tokens.value().size());
        kept = kept > excess ? kept - excess : 0;
        auto text = detokenize(vocab, std::span<const llama_token>(words.value()).first(kept), false, false);
        if (!text) return text.status();
        text.value().resize(complete_utf8_prefix(text.value()));
        tokens = tokenize(vocab, filled(prompt, job.query, text.value()), false, true);
        if (!tokens) return tokens;
    }
    return tokens;
}

}  // namespace inferno::llama
