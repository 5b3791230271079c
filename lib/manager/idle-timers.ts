import type { ManagedModel } from './managed-model.js';

/** Longest wait of one timer; timers of Node.js end at 2^31 ms. */
const longestMs = 3_600_000;

/** Says when loaded models were not used for their time to live. A use costs nothing: the timer looks when it is due. */
export class IdleTimers {
  readonly #timers = new Map<ManagedModel, NodeJS.Timeout>();
  readonly #onExpired: (model: ManagedModel) => void;

  constructor(onExpired: (model: ManagedModel) => void) {
    this.#onExpired = onExpired;
  }

  /** To be called when the model was loaded or its settings changed. */
  arm(model: ManagedModel): void {
    this.disarm(model);
    if (model.ttlMs <= 0 || model.pinned || model.state.kind !== 'loaded') return;
    const left = model.lastUsedMs + model.ttlMs - performance.now();
    const timer = setTimeout(
      () => {
        this.#look(model);
      },
      Math.min(longestMs, Math.max(1, left)),
    );
    this.#timers.set(model, timer.unref());
  }

  disarm(model: ManagedModel): void {
    clearTimeout(this.#timers.get(model));
    this.#timers.delete(model);
  }

  #look(model: ManagedModel): void {
    if (model.isBusy || performance.now() < model.lastUsedMs + model.ttlMs) this.arm(model);
    else this.#onExpired(model);
  }
}
