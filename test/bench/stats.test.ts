import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import fc from 'fast-check';
import { median, percentile, rangeOf, ratioOf } from '../../lib/bench/measure/stats.js';

describe('median', () => {
  it('is the middle value, or the mean of the two in the middle', () => {
    assert.equal(median([3, 1, 2]), 2);
    assert.equal(median([10, 9, 1, 2]), 5.5);
  });

  it('has as many values on either side, whatever the order', () => {
    fc.assert(
      fc.property(fc.array(fc.double({ noNaN: true, min: -1e9, max: 1e9 }), { minLength: 1 }), (values) => {
        const middle = median(values);
        const below = values.filter((value) => value < middle).length;
        const above = values.filter((value) => value > middle).length;
        assert.ok(below <= values.length / 2 && above <= values.length / 2);
      }),
    );
  });

  it('does not exist for no values', () => {
    assert.throws(() => median([]), RangeError);
    assert.throws(() => rangeOf([]), RangeError);
  });
});

describe('percentile', () => {
  it('is the least value that enough others do not exceed', () => {
    const hundred = Array.from({ length: 100 }, (_, index) => 100 - index);
    assert.equal(percentile(hundred, 0.99), 99);
    assert.equal(percentile(hundred, 0.5), 50);
    assert.equal(percentile(hundred, 0), 1);
  });

  it('of few values is one of them', () => {
    assert.equal(percentile([5, 1, 3], 0.99), 5);
    assert.equal(percentile([7], 0.5), 7);
    assert.throws(() => percentile([], 0.5), RangeError);
  });
});

describe('ratioOf', () => {
  it('divides the medians, and ranges over values of the same run', () => {
    // Both slow down together in the third run: each pair has the same ratio, however far apart the runs are.
    assert.deepEqual(ratioOf([100, 110, 50], [200, 220, 100]), { value: 0.5, least: 0.5, most: 0.5 });
    assert.deepEqual(ratioOf([1, 2, 3], [2, 2, 2]), { value: 1, least: 0.5, most: 1.5 });
  });
});
