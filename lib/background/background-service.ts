import { InfernoError } from '../errors.js';
import type { BackgroundRecord } from './background-record.js';
import { BackgroundRunner, defaultRunnerLimits } from './background-runner.js';
import type { Executor, RunnerLimits } from './background-runner.js';
import { BackgroundStore, defaultStoreLimits } from './background-store.js';
import type { Page, StoreLimits, StoreOptions, Submission } from './background-store.js';

export interface ServiceLimits {
  readonly store: StoreLimits;
  readonly runner: RunnerLimits;
}

/** Where a record stands now. */
export interface Standing {
  readonly status: ReturnType<BackgroundRunner['statusOf']>;
  /** Records that run before it. */
  readonly position: number | undefined;
  readonly etaMs: number | undefined;
}

const longestSweepMs = 60_000;

/** Background work of one server: a store and the runner over it. */
export class BackgroundService {
  /** What recovery had to say, a sentence each. */
  readonly warnings: readonly string[];
  readonly retentionMs: number;
  readonly #store: BackgroundStore;
  readonly #runner: BackgroundRunner;
  readonly #sweep: NodeJS.Timeout;

  /** Opens the journal; runs nothing before `start`. @throws InfernoError `journal_unavailable`. */
  static async open(
    options: StoreOptions,
    executor: Executor,
    limits: ServiceLimits = { store: defaultStoreLimits, runner: defaultRunnerLimits },
  ): Promise<BackgroundService> {
    const store = await BackgroundStore.open(options, limits.store);
    return new BackgroundService(store, new BackgroundRunner(store, executor, limits.runner), options.retentionMs);
  }

  /** Use `open`. */
  constructor(store: BackgroundStore, runner: BackgroundRunner, retentionMs: number) {
    this.#store = store;
    this.#runner = runner;
    this.warnings = store.warnings;
    this.retentionMs = retentionMs;
    this.#sweep = setInterval(
      () => {
        store.removeExpired();
      },
      Math.min(longestSweepMs, Math.max(1000, retentionMs)),
    ).unref();
  }

  start(): void {
    this.#store.removeExpired();
    this.#runner.start();
  }

  /**
   * Resolves when the journal has it: then it will be run, whatever happens to this process. The same idempotency key of
   * the same owner gives the record that it gave before.
   *
   * @throws InfernoError `invalid_argument` for an idempotency key that was used with another request, `queue_full` when
   *   there is too much work, `journal_unavailable`.
   */
  async submit(submission: Submission): Promise<BackgroundRecord> {
    const { ticket } = submission;
    const earlier = await this.#store.repeated(ticket);
    if (earlier === undefined) {
      const record = await this.#store.add(submission);
      this.#runner.add(record);
      return record;
    }
    if (earlier.ticket.bodyHash === ticket.bodyHash) return earlier;
    throw new InfernoError('invalid_argument', 'This Idempotency-Key was used with another request.', {
      param: 'Idempotency-Key',
    });
  }

  find(id: string, owner: string): BackgroundRecord | undefined {
    return this.#store.find(id, owner);
  }

  page(owner: string, limit: number, after: string | undefined): Page | undefined {
    return this.#store.page(owner, limit, after);
  }

  standingOf(record: BackgroundRecord): Standing {
    const position = this.#runner.positionOf(record);
    return { status: this.#runner.statusOf(record), position, etaMs: this.#runner.etaMsOf(record) };
  }

  /** Resolves when it has ended, one way or another. @throws InfernoError `journal_unavailable`. */
  async cancel(record: BackgroundRecord): Promise<void> {
    await this.#runner.cancel(record);
  }

  /** Cancels it if it has not ended, and forgets it. @throws InfernoError `journal_unavailable`. */
  async remove(record: BackgroundRecord): Promise<void> {
    await this.#runner.cancel(record);
    await this.#store.remove(record);
  }

  /** Starts nothing more; what runs may go on for so long, and is else run again by the next process. */
  async stop(drainMs: number): Promise<void> {
    await this.#runner.stop(drainMs);
  }

  /** REQUIRES: stopped. */
  async close(): Promise<void> {
    clearInterval(this.#sweep);
    await this.#store.close();
  }
}
