import type { AnswerTarget } from './answer-target.js';
import { errorReply } from './error-response.js';
import type { ErrorReply } from './error-response.js';
import type { GenerationPlan } from './generation-group.js';
import { dependencyFailed, HeldAnswer } from './held-answer.js';
import { rateLimitHeaders } from './rate-limit-headers.js';
import type { RequestLedger, RequestRecord } from './request-ledger.js';
import { remainingMsOf } from './request-scheduling.js';
import type { RequestScheduling } from './request-scheduling.js';
import { StreamedAnswer } from './streamed-answer.js';
import { answerWhole } from './whole-answer.js';
import { withModel } from './with-model.js';

/** A validated request for an answer. */
export interface AnswerRequest {
  readonly plan: GenerationPlan;
  readonly scheduling: RequestScheduling;
  readonly stream: boolean;
  /** Streams only: usage before [DONE]. */
  readonly includeUsage: boolean;
}

/** Of the dependencies those that have not ended; or why the request cannot start. */
function openDependencies(
  ledger: RequestLedger,
  ids: readonly string[],
  own: RequestRecord | undefined,
): { readonly open: readonly RequestRecord[] } | { readonly error: ErrorReply } {
  const open: RequestRecord[] = [];
  for (const [index, id] of ids.entries()) {
    const record = ledger.find(id);
    if (record === undefined || record === own) {
      const message =
        'Expected ids of requests that this server has or answered in the last 10 minutes ' +
        `for dependencies but received ${JSON.stringify(id)}.`;
      return { error: errorReply('invalid_argument', message, `dependencies[${String(index)}]`) };
    }
    if (record.state === 'failed') return { error: dependencyFailed(id) };
    if (record.state === 'open') open.push(record);
  }
  return { open };
}

function start(exchange: AnswerTarget, request: AnswerRequest): void {
  const { plan, scheduling } = request;
  const deadlineMs = remainingMsOf(exchange, scheduling);
  const requests = plan.requests.map((generation) => ({ ...generation, deadlineMs }));
  const stream = request.stream ? exchange.openStream() : undefined;
  if (stream !== undefined) exchange.trace?.streams();
  if (stream === undefined) answerWhole(exchange, { ...plan, requests });
  else new StreamedAnswer(exchange, stream, { ...plan, requests }, request.includeUsage);
}

/** Answers a request, at once or when those that it depends on have ended; or refuses it. */
export function startAnswer(exchange: AnswerTarget, request: AnswerRequest): void {
  const { admission, catalog, ledger } = exchange.context;
  const { plan, scheduling } = request;
  exchange.recorder?.scheduled(plan.served.id, scheduling.tier, scheduling.user);
  if (request.stream) exchange.recorder?.streams();
  const dependencies = openDependencies(ledger, scheduling.dependencies, exchange.record);
  if ('error' in dependencies) {
    exchange.sendError(dependencies.error);
    return;
  }
  for (const id of exchange.trace === undefined ? [] : scheduling.dependencies) {
    exchange.trace?.dependsOn(ledger.find(id)?.spanContext);
  }
  const remainingMs = remainingMsOf(exchange, scheduling);
  const count = plan.requests.length;
  exchange.setHeaders?.(rateLimitHeaders(admission.room(plan.served.model, scheduling.tier)));
  const refusal = admission.refusal(plan.served.model, count, scheduling, remainingMs);
  if (refusal !== undefined) {
    exchange.sendError(refusal);
    return;
  }
  const { open } = dependencies;
  const begin = (): void => {
    start(exchange, request);
  };
  if (open.length === 0) {
    begin();
    return;
  }
  // By the time it may start, its model may have been unloaded, or be another one.
  const beginLater = (): void => {
    withModel(exchange, catalog.resolve(plan.served.id), {
      use: (served) => {
        start(exchange, { ...request, plan: { ...plan, served } });
      },
      deadlineMs: scheduling.deadlineMs,
    });
  };
  new HeldAnswer({ exchange, count, dependencies: open, remainingMs, start: beginLater });
}
