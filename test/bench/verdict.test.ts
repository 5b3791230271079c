import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { bootstrapInterval } from '../../lib/bench/measure/bootstrap.js';
import { compareInterleaved, type InterleavedResult } from '../../lib/bench/measure/interleave.js';
import { shiftOf } from '../../lib/bench/measure/signed-rank.js';
import { meanOf, median } from '../../lib/bench/measure/stats.js';
import { decide } from '../../lib/bench/measure/verdict.js';
import { SeededRandom } from '../../lib/bench/seeded-random.js';
import { NoisyMachine } from './noise.js';

/** One try: A against a B of this speed, on a machine of its own luck. */
async function simulatedTry(seed: number, speedOfB: number): Promise<InterleavedResult> {
  const machine = new NoisyMachine(seed);
  return compareInterleaved({
    better: 'higher',
    seed: seed + 1_000_000,
    a: () => Promise.resolve(100 * machine.nextSpeed()),
    b: () => Promise.resolve(100 * speedOfB * machine.nextSpeed()),
  });
}

async function series(tries: number, firstSeed: number, speedOfB: number): Promise<InterleavedResult[]> {
  return Promise.all(Array.from({ length: tries }, (_, index) => simulatedTry(firstSeed + index, speedOfB)));
}

describe('the verdict on a simulated noisy machine', () => {
  it('does not tell two equal builds apart: one false alarm in a thousand tries at most', async () => {
    const results = await series(2000, 1, 1);
    const alarms = results.filter(({ verdict }) => verdict !== 'no change');
    // 0.0015 promised; the smallest change that counts makes it rarer still.
    assert.ok(alarms.length <= 2, `${String(alarms.length)} false alarms`);
  });

  it('finds a planted slowdown of 10 %, and says about how much it is', async () => {
    const results = await series(500, 10_000, 0.9);
    const found = results.filter(({ verdict }) => verdict === 'regression').length;
    assert.ok(found >= 498, `${String(found)} of 500`);
    assert.ok(results.every(({ verdict }) => verdict !== 'improvement'));
    const changes = results.map(({ change }) => change);
    assert.ok(Math.abs(median(changes) + 0.1) < 0.01, `median change ${String(median(changes))}`);
    // The interval is for one look of several: it must nearly always hold the truth.
    assert.ok(results.filter(({ low, high }) => low <= -0.1 && high >= -0.1).length >= 492);
  });

  it('finds an improvement likewise', async () => {
    const results = await series(100, 20_000, 1.1);
    assert.ok(results.filter(({ verdict }) => verdict === 'improvement').length >= 99);
  });

  it('does not take a difference of 2 % for a change, as two processes of one build may have it', async () => {
    const results = await series(300, 30_000, 0.98);
    assert.ok(results.filter(({ verdict }) => verdict === 'no change').length >= 298);
  });

  it('is needed: comparing a block of runs of A with a block of B raises false alarms on the same machine', () => {
    let alarms = 0;
    for (let seed = 1; seed <= 200; seed++) {
      const machine = new NoisyMachine(seed);
      const block = (): number[] => Array.from({ length: 20 }, () => machine.nextSpeed());
      if (meanOf(block()) / meanOf(block()) > 1.05) alarms++;
    }
    assert.ok(alarms > 20, `only ${String(alarms)} of 200`);
  });
});

describe('decide', () => {
  const pairs = (ratio: number, count: number): { a: number; b: number }[] =>
    Array.from({ length: count }, (_, index) => ({ a: 100 + index, b: (100 + index) * (ratio + index * 1e-6) }));

  it('knows which direction is worse', () => {
    assert.equal(decide(pairs(0.8, 12), { better: 'higher' }).verdict, 'regression');
    assert.equal(decide(pairs(0.8, 12), { better: 'lower' }).verdict, 'improvement');
    assert.equal(decide(pairs(1.2, 12), { better: 'lower' }).verdict, 'regression');
  });

  it('never finds a change in fewer pairs than chance needs', () => {
    const verdict = decide(pairs(0.5, 11), { better: 'higher' });
    assert.deepEqual([verdict.verdict, verdict.certain, verdict.low], ['no change', false, -1]);
  });

  it('is certain of no change once the whole interval is small', () => {
    assert.equal(decide(pairs(1.001, 12), { better: 'higher' }).certain, true);
  });

  it('refuses measurements of nothing', () => {
    assert.throws(() => decide([{ a: 0, b: 1 }], { better: 'higher' }), RangeError);
    assert.throws(() => decide([], { better: 'higher' }), RangeError);
  });
});

