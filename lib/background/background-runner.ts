import type { BackgroundRecord, Job } from './background-record.js';
import type { BackgroundStore, Outcome } from './background-store.js';
import { EndRate } from './end-rate.js';
import { WaitingList } from './waiting-list.js';

/** How an attempt to answer came out. */
export type AttemptResult =
  | { readonly kind: 'ended'; readonly outcome: Outcome }
  /** Not now, through no fault of the request: the model is loading, the queue is full, the server is shutting down. */
  | { readonly kind: 'later' };

/** What runs for a record. */
export interface BackgroundWork {
  /** Idempotent. Whether it still settles does not matter. */
  cancel(): void;
}

/** Knows how to answer. Nothing here throws. */
export interface Executor {
  /** Whether a record for this model can be started now. Cheap. */
  isReady(model: string): boolean;
  /** Starts answering; calls `settle` once, during the call or later. */
  run(job: Job, record: BackgroundRecord, settle: (result: AttemptResult) => void): BackgroundWork;
}

export interface RunnerLimits {
  /** Generations at once: enough to keep the engine busy, too few to fill its queue. */
  readonly generations: number;
  /** How long the process has lived before it tries again what may have ended it twice. */
  readonly suspectHoldMs: number;
  /** Until a model, or the journal, is tried again that was not to be had. */
  readonly retryMs: number;
}

export const defaultRunnerLimits: RunnerLimits = { generations: 64, suspectHoldMs: 5000, retryMs: 500 };

/** Unfinished starts from which on a record runs alone … */
const suspectFrom = 2;
/** … and from which on it is not run any more. */
const poisonousFrom = 3;

const poisonError = JSON.stringify({
  error: {
    message: 'The server ended three times while it worked on this request, so it is not tried again.',
    type: 'server_error',
    param: null,
    code: 'internal_error',
  },
});

/** One attempt at a record, from leaving the waiting list to its end or back. */
interface Flight {
  readonly record: BackgroundRecord;
  readonly job: Job;
  /** Nothing else flies meanwhile, so that what happens to the process is known to be its doing. */
  readonly isAlone: boolean;
  /** 'queued': its start is being counted or taken back. 'ending': its outcome is fixed and on its way to the journal. */
  phase: 'queued' | 'running' | 'ending';
  work: BackgroundWork | undefined;
  launch: Promise<void> | undefined;
  /** Rejects when the journal refuses; then it is tried again. */
  ending: Promise<void> | undefined;
}

/**
 * Runs what the store holds, in order of tier and age, and carries every record to exactly one end: an outcome is fixed
 * once, stored, and shown only then. A record is waiting, or it has a flight, or it has ended; it changes between these
 * within one turn of the event loop.
 */
export class BackgroundRunner {
  readonly #store: BackgroundStore;
  readonly #executor: Executor;
  readonly #limits: RunnerLimits;
  readonly #waiting = new WaitingList();
  readonly #flights = new Map<string, Flight>();
  /** By model, until when it is left alone. */
  readonly #blockedUntilMs = new Map<string, number>();
  readonly #rate = new EndRate();
  readonly #bornMs = performance.now();
  readonly #retries = new Set<NodeJS.Timeout>();
  /** Of everything that flies. */
  #weight = 0;
  #pausedUntilMs = 0;
  #wake: { readonly timer: NodeJS.Timeout; readonly atMs: number } | undefined;
  #isStopping = false;
  #isStopped = false;
  #onLanding: (() => void) | undefined;

  /** Takes over what has not ended; runs nothing before `start`. */
  constructor(store: BackgroundStore, executor: Executor, limits: RunnerLimits = defaultRunnerLimits) {
    this.#store = store;
    this.#executor = executor;
    this.#limits = limits;
    for (const record of store.unended) this.#waiting.add(record);
  }

