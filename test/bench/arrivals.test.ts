import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { arrivalTimes, type OpenArrivals } from '../../lib/bench/load/arrivals.js';

function firstTimes(arrivals: OpenArrivals, count: number): number[] {
  const times = arrivalTimes(arrivals);
  return Array.from({ length: count }, () => times.next().value);
}

describe('arrivals', () => {
  it('at a constant rate are equally far apart and begin at once', () => {
    assert.deepEqual(firstTimes({ kind: 'constant', perSecond: 4 }, 4), [0, 250, 500, 750]);
  });

  it('of a Poisson process are the same for the same seed and others for another', () => {
    const of = (seed: number): number[] => firstTimes({ kind: 'poisson', perSecond: 10, seed }, 50);
    assert.deepEqual(of(7), of(7));
    assert.notDeepEqual(of(7), of(8));
  });

  it('of a Poisson process never go back, come at the asked rate, and know nothing of each other', () => {
    const times = firstTimes({ kind: 'poisson', perSecond: 100, seed: 3 }, 50_000);
    const gaps = times.map((at, index) => at - (times[index - 1] ?? 0));
    assert.ok(gaps.every((gap) => gap >= 0));
    const mean = gaps.reduce((sum, gap) => sum + gap, 0) / gaps.length;
    assert.ok(Math.abs(mean - 10) < 0.2, `mean gap ${String(mean)}`);
    // Exponential gaps: as much spread as mean, and a share of 1/e above the mean. Neighbours do not correlate.
    const spread = Math.sqrt(gaps.reduce((sum, gap) => sum + (gap - mean) ** 2, 0) / gaps.length);
    assert.ok(Math.abs(spread / mean - 1) < 0.03, `spread ${String(spread)}`);
    const long = gaps.filter((gap) => gap > mean).length / gaps.length;
    assert.ok(Math.abs(long - Math.exp(-1)) < 0.01, `share of long gaps ${String(long)}`);
    const together = gaps.slice(1).reduce((sum, gap, index) => sum + (gap - mean) * ((gaps[index] ?? 0) - mean), 0);
    assert.ok(Math.abs(together / gaps.length / spread ** 2) < 0.02);
  });

  it('refuse a rate of nothing', () => {
    for (const perSecond of [0, -1, NaN, Infinity]) {
      assert.throws(() => firstTimes({ kind: 'constant', perSecond }, 1), RangeError);
    }
  });
});
