import type { BackgroundRecord, Job } from '../background/background-record.js';
import type { AttemptResult, BackgroundWork, Executor } from '../background/background-runner.js';
import type { ErrorCode } from '../error-codes.js';
import { eventFraming } from './answer-format.js';
import type { AnswerTarget } from './answer-target.js';
import { errorReply, thrownReply } from './error-response.js';
import type { ErrorReply } from './error-response.js';
import type { ExchangeWork } from './exchange-work.js';
import { RequestRecorder } from '../profile/request-recorder.js';
import type { RequestScheduling } from './request-scheduling.js';
import { answerResponse } from './responses/routes.js';
import { answerChat } from './routes/chat-completions.js';
import { answerCompletion } from './routes/completions.js';
import type { ServerContext } from './server-context.js';
import type { Header } from './socket-activity.js';
import type { RequestTrace } from '../tracing/request-trace.js';

/** Answers a body that was accepted before. */
export type BackgroundAnswer = (target: AnswerTarget, value: unknown, scheduling: RequestScheduling) => void;

const answers: Readonly<Partial<Record<string, BackgroundAnswer>>> = {
  '/v1/chat/completions': answerChat,
  '/v1/completions': answerCompletion,
  '/v1/responses': answerResponse,
};

/** Refusals that say nothing about the request: it is tried again. */
const passing: ReadonlySet<ErrorCode> = new Set<ErrorCode>([
  'queue_full',
  'overloaded',
  'model_loading',
  'model_unloaded',
  'shutting_down',
]);

/** One attempt at a record, in the place of an HTTP exchange. */
class BackgroundTarget implements AnswerTarget, BackgroundWork {
  readonly context: ServerContext;
  readonly requestId: string;
  readonly owner: string;
  readonly startedMs: number;
  readonly #settle: (result: AttemptResult) => void;
  /** What /v1/requests shows are requests of clients that wait. */
  readonly record = undefined;
  readonly framing = eventFraming;
  readonly frames = undefined;
  readonly recorder: RequestRecorder | undefined;
  readonly trace: RequestTrace | undefined;
  readonly #endpoint: string;
  readonly #begunMs = performance.now();
  #isOpen = true;
  #work: ExchangeWork | undefined;

  constructor(context: ServerContext, record: BackgroundRecord, settle: (result: AttemptResult) => void) {
    this.context = context;
    this.recorder = context.meter === undefined ? undefined : new RequestRecorder();
    this.#endpoint = record.ticket.endpoint;
    this.requestId = record.id;
    this.owner = record.ticket.owner;
    // Its deadline goes on while no process runs.
    this.startedMs = performance.now() - (Date.now() - record.ticket.createdMs);
    this.#settle = settle;
    const { endpoint, traceparent } = record.ticket;
    this.trace = context.tracing?.beginBackground({ id: record.id, endpoint, attempt: record.starts, traceparent });
  }

  get isOpen(): boolean {
    return this.#isOpen;
  }

  setWork(work: ExchangeWork): void {
    this.#work = work;
  }

  /** There is nobody to stream to. */
  openStream(): undefined {
    return undefined;
  }

  sendJson(_status: number, json: string): void {
    this.#measure(200, undefined);
    this.trace?.finish(200, undefined);
    this.#finish({ kind: 'ended', outcome: { status: 'completed', response: json } });
  }

  sendError(reply: ErrorReply): void {
    this.trace?.finish(reply.status, reply.code);
    if (passing.has(reply.code)) {
      this.#finish({ kind: 'later' });
      return;
    }
    this.#measure(reply.status, reply.code);
    this.#finish({ kind: 'ended', outcome: { status: 'failed', error: reply.json } });
  }

  processingHeader(): Header {
    return ['openai-processing-ms', String(Math.round(performance.now() - this.startedMs))];
  }

  cancel(): void {
    this.trace?.finish(undefined, 'cancelled');
    this.#close();
  }

  /** From its start in this process: how long it lay in the journal is no time of the server's. */
  #measure(status: number, errorCode: string | undefined): void {
    if (!this.#isOpen) return;
    const { requestId, recorder } = this;
    const facts = { requestId, recorder, traceId: this.trace?.traceId, method: 'BACKGROUND', route: this.#endpoint };
    this.context.meter?.ended({ ...facts, startedMs: this.#begunMs, status, errorCode });
  }

  #finish(result: AttemptResult): void {
    if (this.#close()) this.#settle(result);
  }

  /** False when it was closed before. */
  #close(): boolean {
    if (!this.#isOpen) return false;
    this.#isOpen = false;
    const work = this.#work;
    this.#work = undefined;
    // Does nothing to work that has ended by itself.
    work?.cancel();
    return true;
  }
}

/** Answers background records as their endpoints answer requests. */
export class AnswerExecutor implements Executor {
  readonly #context: ServerContext;

  constructor(context: ServerContext) {
    this.#context = context;
  }

  isReady(model: string): boolean {
    const kind = this.#context.catalog.manager.get(model)?.state.kind;
    // The first one that finds a model unloaded has it loaded; the others wait here and not in the model's line.
    return kind !== 'loading' && kind !== 'queued' && kind !== 'unloading';
  }

  run(job: Job, record: BackgroundRecord, settle: (result: AttemptResult) => void): BackgroundWork {
    const target = new BackgroundTarget(this.#context, record, settle);
    const { endpoint, scheduling } = job.ticket;
    const answer = answers[endpoint];
    try {
      if (answer === undefined) target.sendError(errorReply('not_found', `There is nothing at ${endpoint}.`));
      else answer(target, job.body, { ...scheduling, retryCount: record.starts - 1, dependencies: [] });
    } catch (thrown) {
      target.sendError(thrownReply(thrown));
    }
    return target;
  }
}
