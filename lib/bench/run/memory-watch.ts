/** Follows the memory of a target during a load. */
import type { MeasuredSeries } from '../bench-result.js';
import { leastSamples, memorySlope } from '../measure/memory-slope.js';
import { thinSeries } from '../sample-summary.js';
import type { MemoryReading, OpenTarget } from './bench-target.js';

export type MemoryMetric = keyof MemoryReading;
export const memoryMetrics: readonly MemoryMetric[] = ['rss', 'js_heap', 'model_memory'];

/** Of the line that a leak is judged by. */
const confidence = 0.95;

export class MemoryWatch {
  readonly #target: OpenTarget;
  readonly #startedAt = performance.now();
  readonly #points = new Map<MemoryMetric, [number, number][]>();
  readonly #timer: NodeJS.Timeout;
  #current: Promise<void> | undefined;

  /** Reads at once, and then every `everyMs` until it is stopped. */
  constructor(target: OpenTarget, everyMs: number) {
    this.#target = target;
    this.#readUnlessBusy();
    this.#timer = setInterval(() => {
      this.#readUnlessBusy();
    }, everyMs);
  }

  /** Waits for the reading under way, then reads a last time. */
  async stop(): Promise<void> {
    clearInterval(this.#timer);
    await this.#current;
    await this.#read();
  }

  /** Undefined for what the target does not tell. */
  most(metric: MemoryMetric): number | undefined {
    const points = this.#points.get(metric);
    return points === undefined ? undefined : points.reduce((most, [, bytes]) => Math.max(most, bytes), 0);
  }

  /** With the verdict on a leak; too few readings have none. */
  series(metric: MemoryMetric): MeasuredSeries | undefined {
    const points = this.#points.get(metric) ?? [];
    if (points.length === 0) return undefined;
    const thinned = thinSeries(points);
    const samples = points.map(([atMs, bytes]) => ({ atMs, bytes }));
    const lastMs = samples.at(-1)?.atMs ?? 0;
    // A third is warm-up, as in memory-slope.ts.
    if (samples.filter(({ atMs }) => atMs >= lastMs / 3).length < leastSamples + 1) return { points: thinned };
    const { bytesPerHour, low, high, verdict, measuredMs } = memorySlope(samples, { confidence });
    const reach = { fromMs: lastMs - measuredMs, toMs: lastMs };
    return { points: thinned, slope: { perHour: bytesPerHour, low, high, confidence, ...reach, verdict } };
  }

  /** A target that is slow to tell is asked less often. */
  #readUnlessBusy(): void {
    this.#current ??= this.#read().finally(() => {
      this.#current = undefined;
    });
  }

  async #read(): Promise<void> {
    const reading = await this.#target.readMemory();
    const at = performance.now() - this.#startedAt;
    for (const metric of memoryMetrics) {
      const bytes = reading[metric];
      if (bytes === undefined) continue;
      const points = this.#points.get(metric) ?? [];
      points.push([at, bytes]);
      this.#points.set(metric, points);
    }
  }
}
