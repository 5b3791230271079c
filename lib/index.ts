import type { InfernoServer, ServerOptions } from './server/index.js';

export type { Generation } from './api/generation.js';
export type { EmbedOptions } from './api/embedding.js';
export { devices, type Device } from './api/devices.js';
export { inspectModelFile, type ModelFileSummary } from './api/inspect-model-file.js';
export { loadModel } from './api/load-model.js';
export type { DetokenizeOptions, Model, ModelStats, RenderChatOptions, TokenizeOptions } from './api/model.js';
export { quantizationTypes, quantizeModel, type QuantizeOptions } from './api/quantize.js';
export { systemInfo, type SystemInfo } from './api/system-info.js';
export type * from './api/types.js';
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
