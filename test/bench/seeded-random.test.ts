import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { SeededRandom } from '../../lib/bench/seeded-random.js';

function first(count: number, seed: number): number[] {
  const random = new SeededRandom(seed);
  return Array.from({ length: count }, () => random.next());
}

describe('seeded random numbers', () => {
  it('are the same for the same seed, and others for the next', () => {
    assert.deepEqual(first(100, 7), first(100, 7));
    assert.notDeepEqual(first(100, 7), first(100, 8));
  });

  it('lie between 0 and 1, evenly', () => {
    const numbers = first(10_000, 1);
    assert.ok(numbers.every((number) => number >= 0 && number < 1));
    for (let tenth = 0; tenth < 10; tenth++) {
      const share = numbers.filter((number) => Math.floor(number * 10) === tenth).length / numbers.length;
      assert.ok(Math.abs(share - 0.1) < 0.02, `${String(share)} in tenth ${String(tenth)}`);
    }
  });

  it('are whole from the least to the most, both included', () => {
    const random = new SeededRandom(2);
    assert.deepEqual(new Set(Array.from({ length: 200 }, () => random.integer(3, 6))), new Set([3, 4, 5, 6]));
  });

  it('make times between arrivals that are 1 on average', () => {
    const random = new SeededRandom(3);
    const times = Array.from({ length: 10_000 }, () => random.exponential());
    assert.ok(Math.abs(times.reduce((sum, time) => sum + time, 0) / times.length - 1) < 0.05);
    assert.ok(times.every((time) => time >= 0 && Number.isFinite(time)));
  });

  it('shuffle without losing anything', () => {
    const items = Array.from({ length: 50 }, (_, index) => index);
    const shuffled = new SeededRandom(4).shuffled(items);
    assert.notDeepEqual(shuffled, items);
    assert.deepEqual(
      [...shuffled].sort((a, b) => a - b),
      items,
    );
  });
});
