/**
 * Values of a measurement of unknown length, in bounded memory: exact up to `limit` values, from then on a uniform random
 * selection of all of them (reservoir sampling, seeded). Count, sum and extremes are always exact.
 */
import { SeededRandom } from '../seeded-random.js';
import { meanOf, percentileOfSorted } from './stats.js';

export interface Distribution {
  readonly count: number;
  readonly mean: number;
  readonly min: number;
  readonly p50: number;
  readonly p90: number;
  readonly p95: number;
  readonly p99: number;
  readonly max: number;
}

const defaultLimit = 1_000_000;
const firstCapacity = 1024;

export class Samples {
  readonly #limit: number;
  readonly #random = new SeededRandom(1);
  #kept = new Float64Array(firstCapacity);
  #count = 0;
  #sum = 0;
  #min = Infinity;
  #max = -Infinity;

  constructor(limit: number = defaultLimit) {
    this.#limit = limit;
  }

  get count(): number {
    return this.#count;
  }

  get sum(): number {
    return this.#sum;
  }

  add(value: number): void {
    const at = this.#count < this.#limit ? this.#count : Math.floor(this.#random.next() * (this.#count + 1));
    this.#count++;
    this.#sum += value;
    this.#min = Math.min(this.#min, value);
    this.#max = Math.max(this.#max, value);
    if (at >= this.#limit) return;
    if (at >= this.#kept.length) this.#grow();
    this.#kept[at] = value;
  }

  /** What is kept, in no particular order once the limit is reached. */
  values(): number[] {
    return [...this.#kept.subarray(0, Math.min(this.#count, this.#limit))];
  }

  /** Undefined for no values. */
  distribution(): Distribution | undefined {
    if (this.#count === 0) return undefined;
    const sorted = this.#kept.slice(0, Math.min(this.#count, this.#limit)).sort();
    const at = (share: number): number => percentileOfSorted(sorted, share);
    return {
      count: this.#count,
      mean: this.#sum / this.#count,
      min: this.#min,
      p50: at(0.5),
      p90: at(0.9),
      p95: at(0.95),
      p99: at(0.99),
      max: this.#max,
    };
  }

  #grow(): void {
    const larger = new Float64Array(Math.min(this.#limit, this.#kept.length * 2));
    larger.set(this.#kept);
    this.#kept = larger;
  }
}

/** Of values that are all there. */
export function distributionOf(values: readonly number[]): Distribution | undefined {
  if (values.length === 0) return undefined;
  const sorted = Float64Array.from(values).sort();
  const at = (share: number): number => percentileOfSorted(sorted, share);
  const mean = meanOf(values);
  return {
    ...{ count: values.length, mean, min: at(0), p50: at(0.5), p90: at(0.9), p95: at(0.95) },
    ...{ p99: at(0.99), max: at(1) },
  };
}
