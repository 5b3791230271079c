import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import fc from 'fast-check';
import { findJsonFault, nestingDepth } from '../../lib/server/json-fault.js';

const parses = (text: string): boolean => {
  try {
    JSON.parse(text);
    return true;
  } catch {
    return false;
  }
};

describe('findJsonFault', () => {
  const faulty: readonly (readonly [string, number])[] = [
    ['', 0],
    ['  ', 2],
    ['{', 1],
    ['{"a" 1}', 5],
    ['{"a":1,}', 7],
    ['[1,]', 3],
    ['[1 2]', 3],
    ['tru', 0],
    ['"abc', 4],
    ['"a\nb"', 2],
    [String.raw`"\x"`, 2],
    [String.raw`"\u12g4"`, 5],
    ['01', 1],
    ['1.', 2],
    ['-', 1],
    ['1e+', 3],
    ['{} x', 3],
    ['[}', 1],
    ['{]', 1],
    ["{'a':1}", 1],
  ];
  for (const [text, position] of faulty) {
    it(`finds the fault of ${JSON.stringify(text)} at ${String(position)}`, () => {
      assert.equal(findJsonFault(text)?.position, position);
    });
  }

  it('counts lines and columns from 1', () => {
    assert.deepEqual(findJsonFault('{\n "a": ?}'), { position: 8, line: 2, column: 7 });
  });

  it('agrees with JSON.parse on JSON and on damaged JSON', () => {
    fc.assert(
      fc.property(fc.json({ maxDepth: 4 }), fc.nat(), fc.string({ maxLength: 2 }), (json, at, inserted) => {
        assert.equal(findJsonFault(json), undefined);
        const position = at % (json.length + 1);
        const damaged = json.slice(0, position) + inserted + json.slice(position + 1);
        assert.equal(findJsonFault(damaged) === undefined, parses(damaged), damaged);
      }),
      { numRuns: 2000 },
    );
  });

  it('takes a million brackets without recursion', () => {
    assert.equal(findJsonFault('['.repeat(1_000_000))?.position, 1_000_000);
  });
});

describe('nestingDepth', () => {
  it('counts arrays and objects, and stops beyond the limit', () => {
    assert.equal(nestingDepth(1, 10), 0);
    assert.equal(nestingDepth({ a: [1, { b: null }] }, 10), 3);
    let deep: unknown = 1;
    for (let i = 0; i < 100_000; i++) deep = [deep];
    assert.equal(nestingDepth(deep, 10), 11);
  });
});
