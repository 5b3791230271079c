/** The Open Inference Protocol ("KServe v2"), which Triton's clients speak. */
import type { OnnxValueInfo } from '../../onnx/onnx-model.js';
import type { ManagedModel } from '../../manager/managed-model.js';
import { packageVersion } from '../../version.js';
import { errorReply } from '../error-response.js';
import type { Exchange } from '../exchange.js';
import type { GetHandler } from '../get-json.js';
import type { ServedModel } from '../model-catalog.js';
import type { JsonHandler } from '../post-json.js';
import { live, ready } from '../routes/health.js';
import { withModel } from '../with-model.js';
import { datatypeOf } from './datatypes.js';
import { modelPathOf, onlyVersion } from './model-path.js';

interface InferenceGetRoute {
  readonly path: string;
  readonly needsKey: boolean;
  readonly handle: GetHandler;
}

const extensions = ['binary_tensor_data', 'model_repository', 'schedule_policy'];

/** GET /v2 */
const serverMetadata: GetHandler = (exchange) => {
  exchange.sendJson(200, JSON.stringify({ name: 'inferno', version: packageVersion, extensions }));
};

const liveV2: GetHandler = (exchange, path, query) => {
  if (exchange.context.exchanges.closing) live(exchange, path, query);
  else exchange.sendJson(200, '{"live":true}');
};

const readyV2: GetHandler = (exchange, path, query) => {
  if (exchange.context.catalog.readiness() !== 'ready' || exchange.context.exchanges.closing)
    ready(exchange, path, query);
  else exchange.sendJson(200, '{"ready":true}');
};

/** What the protocol has no name for is said as the graph says it. */
function tensorJson({ name, type, dims }: OnnxValueInfo): Record<string, unknown> {
  const shape = dims.map((dim) => (typeof dim === 'number' ? dim : -1));
  return { name, datatype: datatypeOf(type) ?? type.toUpperCase(), shape };
}

function metadataJson({ id, model }: ServedModel): string {
  const { graph } = model;
  return JSON.stringify({
    name: id,
    versions: [onlyVersion],
    platform: model.format === 'onnx' ? 'onnxruntime_onnx' : 'llama.cpp',
    inputs: graph?.inputs.map(tensorJson) ?? [],
    outputs: graph?.outputs.map(tensorJson) ?? [],
  });
}

/** A model that is loaded when it is asked for is ready as long as that does not fail. */
function sendReadiness(exchange: Exchange, { id, shownState }: ManagedModel): void {
  if (shownState === 'loaded' || shownState === 'unloaded') {
    exchange.sendJson(200, JSON.stringify({ name: id, ready: true }));
    return;
  }
  exchange.sendError(errorReply('model_loading', `The model ${JSON.stringify(id)} is ${shownState}.`, 'model'));
}

/** GET /v2/models/{id}[/versions/{version}][/ready] */
const getModelV2: GetHandler = (exchange, path) => {
  const target = modelPathOf(path);
  const { catalog } = exchange.context;
  if (target?.action === 'infer') {
    const message = `Expected POST for ${JSON.stringify(path.slice(0, 200))} but received GET.`;
    exchange.sendMethodNotAllowed(errorReply('method_not_allowed', message), 'POST, OPTIONS');
    return;
  }
  const model = target && catalog.manager.get(target.id);
  const isKnown = target?.version === undefined || target.version === onlyVersion;
  if (target === undefined || model === undefined || !isKnown) {
    const what = JSON.stringify((target?.id ?? path).slice(0, 200));
    const version = isKnown ? '' : ` of version ${JSON.stringify(target.version.slice(0, 60))}`;
    exchange.sendError(errorReply('model_not_found', `The model ${what}${version} does not exist on this server.`));
  } else if (target.action === 'ready') {
    sendReadiness(exchange, model);
  } else {
    exchange.register();
    const use = (served: ServedModel): void => {
      exchange.sendJson(200, metadataJson(served));
    };
    withModel(exchange, catalog.resolve(target.id), { use });
  }
};

export const inferenceGetRoutes: readonly InferenceGetRoute[] = [
  { path: '/v2', needsKey: true, handle: serverMetadata },
  { path: '/v2/health/live', needsKey: false, handle: liveV2 },
  { path: '/v2/health/ready', needsKey: false, handle: readyV2 },
  { path: '/v2/models/*', needsKey: true, handle: getModelV2 },
];

const repositoryStates = {
  loaded: 'READY',
  loading: 'LOADING',
  unloaded: 'UNAVAILABLE',
  failed: 'UNAVAILABLE',
} as const;

/** POST /v2/repository/index: all models, or those that are ready. */
export const repositoryIndex: JsonHandler = (exchange, value) => {
  const onlyReady =
    typeof value === 'object' && value !== null && (value as { readonly ready?: unknown }).ready === true;
  const models = exchange.context.catalog.manager.models
    .filter(({ shownState }) => !onlyReady || shownState === 'loaded')
    .map(({ id, shownState }) => ({
      name: id,
      version: onlyVersion,
      state: repositoryStates[shownState],
      reason: shownState === 'loaded' ? '' : shownState,
    }));
  exchange.sendJson(200, JSON.stringify(models));
};
