import { InfernoError } from '../errors.js';
import type { Work } from '../api/work.js';
import type { TracedOperation } from '../tracing/request-trace.js';
import { errorReply, outcomeReply, thrownReply } from './error-response.js';
import type { ErrorReply } from './error-response.js';
import type { ExchangeWork } from './exchange-work.js';
import type { Exchange } from './exchange.js';
import type { ServedModel } from './model-catalog.js';
import { remainingMsOf } from './request-scheduling.js';
import type { RequestScheduling } from './request-scheduling.js';

function replyOf(thrown: unknown): ErrorReply {
  if (InfernoError.isInstance(thrown)) return thrownReply(thrown);
  const { code, message } = thrown as { readonly code?: unknown; readonly message?: unknown };
  return typeof code === 'string' && typeof message === 'string' ? outcomeReply(code, message) : thrownReply(thrown);
}

/** What comes out besides the answer. */
interface Counted {
  /** Of the input; 0 for work without tokens. */
  readonly tokens: number;
}

export interface WorkKind {
  readonly operation: TracedOperation;
  /** Of work that the model schedules; absent where it does one thing after the other. */
  readonly scheduling?: RequestScheduling | undefined;
}

/** Work of a model for one request that is not a generation, such as embeddings. It counts like one generation. */
export class ModelWork implements ExchangeWork {
  readonly #exchange: Exchange;
  readonly #served: ServedModel;
  readonly #kind: WorkKind;
  #cancel: () => void = () => undefined;

  /** REQUIRES: the exchange is registered, nothing sent. */
  constructor(exchange: Exchange, served: ServedModel, kind: WorkKind) {
    this.#exchange = exchange;
    this.#served = served;
    this.#kind = kind;
  }

  /** Begins the work and calls `answer` with what it gave; or answers with the error that prevents it. */
  start<Result extends Counted>(begin: () => Work<Result>, answer: (result: Result) => void): void {
    const { admission, exchanges } = this.#exchange.context;
    const refusal = this.#refusal();
    if (refusal !== undefined) {
      this.#exchange.sendError(refusal);
      return;
    }
    const { promise, cancel } = begin();
    this.#cancel = cancel;
    this.#served.begin();
    exchanges.generations++;
    const load = this.#kind.scheduling && admission.loadOf(this.#served.model);
    if (load !== undefined) load.generations++;
    this.#exchange.setWork(this);
    const traced = this.#exchange.trace?.startWork(this.#kind.operation, this.#served.id);
    const ended = (): void => {
      exchanges.generations--;
      if (load !== undefined) load.generations--;
      this.#served.end();
    };
    promise.then(
      (result) => {
        ended();
        traced?.(result.tokens);
        if (this.#exchange.isOpen) this.#answer(result, answer);
      },
      (error: unknown) => {
        ended();
        const reply = replyOf(error);
        traced?.(0, reply.code);
        this.#exchange.sendError(reply);
      },
    );
  }

  cancel(): void {
    this.#cancel();
  }

  pause(): void {
    // It is computed in one piece.
  }

  resume(): void {
    // It was not paused.
  }

  #refusal(): ErrorReply | undefined {
    const { admission } = this.#exchange.context;
    if (admission.isFull) return errorReply('queue_full', 'The server has as much work as it accepts.');
    const { scheduling } = this.#kind;
    if (scheduling === undefined) return undefined;
    return admission.refusal(this.#served.model, 1, scheduling, remainingMsOf(this.#exchange, scheduling));
  }

  #answer<Result>(result: Result, answer: (result: Result) => void): void {
    try {
      answer(result);
    } catch (thrown) {
      this.#exchange.sendError(thrownReply(thrown));
    }
  }
}