describe('interleaved runs', () => {
  it('come in pairs of random order, the same for the same seed', async () => {
    const order = async (seed: number): Promise<string> => {
      let text = '';
      const side = (name: string) => (): Promise<number> => {
        text += name;
        return Promise.resolve(1);
      };
      await compareInterleaved({ better: 'higher', seed, looks: [20], a: side('a'), b: side('b') });
      return text;
    };
    const first = await order(1);
    assert.equal(first, await order(1));
    assert.notEqual(first, await order(2));
    assert.match(first, /^(ab|ba){20}$/u);
    assert.match(first, /abba|baab/u);
  });

  it('end with the signal and with a run that fails', async () => {
    const one = (): Promise<number> => Promise.resolve(1);
    const stop = new AbortController();
    const stopping = (): Promise<number> => {
      stop.abort(new Error('enough'));
      return one();
    };
    await assert.rejects(
      compareInterleaved({ better: 'higher', seed: 1, a: one, b: stopping, signal: stop.signal }),
      /enough/u,
    );
    const failing = (): Promise<number> => Promise.reject(new Error('no server'));
    await assert.rejects(compareInterleaved({ better: 'higher', seed: 1, a: one, b: failing }), /no server/u);
  });
});

describe('shiftOf', () => {
  it('holds the true shift as often as promised, whatever the tails', () => {
    const random = new SeededRandom(5);
    let held = 0;
    const rounds = 2000;
    for (let round = 0; round < rounds; round++) {
      // The difference of two exponentials: symmetric, with tails heavier than a bell's.
      const differences = Array.from({ length: 15 }, () => 0.3 + random.exponential() - random.exponential());
      const { low, high } = shiftOf(differences, 0.1);
      if (low <= 0.3 && high >= 0.3) held++;
    }
    assert.ok(held >= rounds * 0.89 && held <= rounds * 0.93, `${String(held)} of ${String(rounds)}`);
  });

  it('agrees with a published table: n = 10, 5 % leaves out rank sums up to 8', () => {
    const differences = Array.from({ length: 10 }, (_, index) => 2 ** index);
    const averages = differences
      .flatMap((first, index) => differences.slice(index).map((second) => (first + second) / 2))
      .sort((a, b) => a - b);
    const { low, high } = shiftOf(differences, 0.05);
    assert.deepEqual([low, high], [averages[8], averages[55 - 9]]);
  });
});

describe('bootstrapInterval', () => {
  const random = new SeededRandom(9);
  const values = Array.from({ length: 400 }, () => random.exponential());

  it('is the same for the same seed, and holds the statistic', () => {
    const interval = bootstrapInterval(values, median, { seed: 3 });
    assert.deepEqual(interval, bootstrapInterval(values, median, { seed: 3 }));
    assert.ok(interval.low <= median(values) && interval.high >= median(values));
    assert.ok(interval.low < interval.high);
  });

  it('is about as wide as theory says for a mean', () => {
    const { low, high } = bootstrapInterval(values, meanOf);
    const theory = (2 * 1.96 * 1) / Math.sqrt(values.length);
    assert.ok(Math.abs((high - low) / theory - 1) < 0.2, `${String(high - low)} and ${String(theory)}`);
  });

  it('is wider for blocks when neighbours resemble each other', () => {
    const stairs = Array.from({ length: 400 }, (_, index) => Math.floor(index / 20) % 5);
    const width = (blockLength: number): number => {
      const { low, high } = bootstrapInterval(stairs, meanOf, { blockLength });
      return high - low;
    };
    assert.ok(width(20) > 2 * width(1));
  });

  it('does not exist for no values', () => {
    assert.throws(() => bootstrapInterval([], median), RangeError);
  });
});
