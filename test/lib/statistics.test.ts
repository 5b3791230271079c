import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { nativeAddon } from '../../lib/native.js';
import { phases, statisticsWindows, type NativeStatistics } from '../../lib/native-statistics-types.js';
import { tiers } from '../../lib/native-types.js';
import { SeededRandom } from '../../lib/bench/seeded-random.js';
import { idle, loadTestModel } from '../support/with-model.js';

const { addon } = nativeAddon();

function normal(random: SeededRandom): number {
  return Math.sqrt(2 * random.exponential()) * Math.cos(2 * Math.PI * random.next());
}

/** Microseconds, as durations are distributed: many alike, a long tail, two groups, fractions of a microsecond. */
const distributions: Readonly<Record<string, (random: SeededRandom) => number>> = {
  lognormal: (random) => Math.exp(9 + 1.5 * normal(random)),
  exponential: (random) => 800 * random.exponential(),
  uniform: (random) => random.next() * 3.6e9,
  narrow: (random) => 20_000 + 3 * normal(random),
  'two groups': (random) => (random.next() < 0.03 ? 2e6 : 0.3) * (1 + random.next()),
};

/** Nearest rank, as the native side defines it. */
function exactQuantile(sorted: Float64Array, share: number): number {
  return sorted[Math.max(1, Math.ceil(share * sorted.length)) - 1] ?? NaN;
}

/** Half a nanosecond in milliseconds: recorded ones are whole. */
const rounding = 0.5e-6;

function within(actual: number, exact: number, share: number, what: string): void {
  assert.ok(
    Math.abs(actual - exact) <= share * exact + rounding,
    `${what}: ${String(actual)} instead of ${String(exact)}`,
  );
}

function only<Item>(items: readonly Item[]): Item {
  const [item] = items;
  assert.ok(item !== undefined && items.length === 1, `one was expected, ${String(items.length)} came`);
  return item;
}

