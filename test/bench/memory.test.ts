import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { memorySlope, type MemorySample } from '../../lib/bench/measure/memory-slope.js';
import { memoryOf } from '../../lib/bench/measure/process-memory.js';
import { metricSum } from '../../lib/bench/measure/prometheus-text.js';
import { normalQuantile, studentQuantile } from '../../lib/bench/measure/student.js';
import { SeededRandom } from '../../lib/bench/seeded-random.js';

const mebibyte = 2 ** 20;

/** Ten minutes, a sample a second. */
function samples(bytesAt: (second: number, random: SeededRandom) => number, seed = 1): MemorySample[] {
  const random = new SeededRandom(seed);
  return Array.from({ length: 600 }, (_, second) => ({ atMs: second * 1000, bytes: bytesAt(second, random) }));
}

/** A garbage collected heap: it grows for a while and falls back. */
function sawtooth(second: number, random: SeededRandom): number {
  return 200 * mebibyte + (second % 37) * 0.3 * mebibyte + random.next() * mebibyte;
}

describe('memorySlope', () => {
  it('finds a leak of 100 MiB an hour under the ups and downs of a heap, and how fast it is', () => {
    for (let seed = 1; seed <= 20; seed++) {
      const result = memorySlope(
        samples((second, random) => sawtooth(second, random) + (second / 36) * mebibyte, seed),
      );
      assert.equal(result.verdict, 'leak');
      assert.ok(result.low <= 100 * mebibyte && result.high >= 100 * mebibyte, JSON.stringify(result));
    }
  });

  it('finds none in a heap that falls back', () => {
    for (let seed = 1; seed <= 20; seed++) assert.equal(memorySlope(samples(sawtooth, seed)).verdict, 'no leak');
  });

  it('finds none in caches that fill while it warms up', () => {
    const filling = (second: number, random: SeededRandom): number =>
      sawtooth(second, random) + 300 * mebibyte * (1 - Math.exp(-second / 40));
    assert.notEqual(memorySlope(samples(filling)).verdict, 'leak');
    assert.equal(memorySlope(samples(filling), { warmUp: 0.5 }).verdict, 'no leak');
  });

  it('does not call a single step a leak', () => {
    const step = (second: number, random: SeededRandom): number =>
      sawtooth(second, random) + (second > 320 ? 20 * mebibyte : 0);
    assert.notEqual(memorySlope(samples(step)).verdict, 'leak');
  });

  it('does not mind memory that wanders: a random walk is rarely a leak', () => {
    let leaks = 0;
    for (let seed = 1; seed <= 100; seed++) {
      let at = 200 * mebibyte;
      const walk = (_: number, random: SeededRandom): number => (at += (random.next() - 0.5) * 0.2 * mebibyte);
      if (memorySlope(samples(walk, seed)).verdict === 'leak') leaks++;
    }
    assert.ok(leaks <= 3, `${String(leaks)} of 100`);
  });

  it('does not call growth that allocators have anyway a leak', () => {
    const result = memorySlope(samples((second) => 200 * mebibyte + second * 1000));
    assert.ok(result.low > 0);
    assert.equal(result.verdict, 'no leak');
  });

  it('is unclear when two minutes are not over', () => {
    const short = samples((second, random) => sawtooth(second, random) + second * mebibyte).slice(0, 150);
    assert.equal(memorySlope(short).verdict, 'unclear');
    assert.equal(memorySlope(short, { leastMs: 60_000 }).verdict, 'leak');
  });

  it('says nothing from too few samples', () => {
    assert.throws(() => memorySlope(samples(sawtooth).slice(0, 15)), RangeError);
  });
});

describe('quantiles', () => {
  it('agree with the tables', () => {
    for (const [p, z] of [
      [0.975, 1.95996],
      [0.995, 2.57583],
      [0.01, -2.32635],
      [0.5, 0],
    ] as const) {
      assert.ok(Math.abs(normalQuantile(p) - z) < 1e-4);
    }
    for (const [p, degrees, t] of [
      [0.975, 3, 3.1824],
      [0.975, 10, 2.2281],
      [0.995, 5, 4.0321],
      [0.95, 30, 1.6973],
    ] as const) {
      assert.ok(Math.abs(studentQuantile(p, degrees) / t - 1) < 0.012, `${String(p)}, ${String(degrees)}`);
    }
  });
});

describe('memory of a process', () => {
  it(
    'is at least what it holds, and never above its peak',
    { skip: process.platform === 'linux' ? false : 'reads /proc' },
    () => {
      const held = Buffer.alloc(64 * mebibyte, 1);
      const memory = memoryOf(process.pid);
      assert.ok(memory !== undefined && memory.residentBytes > held.length && memory.peakBytes >= memory.residentBytes);
    },
  );

  it('is unknown for a process that is not there', () => {
    assert.equal(memoryOf(2 ** 30), undefined);
  });
});

describe('metricSum', () => {
  const text = [
    '# HELP requests_total How many {are} counted',
    '# TYPE requests_total counter',
    'requests_total{route="/a b",said="} \\" 9"} 3',
    'requests_total{route="/c"} 4 1700000000',
    'requests_total_other 100',
    'heap_bytes 1.5e6',
    'broken{a="b"',
    '',
  ].join('\n');

  it('adds up a metric over its labels', () => {
    assert.equal(metricSum(text, 'requests_total'), 7);
    assert.equal(metricSum(text, 'heap_bytes'), 1.5e6);
  });

  it('says undefined for what is not there', () => {
    assert.equal(metricSum(text, 'heap'), undefined);
    assert.equal(metricSum(text, 'broken'), undefined);
  });
});
