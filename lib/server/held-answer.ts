import type { AnswerTarget } from './answer-target.js';
import { errorReply, thrownReply } from './error-response.js';
import type { ExchangeWork } from './exchange-work.js';
import type { RequestRecord } from './request-ledger.js';

export interface HeldRequest {
  readonly exchange: AnswerTarget;
  /** Generations that it will submit. */
  readonly count: number;
  /** What it waits for; open ones. */
  readonly dependencies: readonly RequestRecord[];
  /** Milliseconds until it must have started; 0 is none. */
  readonly remainingMs: number;
  readonly start: () => void;
}

/**
 * A request that waits, outside of any model's queue, until others have ended: they may run on other models. It starts when
 * all ended well, and fails as soon as one did not or its deadline passes.
 */
export class HeldAnswer implements ExchangeWork {
  readonly #request: HeldRequest;
  readonly #releases: (() => void)[] = [];
  readonly #traced: (() => void) | undefined;
  #missing: number;
  #deadline: NodeJS.Timeout | undefined;
  #isOver = false;

  /** REQUIRES: the exchange is registered, nothing sent. */
  constructor(request: HeldRequest) {
    this.#request = request;
    this.#missing = request.dependencies.length;
    request.exchange.context.admission.held += request.count;
    request.exchange.setWork(this);
    this.#traced = request.exchange.trace?.waitForDependencies();
    for (const dependency of request.dependencies) {
      this.#releases.push(
        dependency.whenSettled(() => {
          this.#settled(dependency);
        }),
      );
    }
    if (request.remainingMs === 0) return;
    this.#deadline = setTimeout(() => {
      const message = 'The deadline passed while the request waited for those it depends on.';
      request.exchange.sendError(errorReply('deadline_exceeded', message));
    }, request.remainingMs).unref();
  }

  /** The exchange has closed: answered with an error, or the client is gone. */
  cancel(): void {
    if (!this.#isOver) this.#release();
  }

  pause(): void {
    // Nothing runs.
  }

  resume(): void {
    // Nothing runs.
  }

  #settled(dependency: RequestRecord): void {
    if (this.#isOver) return;
    const { exchange } = this.#request;
    if (dependency.state === 'failed') {
      exchange.sendError(dependencyFailed(dependency.id));
      return;
    }
    this.#missing--;
    if (this.#missing > 0) return;
    this.#release();
    try {
      this.#request.start();
    } catch (thrown) {
      exchange.sendError(thrownReply(thrown));
    }
  }

  #release(): void {
    this.#isOver = true;
    this.#request.exchange.context.admission.held -= this.#request.count;
    clearTimeout(this.#deadline);
    this.#traced?.();
    for (const release of this.#releases) release();
  }
}

export function dependencyFailed(id: string): ReturnType<typeof errorReply> {
  return errorReply('dependency_failed', `The request ${JSON.stringify(id)} did not end well.`, 'dependencies');
}
