// inferno-probe FILE LIBRARY_DIRECTORY [gguf|onnx]: does once with an unknown model file what the engine will do with
// it, in a process that may die of it.
//   exit 0: everything worked
//   exit 2: a clean refusal; one line of JSON on stdout, {"code": …, "message": …}
//   anything else, above all a signal: the file makes llama.cpp or ONNX Runtime abort or crash; the last line on stderr
//   says why
#include <algorithm>
#include <array>
#include <cstdio>
#include <cstdlib>
#include <exception>
#include <string>
#include <string_view>
#include <vector>

#if defined(_WIN32)
#include <windows.h>
#else
#include <sys/resource.h>
#endif

#include "ggml.h"
#include "llama.h"
#include "native/core/available_cores.h"
#include "native/core/status.h"
#include "native/core/utf8.h"
#include "native/gguf/gguf_check.h"
#include "native/llama/backend.h"
#include "native/llama/chat_template.h"
#include "native/llama/encoder_traits.h"
#include "native/llama/handles.h"
#include "native/llama/tokenizer.h"
#include "native/onnx/runtime.h"
#include "native/onnx/session.h"

namespace inferno::llama {
namespace {

constexpr int kExitRefused = 2;
constexpr uint32_t kContextSize = 64;
constexpr int32_t kSequences = 2;
constexpr int32_t kTokensPerSequence = 3;
constexpr int32_t kSteps = 2;
constexpr uint64_t kOneThreadBytes = 1ULL << 30;

// Words, several scripts, whitespace, control text, bytes that need a fallback.
constexpr std::array<std::string_view, 5> kTexts{
    "Hello, world! 123",
    "",
    " \n\t  leading blanks",
    "日本語 русский עברית \xf0\x9f\x94\xa5 e\xcc\x81",
    "<|im_start|>user\n</s><|end|>\x01\x7f",
};

// Why llama.cpp refused: it returns null and logs. Written by whichever thread of it logs, read when none runs.
std::string & logged_reason() {
    static std::string reason;
    return reason;
}

// The line that names the cause comes first; the ones behind it, one from each caller, say only that loading failed.
void keep_first_error(ggml_log_level level, const char * text, void * /*user_data*/) {
    if (level != GGML_LOG_LEVEL_ERROR || text == nullptr || !logged_reason().empty()) return;
    std::string_view line(text);
    // "function: message"
    const size_t name_end = line.find(": ");
    if (name_end != std::string_view::npos && line.find(' ') > name_end) line.remove_prefix(name_end + 2);
    constexpr std::string_view kPrefix = "error loading model: ";
    if (line.starts_with(kPrefix)) line.remove_prefix(kPrefix.size());
    while (!line.empty() && (line.back() == '\n' || line.back() == '.')) line.remove_suffix(1);
    logged_reason() = line;
}

Status refused(const std::string & what) {
    const std::string & reason = logged_reason();
    return {ErrorCode::InvalidModelFile, what + (reason.empty() ? "." : ": " + reason + ".")};
}

Status use_metadata(const llama_model * model) {
    std::array<char, 256> text{};
    llama_model_desc(model, text.data(), text.size());
    for (int32_t i = 0; i < llama_model_meta_count(model); ++i) {
        llama_model_meta_key_by_index(model, i, text.data(), text.size());
        llama_model_meta_val_str_by_index(model, i, text.data(), text.size());
    }
    auto chat_template = ChatTemplate::create(model);
    if (!chat_template) return chat_template.status();
    // A template may refuse these messages and be good for others.
    ChatInput input;
    input.messages_json = R"([{"role":"user","content":"Hello"}])";
    static_cast<void>(chat_template.value()->render(input));
    return Status::ok();
}

Status use_vocabulary(const llama_vocab * vocab) {
    if (llama_vocab_type(vocab) == LLAMA_VOCAB_TYPE_NONE) return Status::ok();
    for (const std::string_view text : kTexts) {
        for (const bool special : {false, true}) {
            auto tokens = tokenize(vocab, text, special, special);
            if (!tokens) return tokens.status();
            auto back = detokenize(vocab, tokens.value(), special, special);
            if (!back) return back.status();
        }
    }
    std::string piece;
    for (llama_token token = 0; token < llama_vocab_n_tokens(vocab); ++token) {
        for (const bool special : {false, true}) {
            piece.clear();
            append_token_piece(vocab, token, special, piece);
        }
        static_cast<void>(llama_vocab_is_eog(vocab, token));
        static_cast<void>(llama_vocab_is_control(vocab, token));
    }
    return Status::ok();
}

void add_token(llama_batch & batch, llama_token token, llama_pos position, llama_seq_id sequence, bool has_output) {
    const int32_t i = batch.n_tokens++;
    batch.token[i] = token;
    batch.pos[i] = position;
    batch.n_seq_id[i] = 1;
    batch.seq_id[i][0] = sequence;
    batch.logits[i] = has_output ? 1 : 0;
}

// Some tokens of either sequence, then one more of each, sampled.
Status decode_steps(llama_context * context, int32_t vocabulary_size) {
    const SamplerHandle sampler(llama_sampler_chain_init(llama_sampler_chain_default_params()));
    llama_sampler_chain_add(sampler.get(), llama_sampler_init_top_k(40));
    llama_sampler_chain_add(sampler.get(), llama_sampler_init_top_p(0.95F, 1));
    llama_sampler_chain_add(sampler.get(), llama_sampler_init_temp(0.8F));
    llama_sampler_chain_add(sampler.get(), llama_sampler_init_dist(1));
    llama_batch batch = llama_batch_init(kSequences * kTokensPerSequence, 0, 1);
    std::array<llama_token, kSequences> next{};
    Status status;
    for (int32_t step = 0; step < kSteps && status; ++step) {
        batch.n_tokens = 0;
        const int32_t count = step == 0 ? kTokensPerSequence : 1;
        for (int32_t sequence = 0; sequence < kSequences; ++sequence) {
            for (int32_t i = 0; i < count; ++i) {
                const llama_token token = step == 0 ? (sequence + i) % vocabulary_size : next[sequence];
                const llama_pos position = step == 0 ? i : kTokensPerSequence + step - 1;
                add_token(batch, token, position, sequence, i == count - 1);
            }
        }
        const int32_t result = llama_decode(context, batch);
        if (result != 0) status = refused("llama.cpp cannot compute with the model (" + std::to_string(result) + ")");
        for (int32_t sequence = 0; sequence < kSequences && status; ++sequence) {
            const llama_token token = llama_sampler_sample(sampler.get(), context, (sequence + 1) * count - 1);
            next[sequence] = std::clamp(token, 0, vocabulary_size - 1);
        }
    }
    llama_batch_free(batch);
    return status;
}

Status generate(llama_model * model, int32_t vocabulary_size, int threads) {
    llama_context_params params = llama_context_default_params();
    params.n_ctx = kContextSize;
    params.n_batch = kContextSize;
    params.n_ubatch = kContextSize;
    params.n_seq_max = kSequences;
    params.n_threads = threads;
    params.n_threads_batch = threads;
    params.kv_unified = false;
    params.no_perf = true;
    const ContextHandle context(llama_init_from_model(model, params));
    if (!context) return refused("llama.cpp cannot create a context for the model");
    return decode_steps(context.get(), vocabulary_size);
}

// As the encoder does, with inputs of different lengths; a model that gives no row is no fault of the file.
Status encode(llama_model * model, const EncoderTraits & traits, int32_t vocabulary_size, int threads) {
    llama_context_params params = llama_context_default_params();
    params.n_ctx = kContextSize;
    params.n_batch = kContextSize;
    params.n_ubatch = kContextSize;
    const int32_t sequences = traits.is_recurrent ? 1 : kSequences;
    params.n_seq_max = static_cast<uint32_t>(sequences);
    params.kv_unified = true;
    params.n_threads = threads;
    params.n_threads_batch = threads;
    params.embeddings = true;
    params.pooling_type = traits.pooling;
    params.no_perf = true;
    const ContextHandle context(llama_init_from_model(model, params));
    if (!context) return refused("llama.cpp cannot create a context for the inputs of the model");
    // A model that was trained for fewer tokens than these gets no more.
    const int32_t most = std::max(1, std::min(kTokensPerSequence, llama_model_n_ctx_train(model)));
    llama_batch batch = llama_batch_init(kSequences * kTokensPerSequence, 0, 1);
    for (int32_t sequence = 0; sequence < sequences; ++sequence) {
        for (int32_t i = 0; i < std::max(1, most - sequence); ++i) {
            add_token(batch, (sequence + i) % vocabulary_size, i, sequence, true);
        }
    }
    const bool has_memory = llama_get_memory(context.get()) != nullptr;
    static_cast<void>(has_memory ? llama_decode(context.get(), batch) : llama_encode(context.get(), batch));
    for (int32_t sequence = 0; sequence < sequences; ++sequence) {
        static_cast<void>(llama_get_embeddings_seq(context.get(), sequence));
    }
    llama_batch_free(batch);
    return Status::ok();
}

// The file's own pooling, and its classifier where it has one, which can be asked for at loading.
Status encode_all(llama_model * model, int32_t vocabulary_size, int threads) {
    auto traits = encoder_traits(model, LLAMA_POOLING_TYPE_UNSPECIFIED);
    if (!traits) return traits.status();
    if (Status status = encode(model, traits.value(), vocabulary_size, threads); !status) return status;
    if (traits.value().pooling == LLAMA_POOLING_TYPE_RANK) return Status::ok();
    const auto ranking = encoder_traits(model, LLAMA_POOLING_TYPE_RANK);
    return ranking ? encode(model, ranking.value(), vocabulary_size, threads) : Status::ok();
}

Status compute(llama_model * model, int threads) {
    const llama_vocab * vocab = llama_model_get_vocab(model);
    const int32_t vocabulary_size = llama_vocab_n_tokens(vocab);
    // What the engine offers for a model: see describe() in model.cpp.
    if (vocabulary_size == 0 || llama_vocab_type(vocab) == LLAMA_VOCAB_TYPE_NONE || llama_model_has_encoder(model)) {
        return Status::ok();
    }
    auto traits = encoder_traits(model, LLAMA_POOLING_TYPE_UNSPECIFIED);
    if (!traits) return traits.status();
    if (llama_model_has_decoder(model) && !traits.value().is_encoder) {
        if (Status status = generate(model, vocabulary_size, threads); !status) return status;
    }
    return encode_all(model, vocabulary_size, threads);
}

Status probe(const std::string & path, const std::string & library_directory) {
    auto summary = gguf::check_gguf(path);
    if (!summary) return summary.status();
    if (Status status = initialize_backend(library_directory); !status) return status;
    llama_model_params params = llama_model_default_params();
    params.n_gpu_layers = 0;
    // Repacking copies all weights, and no file content decides how.
    params.use_extra_bufts = false;
    params.vocab_only = summary.value().tensor_count == 0;
    llama_log_set(keep_first_error, nullptr);
    const ModelHandle model(llama_model_load_from_file(path.c_str(), params));
    if (!model) return refused("llama.cpp cannot load the model");
    if (Status status = use_metadata(model.get()); !status) return status;
    if (Status status = use_vocabulary(llama_model_get_vocab(model.get())); !status) return status;
    if (params.vocab_only) return Status::ok();
    // Threads that wait for each other on a busy machine cost more than a small model's whole computation.
    const int threads = summary.value().file_size_bytes < kOneThreadBytes ? 1 : available_cores();
    return compute(model.get(), threads);
}

// Making a session optimizes the graph and computes what is constant in it, which is what a file can decide.
Status probe_onnx(const std::string & path, const std::string & library_directory) {
    onnx::set_library_directory(library_directory);
    onnx::ModelSource source;
    source.path = path;
    auto session = onnx::Session::open(source, {});
    return session ? Status::ok() : session.status();
}

Status probe_catching(const std::string & path, const std::string & library_directory, bool is_onnx) {
    try {
        return is_onnx ? probe_onnx(path, library_directory) : probe(path, library_directory);
    } catch (const std::exception & error) {
        return {ErrorCode::InvalidModelFile, std::string("The model cannot be used: ") + error.what() + "."};
    }
}

// The message begins with the path of a source file on the machine that built this; its name is enough.
void report_abort(const char * message) {
    const std::string_view text(message);
    const std::string_view place = text.substr(0, text.find(':'));
    const size_t slash = place.find_last_of("/\\");
    const std::string_view shown = slash == std::string_view::npos ? text : text.substr(slash + 1);
    std::fprintf(stderr, "%.*s\n", static_cast<int>(shown.size()), shown.data());
}

// A crash is an expected outcome here: no core file, no dialog.
void disable_crash_reports() {
#if defined(_WIN32)
    _set_abort_behavior(0, _WRITE_ABORT_MSG | _CALL_REPORTFAULT);
    SetErrorMode(SEM_FAILCRITICALERRORS | SEM_NOGPFAULTERRORBOX);
#else
    const rlimit none{0, 0};
    setrlimit(RLIMIT_CORE, &none);
#endif
}

int report(const Status & status) {
    if (status) return EXIT_SUCCESS;
    std::string line = "{\"code\":";
    append_json_string(error_code_name(status.code()), line);
    line += ",\"message\":";
    append_json_string(status.message(), line);
    std::printf("%s}\n", line.c_str());
    return kExitRefused;
}

}  // namespace
}  // namespace inferno::llama

int main(int argc, char ** argv) {
    const std::string_view kind = argc == 4 ? argv[3] : argc == 3 ? "gguf" : "";
    if (kind != "gguf" && kind != "onnx") {
        std::fprintf(stderr, "usage: inferno-probe FILE LIBRARY_DIRECTORY [gguf|onnx]\n");
        return EXIT_FAILURE;
    }
    inferno::llama::disable_crash_reports();
    ggml_set_abort_callback(inferno::llama::report_abort);
    return inferno::llama::report(inferno::llama::probe_catching(argv[1], argv[2], kind == "onnx"));
}
