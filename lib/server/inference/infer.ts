import type { HttpRequest } from 'uWebSockets.js';
import { tiers } from '../../native-types.js';
import type { Tier } from '../../native-types.js';
import { InfernoError } from '../../errors.js';
import { Tensor } from '../../onnx/tensor.js';
import type { TensorGraph } from '../../manager/model-source.js';
import type { Work } from '../../api/work.js';
import { errorReply, faultsReply } from '../error-response.js';
import type { Exchange } from '../exchange.js';
import type { ServedModel } from '../model-catalog.js';
import { ModelWork } from '../model-work.js';
import type { BytesHandler } from '../post-bytes.js';
import { remainingMsOf, schedulingOf } from '../request-scheduling.js';
import type { RequestScheduling } from '../request-scheduling.js';
import { withModel } from '../with-model.js';
import { modelPathOf, onlyVersion } from './model-path.js';
import type { InferenceBody } from './request-body.js';
import { parseInference, rawInput, readInputs } from './read-request.js';
import { writeResponse } from './write-response.js';
import type { InferenceOutput } from './write-response.js';

const headerLengthName = 'Inference-Header-Content-Length';

/** What the headers say of the body: where its JSON ends. */
export function inferenceHeader(req: HttpRequest): string {
  return req.getHeader(headerLengthName.toLowerCase());
}

/** What is to be run, once the model is there. */
interface Inference {
  readonly id: string | undefined;
  readonly feeds: (graph: TensorGraph) => Record<string, Tensor>;
  readonly outputs: InferenceBody['outputs'];
  readonly isBinary: boolean;
}

/** Triton counts from 1, the best; 0 is whatever the server takes. */
function tierOf(priority: number | null | undefined): Tier | undefined {
  if (priority == null || priority === 0) return undefined;
  return tiers[Math.min(priority, tiers.length) - 1];
}

interface Computed {
  readonly tokens: 0;
  readonly outputs: readonly InferenceOutput[];
}

function outputsOf(
  results: Record<string, unknown>,
  names: readonly string[],
  inference: Inference,
): InferenceOutput[] {
  return names.map((name) => {
    const tensor = results[name];
    if (!(tensor instanceof Tensor)) {
      throw new InfernoError('invalid_tensor', `The output ${JSON.stringify(name)} is no tensor; ask for others only.`);
    }
    const asked = inference.outputs?.find((output) => output.name === name)?.parameters?.binary_data;
    return { name, tensor, binary: asked ?? inference.isBinary };
  });
}

function begin(
  exchange: Exchange,
  graph: TensorGraph,
  inference: Inference,
  scheduling: RequestScheduling,
): Work<Computed> {
  const abort = new AbortController();
  const asked = inference.outputs?.map(({ name }) => name);
  const names = asked !== undefined && asked.length > 0 ? [...new Set(asked)] : graph.outputs.map(({ name }) => name);
  const { tier: priority, user } = scheduling;
  const deadlineMs = remainingMsOf(exchange, scheduling);
  const run = graph.run(inference.feeds(graph), {
    outputs: names,
    signal: abort.signal,
    priority,
    ...(user === '' ? {} : { user }),
    ...(deadlineMs === 0 ? {} : { deadlineMs }),
  });
  const promise = run.then((results) => ({ tokens: 0 as const, outputs: outputsOf(results, names, inference) }));
  return {
    promise,
    cancel: () => {
      abort.abort(new InfernoError('cancelled', 'The client has left.'));
    },
  };
}

function answer(exchange: Exchange, served: ServedModel, inference: Inference, scheduling: RequestScheduling): void {
  const { graph } = served.model;
  if (graph === undefined) {
    exchange.sendError(
      errorReply('task_unsupported', 'This model takes no tensors; see /v1/models for what it can do.'),
    );
    return;
  }
  exchange.recorder?.scheduled(served.id, scheduling.tier, scheduling.user);
  new ModelWork(exchange, served, { operation: 'infer', scheduling }).start(
    () => begin(exchange, graph, inference, scheduling),
    ({ outputs }) => {
      const { json, binary } = writeResponse({ modelName: served.id, id: inference.id, outputs });
      if (binary === undefined) {
        exchange.sendJson(200, json);
        return;
      }
      const header = Buffer.from(json, 'utf8');
      const length = [headerLengthName, String(header.length)] as const;
      exchange.sendBytes(200, 'application/octet-stream', Buffer.concat([header, binary]), [length]);
    },
  );
}

interface ReadInference {
  readonly inference: Inference;
  readonly parameters: InferenceBody['parameters'];
}

/** The request of a body; undefined when it was answered with what is wrong with it. */
function read(exchange: Exchange, bytes: Buffer, header: string): ReadInference | undefined {
  if (header !== '' && !/^\d{1,12}$/u.test(header)) {
    const message = `Expected a whole number for ${headerLengthName} but received ${JSON.stringify(header.slice(0, 60))}.`;
    exchange.sendError(faultsReply([{ param: headerLengthName, message }]));
    return undefined;
  }
  if (header !== '' && Number(header) === 0) {
    // The buffer is the socket's, and goes with it before a model may be loaded.
    const raw = Buffer.from(bytes);
    const feeds = (graph: TensorGraph): Record<string, Tensor> => rawInput(raw, graph);
    return { inference: { id: undefined, feeds, outputs: undefined, isBinary: true }, parameters: undefined };
  }
  const parsed = parseInference(bytes, header === '' ? undefined : Number(header));
  const inputs = 'faults' in parsed ? parsed : readInputs(parsed.value);
  if ('faults' in parsed || 'faults' in inputs) {
    exchange.sendError(faultsReply('faults' in inputs ? inputs.faults : []));
    return undefined;
  }
  const { id, outputs, parameters } = parsed.value.body;
  const isBinary = parameters?.binary_data_output === true;
  return { inference: { id: id ?? undefined, feeds: () => inputs.value, outputs, isBinary }, parameters };
}

/** POST /v2/models/{id}[/versions/{version}]/infer */
export const infer: BytesHandler = (exchange, bytes, { path, header }) => {
  const target = modelPathOf(path);
  if (target?.action !== 'infer') {
    exchange.sendError(errorReply('not_found', `There is nothing at ${JSON.stringify(`POST ${path.slice(0, 200)}`)}.`));
    return;
  }
  if (target.version !== undefined && target.version !== onlyVersion) {
    exchange.sendError(errorReply('model_not_found', `The model has no version ${target.version.slice(0, 60)}.`));
    return;
  }
  const request = read(exchange, bytes, header);
  if (request === undefined) return;
  const { priority, timeout } = request.parameters ?? {};
  const deadline = timeout == null || timeout === 0 ? undefined : Math.ceil(timeout / 1000);
  const fields = { priority: tierOf(priority), deadline_ms: deadline };
  const wish = schedulingOf(exchange.caller, fields, exchange.context.priorities);
  if ('error' in wish) {
    exchange.sendError(wish.error);
    return;
  }
  const { scheduling } = wish;
  const use = (served: ServedModel): void => {
    answer(exchange, served, request.inference, scheduling);
  };
  withModel(exchange, exchange.context.catalog.resolve(target.id), { use, deadlineMs: scheduling.deadlineMs });
};
