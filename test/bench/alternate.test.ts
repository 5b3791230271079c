import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { alternateMany, between, type SideOfMany } from '../../bench/bench.js';

describe('sides that say several things', () => {
  const said: string[] = [];
  const bench = { runs: 2, say: (line: string) => said.push(line) };
  const order: string[] = [];
  const side = (name: string, values: readonly ('fast' | 'slow')[]): SideOfMany<'fast' | 'slow'> => ({
    name,
    run: () => {
      order.push(name);
      const fast = order.filter((other) => other === name).length;
      return Promise.resolve({
        values: values.includes('slow') ? { fast, slow: 10 * fast } : { fast },
        clientLoad: fast / 10,
      });
    },
  });

  it('alternate, and each metric has the values of all runs', async () => {
    const resultsOf = await alternateMany(bench, 'it', ['fast', 'slow'], [side('a', ['slow']), side('b', [])]);
    assert.deepEqual(order, ['a', 'b', 'a', 'b']);
    const { subject, reference, clientLoad } = between(resultsOf('fast'), 'a', 'b');
    assert.deepEqual([subject.values, reference.values, clientLoad], [[1, 2], [1, 2], 0.2]);
    assert.equal(said[0], 'it, run 1/2: a: fast 1.000, slow 10.00');
    assert.equal(said[3], 'it, run 2/2: b: fast 2.000');
  });

  it('of which one does not say a metric has no values for it', async () => {
    const resultsOf = await alternateMany(bench, 'it', ['fast', 'slow'], [side('c', ['slow']), side('d', [])]);
    assert.deepEqual(
      resultsOf('slow').map(({ values }) => values),
      [[10, 20], []],
    );
  });
});
