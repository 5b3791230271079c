/**
 * Makes a process slower by a known share, without its help: it is stopped (SIGSTOP) and continued again and again, so
 * that it stands still for that share of its working time. Nothing in the product knows of it, and it works for any server.
 */
import { setTimeout as delay } from 'node:timers/promises';

/** Long enough for timers to hit, short enough that every run has many. */
const runningMs = 20;

export class PlantedSlowdown {
  readonly #pid: number;
  /** Time stopped for each unit of time running. */
  readonly #ratio: number;
  readonly #over = new AbortController();
  readonly #done: Promise<void>;
  #stoppedMs = 0;
  #runningMs = 0;

  /** With 0.1 the same work takes 10 % longer. */
  constructor(pid: number, slowdown: number) {
    this.#pid = pid;
    this.#ratio = slowdown;
    this.#done = this.#run();
    // `end` reports it; until then nobody listens.
    this.#done.catch(() => undefined);
  }

  /** What it really did: share of extra time. */
  get achieved(): number {
    return this.#stoppedMs / this.#runningMs;
  }

  /** The process runs freely afterwards. */
  async end(): Promise<void> {
    this.#over.abort();
    await this.#done;
  }

  async #run(): Promise<void> {
    while (!this.#isOver()) {
      this.#runningMs += await this.#wait(runningMs);
      // What timers were late by is made up for in the next round.
      const owed = this.#runningMs * this.#ratio - this.#stoppedMs;
      if (owed < 1 || this.#isOver()) continue;
      process.kill(this.#pid, 'SIGSTOP');
      try {
        this.#stoppedMs += await this.#wait(owed);
      } finally {
        process.kill(this.#pid, 'SIGCONT');
      }
    }
  }

  #isOver(): boolean {
    return this.#over.signal.aborted;
  }

  async #wait(ms: number): Promise<number> {
    const startedAt = performance.now();
    await delay(ms, undefined, { signal: this.#over.signal }).catch(() => undefined);
    return performance.now() - startedAt;
  }
}