  start(): void {
    for (const record of [...this.#waiting]) {
      const flight = record.unfinished < poisonousFrom ? undefined : this.#takeOff(record);
      if (flight !== undefined) this.#conclude(flight, { status: 'failed', error: poisonError });
    }
    this.#pump();
  }

  /** REQUIRES: new in the store. */
  add(record: BackgroundRecord): void {
    this.#waiting.add(record);
    this.#pump();
  }

  statusOf(record: BackgroundRecord): 'queued' | 'running' | 'completed' | 'failed' | 'cancelled' {
    if (record.end !== undefined) return record.end.status;
    return (this.#flights.get(record.id)?.phase ?? 'queued') === 'queued' ? 'queued' : 'running';
  }

  /** Records that run before it; undefined when it runs or has ended. */
  positionOf(record: BackgroundRecord): number | undefined {
    return this.#flights.get(record.id)?.phase === 'queued' ? 0 : this.#waiting.positionOf(record);
  }

  /** Until it is expected to start; undefined while nothing is known. */
  etaMsOf(record: BackgroundRecord): number | undefined {
    const position = this.positionOf(record);
    return position === undefined ? undefined : this.#rate.timeFor(position + 1);
  }

  /**
   * Resolves when the record has an end in the journal: its own, when that was fixed before.
   *
   * @throws InfernoError `journal_unavailable`; the end is stored as soon as that is possible.
   */
  async cancel(record: BackgroundRecord): Promise<void> {
    const flight = this.#flights.get(record.id) ?? this.#takeOff(record);
    if (flight === undefined) return;
    if (flight.phase !== 'ending') {
      this.#conclude(flight, { status: 'cancelled' });
      flight.work?.cancel();
    }
    await flight.ending;
  }

  /** Starts nothing more; what runs may go on for `drainMs` and is then left for the next process to run again. */
  async stop(drainMs: number): Promise<void> {
    this.#isStopping = true;
    clearTimeout(this.#wake?.timer);
    await this.#landed(drainMs);
    this.#isStopped = true;
    for (const retry of this.#retries) clearTimeout(retry);
    const left = [...this.#flights.values()];
    const turned = left.filter((flight) => flight.phase === 'running').map((flight) => this.#turnBack(flight));
    for (const flight of left) flight.work?.cancel();
    await Promise.allSettled([...turned, ...left.flatMap((flight) => [flight.launch, flight.ending])]);
  }

  /** Resolves once nothing flies, or after `drainMs`. */
  async #landed(drainMs: number): Promise<void> {
    if (this.#flights.size === 0) return;
    await new Promise<void>((resolve) => {
      const timer = setTimeout(resolve, drainMs);
      this.#onLanding = () => {
        if (this.#flights.size > 0) return;
        clearTimeout(timer);
        resolve();
      };
    });
  }

  #pump(): void {
    while (!this.#isStopping) {
      const record = this.#next();
      const flight = record && this.#takeOff(record);
      if (flight === undefined) return;
      flight.launch = this.#fly(flight);
    }
  }

  /** Who may start now. */
  #next(): BackgroundRecord | undefined {
    const now = performance.now();
    if (this.#pausedUntilMs > now) {
      this.#pumpAt(this.#pausedUntilMs);
      return undefined;
    }
    const suspectsFromMs = this.#bornMs + this.#limits.suspectHoldMs;
    for (const record of this.#waiting) {
      if (this.#isBlocked(record.ticket.model, now)) continue;
      if (record.unfinished >= suspectFrom && now < suspectsFromMs) this.#pumpAt(suspectsFromMs);
      else return this.#fits(record) ? record : undefined;
    }
    return undefined;
  }

  #fits(record: BackgroundRecord): boolean {
    if (this.#flights.size === 0) return true;
    for (const flight of this.#flights.values()) if (flight.isAlone) return false;
    if (record.unfinished >= suspectFrom) return false;
    return this.#weight + (record.job?.weight ?? 1) <= this.#limits.generations;
  }

  #isBlocked(model: string, now: number): boolean {
    const untilMs = this.#blockedUntilMs.get(model) ?? 0;
    if (untilMs <= now && this.#executor.isReady(model)) return false;
    // Also when it is blocked already: a timer may come a little before its time.
    if (untilMs > now) this.#pumpAt(untilMs);
    else this.#block(model, now);
    return true;
  }

  #block(model: string, now: number): void {
    const untilMs = now + this.#limits.retryMs;
    this.#blockedUntilMs.set(model, untilMs);
    this.#pumpAt(untilMs);
  }

  /** At that time or earlier. */
  #pumpAt(atMs: number): void {
    if (this.#isStopping || (this.#wake !== undefined && this.#wake.atMs <= atMs)) return;
    clearTimeout(this.#wake?.timer);
    const timer = setTimeout(
      () => {
        this.#wake = undefined;
        this.#pump();
      },
      Math.ceil(atMs - performance.now()),
    );
    this.#wake = { timer: timer.unref(), atMs };
  }

  /** Undefined when it does not wait. */
  #takeOff(record: BackgroundRecord): Flight | undefined {
    const { job } = record;
    if (job === undefined || this.#waiting.positionOf(record) === undefined) return undefined;
    this.#waiting.remove(record);
    const isAlone = record.unfinished >= suspectFrom;
    const flight: Flight = {
      record,
      job,
      isAlone,
      phase: 'queued',
      work: undefined,
      launch: undefined,
      ending: undefined,
    };
    this.#flights.set(record.id, flight);
    this.#weight += job.weight;
    return flight;
  }

  async #fly(flight: Flight): Promise<void> {
    const { record, job } = flight;
    try {
      await this.#store.countStart(record);
    } catch {
      this.#pausedUntilMs = performance.now() + this.#limits.retryMs;
      if (phaseOf(flight) === 'queued') this.#land(flight, 'waiting');
      return;
    }
    if (phaseOf(flight) !== 'queued') return;
    if (this.#isStopping) {
      await this.#turnBack(flight);
      return;
    }
    flight.phase = 'running';
    flight.work = this.#executor.run(job, record, (result) => {
      if (flight.phase !== 'running') return;
      if (result.kind === 'ended') {
        this.#conclude(flight, result.outcome);
      } else {
        this.#block(record.ticket.model, performance.now());
        void this.#turnBack(flight);
      }
    });
  }

  /** Back to waiting, as if it had not been started. */
  async #turnBack(flight: Flight): Promise<void> {
    flight.phase = 'queued';
    // If the journal does not take it, one start more speaks against the record; three would have to.
    await this.#store.excuseStart(flight.record).catch(() => undefined);
    if (phaseOf(flight) === 'queued') this.#land(flight, 'waiting');
  }

  #conclude(flight: Flight, outcome: Outcome): void {
    flight.phase = 'ending';
    const ending = this.#store.end(flight.record, outcome);
    flight.ending = ending;
    ending.then(
      () => {
        this.#rate.ended(performance.now(), this.#flights.size > 1);
        this.#land(flight, 'ended');
      },
      () => {
        if (this.#isStopped) return;
        const retry = setTimeout(() => {
          this.#retries.delete(retry);
          this.#conclude(flight, outcome);
        }, this.#limits.retryMs);
        this.#retries.add(retry.unref());
      },
    );
  }

  #land(flight: Flight, where: 'waiting' | 'ended'): void {
    this.#flights.delete(flight.record.id);
    this.#weight -= flight.job.weight;
    if (where === 'waiting') this.#waiting.add(flight.record);
    this.#onLanding?.();
    this.#pump();
  }
}

/** It may have changed while something was awaited, which the compiler does not see. */
function phaseOf(flight: Flight): Flight['phase'] {
  return flight.phase;
}
