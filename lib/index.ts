import type { LoadOnnxModelOptions } from './onnx/load-onnx-options.js';
import type { OnnxTextModel } from './onnx/onnx-text-model.js';
import type { InfernoServer, ServerOptions } from './server/index.js';

export type { Generation } from './api/generation.js';
export { devices, type Device } from './api/devices.js';
export { inspectModelFile, type ModelFileSummary } from './api/inspect-model-file.js';
export { loadModel } from './api/load-model.js';
export type { DetokenizeOptions, Model, ModelStats, RenderChatOptions, TokenizeOptions } from './api/model.js';
export { quantizationTypes, quantizeModel, type QuantizeOptions } from './api/quantize.js';
export { systemInfo, type SystemInfo } from './api/system-info.js';
export type * from './api/types.js';
export type { ElementType } from './native-onnx-types.js';
export type { ElementData } from './onnx/element-data.js';
export type { ClassifyOptions, EmbedOptions, EncoderCallOptions, RerankOptions } from './api/encoder-options.js';
/** The names that these had when only models in ONNX took them. */
export type {
  ClassifyOptions as OnnxClassifyOptions,
  EmbedOptions as OnnxEmbedOptions,
  EncoderCallOptions as OnnxEncodingOptions,
  RerankOptions as OnnxRerankOptions,
} from './api/encoder-options.js';
export type { ClassScore, RankedDocument } from './api/scores.js';
export type { LoadOnnxModelOptions } from './onnx/load-onnx-options.js';
export type { Pooling } from './onnx/model-folder.js';
export type { OnnxTask } from './onnx/model-task.js';
export type { OnnxFeeds, OnnxModel, OnnxRunOptions, OnnxValueInfo } from './onnx/onnx-model.js';
export type { OnnxTextModel } from './onnx/onnx-text-model.js';
export type { OnnxValue } from './onnx/onnx-value.js';
export type { OnnxOpenOptions } from './onnx/open-onnx-model.js';
export { Tensor } from './onnx/tensor.js';
export type { ErrorCode } from './error-codes.js';
export { InfernoError, type InfernoErrorDetails } from './errors.js';
export { listModels, modelsDirectory, type RegisteredModel } from './models/registry.js';
export type {
  BackgroundOptions,
  CloseOptions,
  InfernoServer,
  KeyPriority,
  LoadableModelSource,
  LoadedModelSource,
  ModelSource,
  PriorityOptions,
  ProfilingOptions,
  QueueHealthThresholds,
  ServableModel,
  ServerLimits,
  ServerOptions,
  TracingOptions,
  WebSocketOptions,
} from './server/index.js';
export type { AddonOrigin } from './native.js';
export { packageVersion } from './version.js';

/**
 * Starts an OpenAI-compatible server on models that were loaded, are on their way, or are to be loaded when they are
 * needed; requests wait for their model. What the server loads itself (a source with `load`) it also unloads; every other
 * model belongs to its owner: close the server, then unload it.
 *
 * @example
 * ```ts
 * const server = await createServer({ models: [{ id: 'ember', model: loadModel('ember') }], port: 8080 });
 * console.log(server.url);
 * ```
 * @throws InfernoError `invalid_argument` when it cannot listen, `backend_missing` when uWebSockets.js has no binary for this
 *   platform, `journal_unavailable` when the folder of background work cannot be used; RangeError for options out of range.
 */
export async function createServer(options: ServerOptions): Promise<InfernoServer> {
  // Here, so that who uses models only does not load the server's parts.
  const server = await import('./server/index.js');
  return server.createServer(options);
}

/**
 * Loads a model folder laid out as on Hugging Face (`model.onnx` or `onnx/model.onnx`, `config.json`, `tokenizer.json`), or
 * the one around an .onnx file, or one that is known by an id. What it is for is told by its config.json and its graph. A path
 * has a separator or ends in `.onnx`; write `./name` for any other folder.
 *
 * @example
 * ```ts
 * await using model = await loadOnnxModel('./all-MiniLM-L6-v2');
 * const [first, second] = await model.embed(['How are you?', 'How do you do?']);
 * ```
 * @throws InfernoError `file_not_found`, `file_unreadable`, `invalid_model_file`, `unsupported_model`, `provider_missing`,
 *   `backend_missing`, `out_of_memory`; `signal.reason` when aborted; TypeError or RangeError, naming every option that is
 *   wrong.
 */
export async function loadOnnxModel(pathOrId: string, options?: LoadOnnxModelOptions): Promise<OnnxTextModel> {
  // Here, so that who uses GGUF models only does not load tokenizers.
  const onnx = await import('./onnx/load-onnx-model.js');
  return onnx.loadOnnxModel(pathOrId, options);
}
