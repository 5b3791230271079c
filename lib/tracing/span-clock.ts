import type { HrTime } from '@opentelemetry/api';

/** How far the wall clock may be from where it is expected before it is believed to have been set. */
const stepUs = 50_000;

/**
 * Wall-clock times for moments of the engine's clock, in microseconds. All spans of one request are placed by one offset, so
 * that they keep their order and lengths when the wall clock is set meanwhile.
 */
export class SpanClock {
  #offsetUs: number | undefined;

  /** To be added to moments of a request that arrives now. */
  offsetUs(nowUs: number): number {
    const offset = Date.now() * 1000 - nowUs;
    if (this.#offsetUs === undefined || Math.abs(offset - this.#offsetUs) > stepUs) this.#offsetUs = offset;
    return this.#offsetUs;
  }
}

export function hrTimeOf(unixUs: number): HrTime {
  const seconds = Math.floor(unixUs / 1e6);
  return [seconds, Math.floor((unixUs - seconds * 1e6) * 1000)];
}