describe('native statistics', () => {
  for (const [name, draw] of Object.entries(distributions)) {
    it(`agree with an exact sort of a million samples within 1 %: ${name}`, () => {
      const random = new SeededRandom(42);
      const values = Float64Array.from({ length: 1_000_000 }, () => draw(random));
      const statistics = addon.createStatistics();
      for (const value of values) statistics.record(phases.indexOf('prefill'), tiers.indexOf('high'), value);
      const summary = only(statistics.summarize('all', []));
      assert.equal(summary.phase, 'prefill');
      assert.equal(summary.tier, 'high');
      assert.equal(summary.count, values.length);
      assert.deepEqual(summary.slots, []);
      const mean = values.reduce((sum, value) => sum + value, 0) / values.length;
      const variance = values.reduce((sum, value) => sum + (value - mean) ** 2, 0) / values.length;
      values.sort();
      within(summary.mean, mean / 1000, 1e-6, 'mean');
      within(summary.stddev, Math.sqrt(variance) / 1000, 1e-6, 'stddev');
      const quantiles = { min: 0, p50: 0.5, p95: 0.95, p99: 0.99, p999: 0.999, max: 1 } as const;
      for (const [field, share] of Object.entries(quantiles)) {
        const actual = summary[field as keyof typeof quantiles];
        within(actual, exactQuantile(values, share) / 1000, 0.01, field);
      }
    });
  }

  it('of others are merged into a summary, those of other phases and tiers stay apart', () => {
    const parts = [1, 2, 3].map((number): NativeStatistics => {
      const statistics = addon.createStatistics();
      for (let i = 0; i < 100; i += 1) statistics.record(phases.indexOf('queue'), tiers.indexOf('low'), number * 1000);
      statistics.record(phases.indexOf('total'), number, 500);
      return statistics;
    });
    const first = addon.createStatistics();
    for (const window of statisticsWindows) {
      const summaries = first.summarize(window, parts);
      const queue = only(summaries.filter(({ phase }) => phase === 'queue'));
      assert.deepEqual([queue.tier, queue.count, queue.mean, queue.min, queue.max], ['low', 300, 2, 1, 3]);
      const totals = summaries.filter(({ phase }) => phase === 'total');
      assert.deepEqual(
        totals.map(({ tier, count }) => [tier, count]),
        [
          ['high', 1],
          ['normal', 1],
          ['low', 1],
        ],
      );
    }
    assert.deepEqual(first.summarize('all', []), []);
  });

  it('tell what was recorded just now as slots of the windows', async () => {
    const statistics = addon.createStatistics();
    statistics.record(0, 0, 2000);
    await sleep(2);
    statistics.record(0, 0, 4000);
    for (const window of ['1m', '5m', '1h'] as const) {
      const { slots } = only(statistics.summarize(window, []));
      assert.equal(
        slots.reduce((sum, { count }) => sum + count, 0),
        2,
      );
      const sum = slots.reduce((total, { count, mean }) => total + count * mean, 0);
      assert.ok(Math.abs(sum - 6) < 1e-9);
      assert.ok(slots.every(({ ageMs }) => ageMs >= 0));
    }
  });

  it('cumulate over all tiers', () => {
    const statistics = addon.createStatistics();
    for (let i = 1; i <= 1000; i += 1) statistics.record(phases.indexOf('total'), i % tiers.length, i * 100);
    const bounds = Float64Array.from([50, 10_050, 50_050, 1e9]);
    const { counts, count, sumUs } = statistics.cumulate(phases.indexOf('total'), bounds);
    assert.equal(count, 1000);
    assert.equal(sumUs, 50_050_000);
    assert.equal(counts.length, bounds.length);
    assert.equal(counts[0], 0);
    within(counts[1] ?? NaN, 100, 0.02, 'up to 10 ms');
    within(counts[2] ?? NaN, 500, 0.02, 'up to 50 ms');
    assert.equal(counts[3], 1000);
    assert.equal(statistics.cumulate(phases.indexOf('queue'), bounds).count, 0);
  });

  it('reject what they do not know', () => {
    const statistics = addon.createStatistics();
    const attempts: (() => unknown)[] = [
      () => statistics.summarize('2m' as '1m', []),
      () => statistics.cumulate(-1, new Float64Array(1)),
    ];
    for (const attempt of attempts) assert.throws(attempt, RangeError);
    const records = [
      [phases.length, 0, 1],
      [0, tiers.length, 1],
      [0.5, 0, 1],
      [0, 0, -1],
      [0, 0, NaN],
    ] as const;
    for (const [phase, tier, us] of records) {
      assert.throws(() => {
        statistics.record(phase, tier, us);
      }, RangeError);
    }
    assert.throws(() => statistics.summarize('1m', [{} as NativeStatistics]), TypeError);
    assert.throws(() => statistics.cumulate(0, [1] as unknown as Float64Array), TypeError);
    const Constructor = statistics.constructor as new () => NativeStatistics;
    assert.throws(() => new Constructor(), TypeError);
    assert.deepEqual(statistics.summarize('all', []), []);
  });

  it('of a model are read, and merged with those of JS, but not recorded into', async () => {
    await using model = await loadTestModel();
    await model.complete('Once upon a time', { maxTokens: 4, temperature: 0, ignoreEos: true });
    await idle(model);
    const engine = only(model.phaseStatistics());
    assert.throws(() => {
      engine.record(0, 0, 1);
    }, /records its statistics itself/u);
    const own = addon.createStatistics();
    own.record(phases.indexOf('serialize'), tiers.indexOf('normal'), 100);
    const counts = Object.fromEntries(own.summarize('1m', [engine]).map(({ phase, count }) => [phase, count]));
    assert.deepEqual(
      [counts['serialize'], counts['first_token'], counts['total'], counts['inter_token']],
      [1, 1, 1, 3],
    );
  });
});
