import type { AnswerTarget } from './answer-target.js';
import { errorReply, thrownReply } from './error-response.js';
import type { ErrorReply } from './error-response.js';
import type { ExchangeWork } from './exchange-work.js';
import type { ResolvedModel, ServedModel } from './model-catalog.js';
import type { ModelWait } from '../manager/model-wait.js';

export interface ModelUse {
  /** Called once with the model, unless the request ends before. */
  readonly use: (served: ServedModel) => void;
  /** Called once if it does: its client has left, or it was answered with an error. */
  readonly abandoned?: () => void;
  /** From the arrival of the request until it must have started; 0 or none is no deadline. */
  readonly deadlineMs?: number;
}

/** A request that waits for its model to be loaded. */
class WaitingForModel implements ExchangeWork {
  readonly #exchange: AnswerTarget;
  readonly #pending: ModelWait;
  readonly #use: ModelUse;
  readonly #traced: (() => void) | undefined;
  #deadline: NodeJS.Timeout | undefined;
  #isOver = false;

  constructor(exchange: AnswerTarget, pending: ModelWait, use: ModelUse) {
    this.#exchange = exchange;
    this.#pending = pending;
    this.#use = use;
    exchange.setWork(this);
    this.#traced = exchange.trace?.waitForModel(pending.modelId);
    const { deadlineMs = 0 } = use;
    if (deadlineMs > 0) this.#endAfter(deadlineMs - (performance.now() - exchange.startedMs));
    pending.ready.then(
      (served) => {
        this.#serve(served);
      },
      (error: unknown) => {
        this.#exchange.sendError(thrownReply(error));
      },
    );
  }

  /** The exchange has closed: answered with an error, or the client is gone. */
  cancel(): void {
    if (!this.#end()) return;
    this.#pending.leave();
    this.#use.abandoned?.();
  }

  pause(): void {
    // Nothing runs.
  }

  resume(): void {
    // Nothing runs.
  }

  #serve(served: ServedModel): void {
    try {
      if (this.#end()) this.#use.use(served);
    } catch (thrown) {
      this.#use.abandoned?.();
      this.#exchange.sendError(thrownReply(thrown));
    } finally {
      // It was kept for this request until here.
      served.end();
    }
  }

  #endAfter(ms: number): void {
    this.#deadline = setTimeout(
      () => {
        const message = 'The deadline passed while the model was loading.';
        this.#exchange.sendError(errorReply('deadline_exceeded', message));
      },
      Math.max(1, ms),
    ).unref();
  }

  /** False when it had ended before. */
  #end(): boolean {
    if (this.#isOver) return false;
    this.#isOver = true;
    clearTimeout(this.#deadline);
    this.#traced?.();
    return true;
  }
}

function refuse(exchange: AnswerTarget, error: ErrorReply, { abandoned }: ModelUse): void {
  abandoned?.();
  exchange.sendError(error);
}

/**
 * Calls `use` with the model, at once if it is loaded, else when it is; or answers with the error that prevents it.
 * REQUIRES: the exchange is registered, nothing sent.
 */
export function withModel(exchange: AnswerTarget, resolved: ResolvedModel, use: ModelUse): void {
  if ('served' in resolved) use.use(resolved.served);
  else if ('error' in resolved) refuse(exchange, resolved.error, use);
  else new WaitingForModel(exchange, resolved.pending, use);
}
