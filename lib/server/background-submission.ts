import { createHash } from 'node:crypto';
import type { BackgroundRecord } from '../background/background-record.js';
import type { BackgroundService } from '../background/background-service.js';
import type { RequestTarget } from './answer-target.js';
import { backgroundJson } from './background-json.js';
import { errorReply, thrownReply } from './error-response.js';
import type { ErrorReply } from './error-response.js';
import { randomSuffix } from './request-id.js';
import type { SchedulingBody } from './schemas/scheduling.js';
import type { RequestScheduling } from './request-scheduling.js';

/** A validated request that is to be answered in the background. */
export interface BackgroundRequest {
  readonly endpoint: string;
  /** As it was sent. */
  readonly value: unknown;
  readonly model: string | undefined;
  /** Generations it will make. */
  readonly weight: number;
  readonly scheduling: RequestScheduling;
}

/** How what was accepted is told. */
interface Acceptance {
  readonly idPrefix: string;
  readonly status: number;
  readonly json: (service: BackgroundService, record: BackgroundRecord) => string;
}

const usual: Acceptance = { idPrefix: 'bg_', status: 202, json: backgroundJson };

export const backgroundOff = errorReply(
  'invalid_argument',
  'Background work is switched off on this server. Start it with `inferno serve --background`, or give createServer the option `background`.',
  'background',
);

const longestKey = 200;

/** What asks for no priority of its own is of the lowest in the background. */
export function backgroundWish<Body extends SchedulingBody & { readonly background?: boolean | null | undefined }>(
  body: Body,
): Body {
  const isAsked = body.priority !== undefined || (body.service_tier != null && body.service_tier !== 'auto');
  return body.background === true && !isAsked ? { ...body, priority: 'low' } : body;
}

/** What "the same request" means to an idempotency key. */
function hashOf({ endpoint, value }: BackgroundRequest): string {
  return createHash('sha256')
    .update(`${endpoint}\n${JSON.stringify(value)}`)
    .digest('hex');
}

function idempotencyFault(key: string): ErrorReply | undefined {
  if (key.length <= longestKey) return undefined;
  const message = `Expected at most ${String(longestKey)} characters for the header Idempotency-Key but received ${String(key.length)}.`;
  return errorReply('invalid_argument', message, 'Idempotency-Key');
}

/** Answers once the journal has the request. REQUIRES: the exchange is registered, nothing sent. */
export function submitInBackground(
  exchange: RequestTarget,
  request: BackgroundRequest,
  acceptance: Acceptance = usual,
): void {
  const { background, catalog } = exchange.context;
  const { idempotencyKey } = exchange.caller;
  const models = catalog.manager;
  const id = request.model ?? models.models[0]?.id ?? '';
  const unknownModel = `The model ${JSON.stringify(id.slice(0, 200))} does not exist on this server.`;
  const refusal =
    idempotencyFault(idempotencyKey) ??
    (models.get(id) === undefined ? errorReply('model_not_found', unknownModel, 'model') : undefined);
  if (background === undefined || refusal !== undefined) {
    exchange.sendError(refusal ?? backgroundOff);
    return;
  }
  const { tier, user, deadlineMs, estimatedTokens, tags } = request.scheduling;
  // Whatever the server's first model will be, the request stays with the one it was accepted for.
  const body = { ...(request.value as Readonly<Record<string, unknown>>), background: false, model: id };
  const ticket = {
    owner: exchange.owner,
    endpoint: request.endpoint,
    model: id,
    requestId: exchange.requestId,
    ...(exchange.trace?.traceparent === undefined ? {} : { traceparent: exchange.trace.traceparent }),
    scheduling: { tier, user, deadlineMs, estimatedTokens, tags: [...tags] },
    bodyHash: hashOf(request),
    ...(idempotencyKey === '' ? {} : { idempotencyKey }),
  };
  const submission = { id: acceptance.idPrefix + randomSuffix(), ticket, weight: request.weight, body };
  background.submit(submission).then(
    (record) => {
      const location = `/v1/background/${record.id}`;
      exchange.sendJson(acceptance.status, acceptance.json(background, record), [['location', location]]);
    },
    (thrown: unknown) => {
      exchange.sendError(thrownReply(thrown));
    },
  );
}
