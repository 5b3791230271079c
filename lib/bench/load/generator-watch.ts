/** The load generator's own doing: whether it was the client that was measured. */
import { monitorEventLoopDelay } from 'node:perf_hooks';
import type { Distribution } from '../measure/samples.js';

export interface GeneratorHealth {
  /** Sent after it was intended, of the requests that were sent, in milliseconds. */
  readonly latenessMs: Distribution | undefined;
  /** Share of a core that this process used, 0 to 1 and more with several threads. */
  readonly cpuLoad: number;
  /** How long the event loop was held up, 99th percentile and most, in milliseconds. */
  readonly loopDelayP99Ms: number;
  readonly loopDelayMaxMs: number;
  /** Why these results may be the client's and not the server's; empty when nothing speaks for it. */
  readonly limits: readonly string[];
}

/** Above this share of a core a single-threaded client is late more often than not. */
const busyLoad = 0.8;
/** Timers are late by about a millisecond; this is more. */
const tolerableLatenessMs = 10;
const samplingMs = 10;

export class GeneratorWatch {
  readonly #startedAt = performance.now();
  readonly #cpu = process.cpuUsage();
  readonly #delay = monitorEventLoopDelay({ resolution: samplingMs });

  constructor() {
    this.#delay.enable();
  }

  /** Ends the watch. */
  health(latenessMs: Distribution | undefined): GeneratorHealth {
    this.#delay.disable();
    const { user, system } = process.cpuUsage(this.#cpu);
    const cpuLoad = (user + system) / 1000 / Math.max(1, performance.now() - this.#startedAt);
    // The histogram holds whole intervals, of which only the excess is delay.
    const excess = (nanoseconds: number): number => Math.max(0, (nanoseconds || 0) / 1e6 - samplingMs);
    const limits: string[] = [];
    if (cpuLoad > busyLoad) limits.push(`The load generator used ${(cpuLoad * 100).toFixed(0)} % of a core.`);
    if (latenessMs !== undefined && latenessMs.p99 > tolerableLatenessMs) {
      limits.push(`One request in a hundred was sent ${latenessMs.p99.toFixed(0)} ms late or later.`);
    }
    return {
      latenessMs,
      cpuLoad,
      loopDelayP99Ms: excess(this.#delay.percentile(99)),
      loopDelayMaxMs: excess(this.#delay.max),
      limits,
    };
  }
}
