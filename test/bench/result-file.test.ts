import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { benchResultSchema } from '../../lib/bench/bench-result.js';
import { memorySlope } from '../../lib/bench/measure/memory-slope.js';
import type { Comparison } from '../../bench/comparison.js';
import type { Report } from '../../bench/report.js';
import { measurementsOf, resultOf } from '../../bench/result-file.js';

const rate: Comparison = {
  scenario: 'single-stream',
  model: 'nano',
  what: 'decode, 1 stream',
  unit: 'tokens/s',
  subject: { name: 'inferno', values: [90, 110] },
  reference: { name: 'llama-bench', values: [100, 100] },
  bar: { kind: 'ratio at least', value: 0.97 },
};
const wait: Comparison = {
  scenario: 'goodput',
  model: 'nano',
  what: 'first token p99',
  unit: 'ms',
  metric: 'time_to_first_token',
  subject: { name: 'inferno', values: [5], samples: [1, 2, 3, 5] },
};

describe('the result file', () => {
  it('holds both sides of a comparison, the subject with its reference and its bar', () => {
    const [subject, reference, ...others] = measurementsOf([rate]);
    assert.deepEqual(others, []);
    assert.deepEqual(subject, {
      ...{ scenario: 'single-stream: decode, 1 stream', model: 'nano', side: 'inferno', metric: 'tokens_per_second' },
      ...{ unit: 'tokens/s', values: [90, 110], better: 'higher', reference: 'llama-bench' },
      bar: { kind: 'ratio at least', value: 0.97, met: true },
    });
    assert.deepEqual([reference?.side, reference?.values, reference?.bar], ['llama-bench', [100, 100], undefined]);
  });

  it('keeps every bar when one side is held against several', () => {
    const server: Comparison = {
      ...rate,
      reference: { name: 'llama-server', values: [50, 50] },
      bar: { kind: 'ratio above', value: 3 },
    };
    const measured = measurementsOf([rate, server]);
    const bars = measured.flatMap(({ bar, reference }) => (bar === undefined ? [] : [[reference, bar.met]]));
    assert.deepEqual(bars, [
      ['llama-bench', true],
      ['llama-server', false],
    ]);
    const keys = measured.map(({ scenario, side, metric }) => `${scenario} ${side} ${metric}`);
    assert.equal(new Set(keys).size, keys.length);
  });

  it('knows that less time is better, and sums up samples', () => {
    const [measured] = measurementsOf([wait]);
    assert.deepEqual([measured?.better, measured?.samples?.count, measured?.samples?.max], ['lower', 4, 5]);
  });

  it('holds memory over time with its slope', () => {
    const points = Array.from({ length: 300 }, (_, index) => [index * 1000, 100 + (index % 7)] as const);
    const slope = memorySlope(points.map(([atMs, bytes]) => ({ atMs, bytes })));
    const soak: Comparison = {
      ...{ scenario: 'soak', model: 'nano', what: 'resident memory', unit: 'MiB' },
      subject: { name: 'inferno', values: [103], points, slope },
      bar: { kind: 'no leak', met: true },
    };
    const [measured] = measurementsOf([soak]);
    assert.equal(measured?.series?.points.length, 300);
    assert.equal(measured.series.slope?.verdict, 'no leak');
    assert.deepEqual([measured.series.slope.fromMs >= 99_000, measured.series.slope.toMs], [true, 299_000]);
  });

  it('is what the schema says, failures and remarks included', () => {
    const report: Report = {
      ...{ startedAt: new Date(0).toISOString(), durationMs: 1, runs: 2, quick: true },
      machine: {
        ...{ cpu: 'a', cores: 2, memoryGiB: 3.7, system: 'Linux', node: 'v20', commit: 'c', dirty: true },
        ...{ llamaCommit: 'd', loadAverage: 4 },
      },
      models: [],
      comparisons: [rate, wait],
      failures: [{ scenario: 'cancel', model: 'nano', message: 'no' }],
    };
    const result = benchResultSchema.parse(resultOf(report, 'npm run bench -- --quick'));
    assert.equal(result.measurements.length, 3);
    assert.ok(result.notes.some((note) => note.includes('not idle')));
    assert.equal(result.failures.length, 1);
  });
});
