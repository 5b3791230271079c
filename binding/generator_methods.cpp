#include "binding/generator_methods.h"

#include "binding/errors.h"
#include "binding/profiles.h"
#include "binding/queue_status.h"
#include "binding/request_reader.h"
#include "binding/statistics.h"
#include "native/llama/tokenizer.h"

namespace inferno::binding {
namespace {

Napi::Value number(Napi::Env env, uint64_t value) { return Napi::Number::New(env, static_cast<double>(value)); }

llama::GenerationId id_of(const Napi::CallbackInfo & info) { return info[0].ToNumber().Int32Value(); }

}  // namespace

// stats(): NativeModelStats
Napi::Value engine_stats(const Napi::CallbackInfo & info, const EngineState & state) {
    const Napi::Env env = info.Env();
    state.require_loaded(env);
    const llama::EngineStats stats = state.engine ? state.engine->stats() : llama::EngineStats{};
    Napi::Object object = Napi::Object::New(env);
    object.Set("sequencesBusy", stats.sequences_busy);
    object.Set("queued", stats.queued);
    object.Set("threads", stats.threads);
    object.Set("decodeSteps", number(env, stats.decode_steps));
    object.Set("tokensDecoded", number(env, stats.tokens_decoded));
    object.Set("tokensPrefilled", number(env, stats.tokens_prefilled));
    object.Set("requestsFinished", number(env, stats.requests_finished));
    object.Set("wakes", number(env, stats.wakes));
    object.Set("tokensCached", number(env, stats.tokens_cached));
    object.Set("tokensDrafted", number(env, stats.tokens_drafted));
    object.Set("tokensAccepted", number(env, stats.tokens_accepted));
    return object;
}

// profiles(limit: number): NativeGenerationProfile[]
Napi::Value engine_profiles(const Napi::CallbackInfo & info, const EngineState & state) {
    return profiles_to_js(info.Env(), state.require_engine(info.Env()), info[0].ToNumber().Uint32Value());
}

// statistics(): NativeStatistics
Napi::Value engine_statistics(const Napi::CallbackInfo & info, const EngineState & state) {
    const llama::GenerationRecorder * recorder = state.require_engine(info.Env()).recorder();
    return StatisticsObject::wrap(info.Env(),
                                  recorder ? recorder->statistics() : std::make_shared<profile::Statistics>());
}

// queueStatus(): NativeQueueStatus
Napi::Value engine_queue_status(const Napi::CallbackInfo & info, const EngineState & state) {
    return queue_status_to_js(info.Env(), state.require_engine(info.Env()).queue_status());
}

// queuePosition(generation: number): NativeQueuePosition | undefined
Napi::Value engine_queue_position(const Napi::CallbackInfo & info, const EngineState & state) {
    const Napi::Env env = info.Env();
    const auto standing = state.require_engine(env).queue_position(id_of(info));
    return standing ? queue_position_to_js(env, *standing) : env.Undefined();
}

// memoryBytes(): number
Napi::Value engine_memory_bytes(const Napi::CallbackInfo & info, const EngineState & state) {
    state.require_loaded(info.Env());
    return number(info.Env(), state.engine ? state.engine->memory_bytes() : state.weight_bytes());
}

// submit(request: NativeGenerationRequest): number
Napi::Value submit_generation(const Napi::CallbackInfo & info, const EngineState & state) {
    const Napi::Env env = info.Env();
    llama::GenerationEngine & engine = state.require_engine(env);
    if (!info[0].IsObject()) throw Napi::TypeError::New(env, "Expected an object for request.");
    const Result<llama::GenerationId> id = engine.submit(read_generation_request(info[0].As<Napi::Object>()));
    if (!id) throw to_error(env, id.status());
    state.bridge->begin_generation(env, id.value());
    return Napi::Number::New(env, id.value());
}

// cancel(generation: number): void
void cancel_generation(const Napi::CallbackInfo & info, const EngineState & state) {
    if (state.engine) state.engine->cancel(id_of(info));
}

// pause(generation: number): void
void pause_generation(const Napi::CallbackInfo & info, const EngineState & state) {
    if (!state.engine) return;
    state.engine->pause(id_of(info));
    state.bridge->rest_generation(info.Env(), id_of(info));
}

// resume(generation: number): void
void resume_generation(const Napi::CallbackInfo & info, const EngineState & state) {
    if (!state.engine) return;
    state.engine->resume(id_of(info));
    state.bridge->continue_generation(info.Env(), id_of(info));
}

// setEventSink(sink: (count: number) => void, records: Int32Array, text: Uint8Array): void
void set_event_sink(const Napi::CallbackInfo & info, const EngineState & state) {
    const Napi::Env env = info.Env();
    state.require_loaded(env);
    if (!info[0].IsFunction() || !info[1].IsTypedArray() || !info[2].IsTypedArray()) {
        throw Napi::TypeError::New(env, "Expected a function, an Int32Array and a Uint8Array.");
    }
    if (info[2].As<Napi::Uint8Array>().ByteLength() < llama::EventOutbox::kMaxRecordBytes) {
        throw Napi::RangeError::New(env, "Expected at least 262144 bytes for text.");
    }
    state.bridge->set_sink(info[0].As<Napi::Function>(), info[1].As<Napi::Int32Array>(),
                           info[2].As<Napi::Uint8Array>());
}

// tokenBytes(tokens: Int32Array): Uint8Array[]
Napi::Value token_bytes(const Napi::CallbackInfo & info, const llama::Model & model) {
    const Napi::Env env = info.Env();
    const std::vector<llama_token> tokens = read_tokens(info[0], "tokens");
    const int32_t vocabulary_size = model.description().vocabulary_size;
    if (Status status = llama::check_token_ids(tokens, vocabulary_size, "tokens"); !status) throw to_error(env, status);
    Napi::Array list = Napi::Array::New(env, tokens.size());
    std::string piece;
    for (size_t i = 0; i < tokens.size(); ++i) {
        piece.clear();
        llama::append_token_piece(model.vocab(), tokens[i], true, piece);
        Napi::Uint8Array bytes = Napi::Uint8Array::New(env, piece.size());
        std::copy(piece.begin(), piece.end(), bytes.Data());
        list.Set(static_cast<uint32_t>(i), bytes);
    }
    return list;
}

Napi::Object describe_engine(Napi::Env env, const llama::Model & model, const llama::GenerationEngine * engine) {
    const llama::ModelDescription & d = model.description();
    Napi::Object object = Napi::Object::New(env);
    object.Set("architecture", d.architecture);
    object.Set("name", d.name);
    object.Set("description", d.description);
    object.Set("fileType", d.file_type);
    object.Set("chatTemplate", d.chat_template_source);
    object.Set("parameterCount", number(env, d.parameter_count));
    object.Set("sizeBytes", number(env, d.size_bytes));
    object.Set("trainContextSize", d.train_context_size);
    object.Set("embeddingLength", d.embedding_length);
    object.Set("layerCount", d.layer_count);
    Napi::Object gpu_layers = Napi::Object::New(env);
    gpu_layers.Set("offloaded", d.offloaded_layers);
    gpu_layers.Set("total", d.layer_count + 1);
    object.Set("gpuLayers", gpu_layers);
    object.Set("headCount", d.head_count);
    object.Set("vocabularySize", d.vocabulary_size);
    object.Set("bosToken", d.bos_token);
    object.Set("eosToken", d.eos_token);
    object.Set("supportsInfill", d.supports_infill);
    const bool computes = engine != nullptr;
    object.Set("supportsGeneration", d.supports_generation && computes);
    object.Set("supportsEmbeddings", d.supports_embeddings && computes);
    object.Set("supportsRanking", d.supports_ranking && computes);
    object.Set("supportsClassification", d.supports_classification && computes);
    const llama::EncoderTraits & encoder = model.encoder();
    object.Set("pooling", llama::pooling_name(encoder.pooling));
    Napi::Array labels = Napi::Array::New(env, encoder.class_labels.size());
    for (uint32_t i = 0; i < labels.Length(); ++i) labels.Set(i, encoder.class_labels[i]);
    object.Set("classLabels", labels);
    object.Set("contextSize", engine ? engine->context_size() : 0);
    object.Set("parallel", engine ? engine->parallel() : 0);
    object.Set("batchSize", engine ? engine->batch_size() : 0);
    return object;
}

}  // namespace inferno::binding
