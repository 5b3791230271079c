/** When requests are meant to be sent. */
import { SeededRandom } from '../seeded-random.js';

/**
 * `poisson` and `constant` are open loops: requests come when they come, as users do, however slow the server is.
 * `closed` sends the next request when one of `concurrency` has ended.
 */
export type Arrivals =
  | { readonly kind: 'poisson'; readonly perSecond: number; readonly seed: number }
  | { readonly kind: 'constant'; readonly perSecond: number }
  | { readonly kind: 'closed'; readonly concurrency: number };

export type OpenArrivals = Exclude<Arrivals, { kind: 'closed' }>;

/** Milliseconds from the start, without end; the same for the same arrivals. Throws RangeError for a rate of nothing. */
export function* arrivalTimes(arrivals: OpenArrivals): Generator<number, never> {
  const { perSecond } = arrivals;
  if (!(perSecond > 0 && perSecond < Infinity)) {
    throw new RangeError(`Expected a rate above 0 requests per second but received ${String(perSecond)}`);
  }
  const gapMs = 1000 / perSecond;
  if (arrivals.kind === 'constant') for (let index = 0; ; index++) yield index * gapMs;
  const random = new SeededRandom(arrivals.seed);
  for (let at = random.exponential() * gapMs; ; at += random.exponential() * gapMs) yield at;
}
