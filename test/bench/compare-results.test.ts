/** Verdicts over two results: what they promise for any numbers, and how often they are wrong on noise. */
import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import fc from 'fast-check';
import { compareResults, countOf, type LineVerdict } from '../../lib/bench/compare/compare-results.js';
import { SeededRandom } from '../../lib/bench/seeded-random.js';
import { measurementOf, resultOf } from './result-of.js';

const runs = fc.array(fc.double({ min: 1e-3, max: 1e6, noNaN: true }), { minLength: 1, maxLength: 8 });
const direction = fc.constantFrom('higher' as const, 'lower' as const);

function verdictOf(before: readonly number[], after: readonly number[], better: 'higher' | 'lower'): LineVerdict {
  const result = (values: readonly number[]) => resultOf([measurementOf(values, { better })]);
  const [line] = compareResults(result(before), result(after)).lines;
  assert.ok(line !== undefined);
  return line.verdict;
}

/** Lines that differ by run noise of 2 % and by `factor`. */
function noisyLines(random: SeededRandom, lines: number, factor: number): ReturnType<typeof measurementOf>[] {
  return Array.from({ length: lines }, (_, line) => {
    const normal = (): number =>
      Array.from({ length: 12 }, () => random.next()).reduce((sum, value) => sum + value, -6);
    const values = Array.from({ length: 8 }, () => 100 * (line + 1) * factor * Math.exp(0.02 * normal()));
    return measurementOf(values, { scenario: `scenario ${String(line)}` });
  });
}

describe('the comparison of two results', () => {
  it('never calls equal runs a change', () => {
    fc.assert(
      fc.property(runs, direction, (values, better) => {
        assert.match(verdictOf(values, values, better), /^(?:no change|unclear)$/u);
      }),
    );
  });

  it('says the opposite for the opposite direction, and when both are exchanged', () => {
    const opposite: Readonly<Record<LineVerdict, LineVerdict>> = {
      ...{ regression: 'improvement', improvement: 'regression', 'no change': 'no change' },
      ...{ unclear: 'unclear', neutral: 'neutral' },
    };
    fc.assert(
      fc.property(runs, runs, (before, after) => {
        const verdict = verdictOf(before, after, 'higher');
        assert.equal(verdictOf(before, after, 'lower'), opposite[verdict]);
        assert.equal(verdictOf(after, before, 'higher'), opposite[verdict]);
      }),
    );
  });

  it('does not depend on the unit', () => {
    fc.assert(
      fc.property(runs, runs, direction, (before, after, better) => {
        const scaled = (values: readonly number[]): number[] => values.map((value) => value * 1024);
        assert.equal(verdictOf(scaled(before), scaled(after), better), verdictOf(before, after, better));
      }),
    );
  });

  it('finds 20 % in each of 20 noisy lines and nothing between equals, in 100 tries', () => {
    const random = new SeededRandom(7);
    let alarms = 0;
    let found = 0;
    for (let attempt = 0; attempt < 100; attempt++) {
      const before = resultOf(noisyLines(random, 20, 1));
      const same = compareResults(before, resultOf(noisyLines(random, 20, 1)));
      const slower = compareResults(before, resultOf(noisyLines(random, 20, 0.8)));
      if (countOf(same, 'no change') + countOf(same, 'unclear') < 20) alarms++;
      found += countOf(slower, 'regression');
    }
    // The chance of a false alarm is 1 % for each comparison, so that about one of a hundred is expected.
    assert.ok(alarms <= 3, `${String(alarms)} false alarms`);
    assert.ok(found >= 1990, `${String(found)} of 2000 found`);
  });

  it('judges nothing with fewer than three runs, or by a bound', () => {
    assert.equal(verdictOf([100, 101], [10, 11], 'higher'), 'unclear');
    const bounded = measurementOf([10, 11, 12], { cutOff: true });
    const [line] = compareResults(resultOf([measurementOf([100, 101, 102])]), resultOf([bounded])).lines;
    assert.equal(line?.verdict, 'unclear');
  });

  it('names what only one of both measured, and what makes them incomparable', () => {
    const before = resultOf([measurementOf([1, 1, 1]), measurementOf([1], { scenario: 'old' })]);
    const machine = { ...before.machine, cpu: 'Another CPU' };
    const after = resultOf([measurementOf([1, 1, 1]), measurementOf([1], { scenario: 'new' })], { machine });
    const { missing, added, warnings } = compareResults(before, after);
    assert.deepEqual(
      [missing, added].map((lines) => lines.map(({ scenario }) => scenario)),
      [['old'], ['new']],
    );
    assert.deepEqual(warnings, ['The processor differs: A CPU before, Another CPU now.']);
  });
});
