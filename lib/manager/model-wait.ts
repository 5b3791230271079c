import { InfernoError } from '../errors.js';
import type { ServedModel } from './model-source.js';

export type WaitEnd = 'served' | 'failed' | 'left' | 'timed out';

/** One request's wait for a model that is not loaded. */
export class ModelWait {
  /**
   * Rejects with the error to answer with; stays open for one that has left. The model counts as used once more, so
   * that it is still there when this is looked at: call its `end` after submitting.
   */
  readonly ready: Promise<ServedModel>;
  readonly modelId: string;
  readonly #resolve: (served: ServedModel) => void;
  readonly #reject: (reason: unknown) => void;
  readonly #onEnd: (wait: ModelWait, how: WaitEnd) => void;
  readonly #timer: NodeJS.Timeout;
  #isOpen = true;

  constructor(id: string, limitMs: number, onEnd: (wait: ModelWait, how: WaitEnd) => void) {
    this.modelId = id;
    let settle: [(served: ServedModel) => void, (reason: unknown) => void] | undefined;
    this.ready = new Promise((resolve, reject) => {
      settle = [resolve, reject];
    });
    // Whoever waits looks at it too, unless it has left by then.
    this.ready.catch(() => undefined);
    [this.#resolve, this.#reject] = settle ?? [() => undefined, () => undefined];
    this.#onEnd = onEnd;
    this.#timer = setTimeout(() => {
      this.#timeOut(limitMs);
    }, limitMs).unref();
  }

  deliver(served: ServedModel): void {
    if (!this.#close('served')) return;
    served.begin();
    this.#resolve(served);
  }

  fail(error: unknown): void {
    if (this.#close('failed')) this.#reject(error);
  }

  /** The client is gone. Does nothing once the wait has ended. */
  leave(): void {
    this.#close('left');
  }

  #timeOut(limitMs: number): void {
    if (!this.#close('timed out')) return;
    const seconds = String(Math.round(limitMs / 100) / 10);
    this.#reject(
      new InfernoError(
        'model_loading',
        `The model ${JSON.stringify(this.modelId)} is still loading after ${seconds} s.`,
        {
          param: 'model',
        },
      ),
    );
  }

  /** False when it had ended before. */
  #close(how: WaitEnd): boolean {
    if (!this.#isOpen) return false;
    this.#isOpen = false;
    clearTimeout(this.#timer);
    this.#onEnd(this, how);
    return true;
  }
}
