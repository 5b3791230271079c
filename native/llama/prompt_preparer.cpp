#include "native/llama/prompt_preparer.h"

#include <algorithm>
#include <exception>

#include "json-schema-to-grammar.h"
#include "json.h"
#include "native/core/clock.h"
#include "native/llama/chat_grammar.h"
#include "native/llama/grammar_text.h"
#include "native/llama/tokenizer.h"

namespace inferno::llama {
namespace {

Result<std::string> grammar_from_schema(const std::string & schema) {
    try {
        return with_finite_numbers(json_schema_to_grammar(common_json::parse(schema)));
    } catch (const std::exception & error) {
        // llama.cpp lists its complaints one per line.
        std::string reason = error.what();
        while (reason.ends_with('\n')) reason.pop_back();
        std::replace(reason.begin(), reason.end(), '\n', ' ');
        return Status(ErrorCode::InvalidGrammar, "The JSON schema cannot be turned into a grammar: " + reason + ".");
    }
}

Status check_tokens_are_given(const GenerationRequest & request) {
    if (!request.suffix.empty()) {
        return {ErrorCode::UnsupportedModel, "This model cannot fill in text between a prefix and a suffix."};
    }
    if (request.kind == PromptKind::Text || (request.kind == PromptKind::Chat && request.tokens.empty())) {
        return {ErrorCode::InvalidArgument, "Expected the prompt's token ids: this engine does not tokenize."};
    }
    return Status::ok();
}

}  // namespace

PromptPreparer::PromptPreparer(std::shared_ptr<const Model> model, int32_t context_size, bool by_tier,
                               Callback on_prepared)
    : model_(std::move(model)),
      context_size_(context_size),
      by_tier_(by_tier),
      on_prepared_(std::move(on_prepared)),
      thread_([this] { run(); }) {}

PromptPreparer::~PromptPreparer() {
    {
        const std::lock_guard lock(mutex_);
        stopping_ = true;
        for (std::deque<Job> & jobs : jobs_) {
            for (Job & job : jobs) job.control->cancelled.store(true, std::memory_order_relaxed);
        }
    }
    wakeup_.notify_one();
    thread_.join();
}

void PromptPreparer::submit(GenerationRequest request, std::shared_ptr<GenerationControl> control) {
    {
        const std::lock_guard lock(mutex_);
        std::deque<Job> & jobs = jobs_[by_tier_ ? queue::index_of(request.scheduling.tier) : 0];
        jobs.push_back({std::move(request), std::move(control), now_us()});
        ++waiting_;
    }
    wakeup_.notify_one();
}

void PromptPreparer::run() {
    std::unique_lock lock(mutex_);
    while (true) {
        wakeup_.wait(lock, [this] { return stopping_ || waiting_ > 0; });
        if (waiting_ == 0) return;
        const auto best = std::find_if(jobs_.begin(), jobs_.end(), [](const auto & jobs) { return !jobs.empty(); });
        Job job = std::move(best->front());
        best->pop_front();
        --waiting_;
        lock.unlock();
        const int64_t begun_us = now_us();
        std::unique_ptr<RunningGeneration> generation = prepare(std::move(job));
        generation->times.tokenize_us = now_us() - begun_us;
        on_prepared_(std::move(generation));
        lock.lock();
    }
}

std::unique_ptr<RunningGeneration> PromptPreparer::prepare(Job job) const {
    auto generation = std::make_unique<RunningGeneration>();
    generation->control = std::move(job.control);
    generation->times.submitted_us = job.submitted_us;
    generation->scheduling = std::move(job.request.scheduling);
    if (generation->cancelled()) return generation;

    GenerationRequest & request = job.request;
    auto tokens = prompt_tokens(request);
    if (!tokens) {
        generation->failure = tokens.status();
        return generation;
    }
    generation->tokens = std::move(tokens).value();
    generation->prompt_tokens = static_cast<int32_t>(generation->tokens.size());
    if (Status status = check_length(generation->tokens.size()); !status) {
        generation->failure = std::move(status);
        return generation;
    }
    if (!request.json_schema.empty()) {
        auto grammar = grammar_from_schema(request.json_schema);
        if (!grammar) {
            generation->failure = grammar.status();
            return generation;
        }
        request.sampling.grammar.grammar = std::move(grammar).value();
    }
    generation->syntax = std::move(request.syntax);
    generation->shown_controls = std::move(request.shown_controls);
    auto sampler = Sampler::create(model_->get(), request.sampling);
    if (!sampler) {
        generation->failure = sampler.status();
        return generation;
    }
    generation->sampler.emplace(std::move(sampler).value());
    generation->sampler->accept_prompt(generation->tokens);
    generation->text = TextStream(std::move(request.stop_strings));
    generation->max_tokens = request.max_tokens;
    generation->logprobs = request.logprobs;
    generation->escape_json = request.escape_json;
    return generation;
}

Result<std::vector<llama_token>> PromptPreparer::prompt_tokens(GenerationRequest & request) const {
    if (!model_->description().supports_generation) {
        const ModelDescription & can = model_->description();
        const char * does = can.supports_ranking          ? "ranks documents"
                            : can.supports_classification ? "classifies texts"
                            : can.supports_embeddings     ? "makes embeddings"
                                                          : "has no decoder that Inferno can run";
        return Status(ErrorCode::TaskUnsupported, std::string("This model ") + does + " and cannot generate text.");
    }
    if (!model_->tokenizes()) {
        if (Status status = check_tokens_are_given(request); !status) return status;
    }
    if (request.kind == PromptKind::Tokens) {
        Status status = check_token_ids(request.tokens, model_->description().vocabulary_size, "prompt");
        if (!status) return status;
        if (request.suffix.empty()) return std::move(request.tokens);
        return infill_prompt(model_->vocab(), request.tokens, request.suffix);
    }
    if (request.kind == PromptKind::Text) {
        auto tokens = tokenize(model_->vocab(), request.prompt, request.suffix.empty(), true);
        if (!tokens || request.suffix.empty()) return tokens;
        return infill_prompt(model_->vocab(), tokens.value(), request.suffix);
    }
    if (!request.tokens.empty()) {
        Status status = check_token_ids(request.tokens, model_->description().vocabulary_size, "prompt");
        if (!status) return status;
    }
    auto rendered = model_->chat_template().render(request.chat);
    if (!rendered) return rendered.status();
    RenderedChat & chat = rendered.value();
    for (std::string & stop : chat.stop_strings) request.stop_strings.push_back(std::move(stop));
    if (chat.syntax) request.shown_controls = control_tokens(model_->vocab(), chat.preserved_tokens);
    request.syntax = std::move(chat.syntax);
    constrain(model_->vocab(), chat, request.reasoning_budget_message, request.sampling.grammar);
    if (!model_->tokenizes()) return std::move(request.tokens);
    return tokenize(model_->vocab(), chat.prompt, true, true);
}

Status PromptPreparer::check_length(size_t prompt_tokens) const {
    if (prompt_tokens == 0) return {ErrorCode::EmptyPrompt, "The prompt has no tokens; expected at least one."};
    if (prompt_tokens < static_cast<size_t>(context_size_)) return Status::ok();
    return {ErrorCode::ContextLengthExceeded, "The prompt has " + std::to_string(prompt_tokens) +
                                                  " tokens, which exceeds the available context size of " +
                                                  std::to_string(context_size_) +
                                                  " tokens (one is needed for the answer)."};
}

}  // namespace inferno::llama
