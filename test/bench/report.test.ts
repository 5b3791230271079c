import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { fastest, isMet, type Comparison } from '../../bench/comparison.js';
import { tableOf } from '../../bench/report.js';

const rate: Comparison = {
  scenario: 'single-stream',
  model: '160m Q4_K_M',
  what: 'decode, 1 stream',
  unit: 'tokens/s',
  subject: { name: 'inferno', values: [99, 97, 98] },
  reference: { name: 'llama-bench', values: [100, 100, 100] },
};
const latency: Comparison = {
  scenario: 'cancel',
  model: '160m Q4_K_M',
  what: 'cancel while streaming',
  unit: 'ms',
  subject: { name: 'inferno', values: [3, 5, 49] },
  reference: { name: 'llama-server', values: [60_000, 60_000, 60_000], cutOff: true },
  bar: { kind: 'at most', value: 50 },
};

describe('a bar', () => {
  it('on a ratio is met by the medians', () => {
    assert.equal(isMet({ ...rate, bar: { kind: 'ratio at least', value: 0.98 } }), true);
    assert.equal(isMet({ ...rate, bar: { kind: 'ratio at least', value: 0.99 } }), false);
  });

  it('"at most" on a ratio is missed by more, and by what was cut off', () => {
    const bar = { kind: 'ratio at most', value: 0.1 } as const;
    const fast = { ...latency, subject: { name: 'inferno', values: [6000, 6000, 9000] }, bar };
    assert.equal(isMet(fast), true);
    assert.equal(isMet({ ...fast, subject: { name: 'inferno', values: [6001, 6001, 1] } }), false);
    assert.equal(isMet({ ...fast, subject: { name: 'inferno', values: [1], cutOff: true } }), false);
    assert.match(tableOf([fast]), /ratio ≤ 0\.1 /u);
  });

  it('"above" is not met by being equal', () => {
    const equal = { ...rate, subject: { name: 'inferno', values: [100, 100, 100] } };
    assert.equal(isMet({ ...equal, bar: { kind: 'ratio at least', value: 1 } }), true);
    assert.equal(isMet({ ...equal, bar: { kind: 'ratio above', value: 1 } }), false);
  });

  it('on a latency is missed by a single value', () => {
    assert.equal(isMet(latency), true);
    assert.equal(isMet({ ...latency, subject: { name: 'inferno', values: [3, 5, 51] } }), false);
  });

  it('on a latency is missed by what was cut off', () => {
    assert.equal(isMet({ ...latency, subject: { name: 'inferno', values: [3], cutOff: true } }), false);
  });

  it('that is not there is neither met nor missed', () => {
    assert.equal(isMet(rate), undefined);
  });
});

describe('the table', () => {
  it('says values, ranges, ratio, bar and verdict in aligned columns', () => {
    const lines = tableOf([{ ...rate, bar: { kind: 'ratio at least', value: 0.97 } }, latency]).split('\n');
    assert.equal(new Set(lines.map((line) => line.length)).size, 1);
    const cells = lines.map((line) => line.split('|').map((cell) => cell.trim()));
    assert.deepEqual(cells[2]?.slice(1, -1), [
      '160m Q4_K_M',
      'decode, 1 stream',
      '98.0 (97.0–99.0) tokens/s',
      'llama-bench: 100 (100–100)',
      '0.980 (0.970–0.990)',
      'ratio ≥ 0.97',
      'met',
    ]);
    assert.equal(cells[3]?.[4], 'llama-server: over 60,000 (60,000–60,000)');
  });
});

it('the fastest is the one with the highest median', () => {
  const slow = { name: 'slow', values: [1, 1, 100] };
  const fast = { name: 'fast', values: [2, 2, 2] };
  assert.equal(fastest([slow, fast]), fast);
});
