import type { ResolvedLimits } from './server-limits.js';

/** What the registry does with a request that is not answered in full. */
interface OpenExchange {
  /** It only carries what another one here answers. */
  readonly isCarrier?: boolean;
  sweep(now: number): void;
  /** Ends it with an error that says why. */
  shutDown(): void;
}

/**
 * The requests of one server that are not answered in full. One timer serves them all; it runs only while there are
 * any and does not keep the process alive.
 */
export class ExchangeRegistry {
  readonly #open = new Set<OpenExchange>();
  readonly #sweepMs: number;
  #timer: NodeJS.Timeout | undefined;
  #closing = false;
  #onIdle: (() => void) | undefined;
  /** Bytes of bodies that are being read. */
  bodyBytes = 0;
  /** Generations that were submitted and have not ended. */
  generations = 0;

  constructor(limits: ResolvedLimits) {
    const { bodyTimeoutMs, stallTimeoutMs, ackTimeoutMs, heartbeatMs, inferenceTimeoutMs, tokenTimeoutMs } = limits;
    const ever = [heartbeatMs, inferenceTimeoutMs, tokenTimeoutMs].filter((ms) => ms > 0);
    const shortest = Math.min(bodyTimeoutMs, stallTimeoutMs, ackTimeoutMs, ...ever);
    this.#sweepMs = Math.min(1000, Math.max(10, Math.floor(shortest / 4)));
  }

  /** No request is accepted any more. */
  get closing(): boolean {
    return this.#closing;
  }

  get size(): number {
    let size = 0;
    for (const { isCarrier } of this.#open) if (isCarrier !== true) size++;
    return size;
  }

  add(exchange: OpenExchange): void {
    this.#open.add(exchange);
    this.#timer ??= setInterval(this.#sweep, this.#sweepMs).unref();
  }

  delete(exchange: OpenExchange): void {
    if (!this.#open.delete(exchange) || this.#open.size > 0) return;
    clearInterval(this.#timer);
    this.#timer = undefined;
    this.#onIdle?.();
  }

  /** Resolves true once nothing is open, or false after `drainMs`. */
  async drain(drainMs: number): Promise<boolean> {
    this.#closing = true;
    if (this.#open.size === 0) return true;
    return new Promise((resolve) => {
      const timer = setTimeout(() => {
        this.#onIdle = undefined;
        resolve(false);
      }, drainMs);
      this.#onIdle = () => {
        clearTimeout(timer);
        resolve(true);
      };
    });
  }

  /** Ends what is left, each with an error that says why. */
  shutDown(): void {
    for (const exchange of [...this.#open]) exchange.shutDown();
  }

  readonly #sweep = (): void => {
    const now = performance.now();
    for (const exchange of [...this.#open]) exchange.sweep(now);
  };
}
