/** What is refused before it is parsed, from bytes that come in any parts. */
import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import fc from 'fast-check';
import { exceededBound, JsonScan, mostCost, mostLevels } from '../../lib/server/json-cost.js';

const longestText = 1000;

function inParts(bytes: Buffer, size: number): string | undefined {
  const scan = new JsonScan({ mostCost, longestText, expectedBytes: bytes.length });
  for (let at = 0; at < bytes.length; at += size) {
    const bound = scan.take(bytes.subarray(at, at + size));
    if (bound !== undefined) return bound;
  }
  return undefined;
}

function whole(text: string): string | undefined {
  return exceededBound(Buffer.from(text), { mostCost, longestText });
}

describe('the bounds of JSON', () => {
  it('hold for levels, also where they close again', () => {
    assert.equal(whole('['.repeat(mostLevels) + ']'.repeat(mostLevels)), undefined);
    assert.equal(whole('['.repeat(mostLevels + 1)), 'levels');
    assert.equal(whole(`[${'[[]],'.repeat(1000)}[]]`), undefined);
  });

  it('hold for names, texts, arrays and numbers', () => {
    const list = (item: string, count: number): string => `[${`${item},`.repeat(count - 1)}${item}]`;
    const object = (count: number): string =>
      `{${Array.from({ length: count }, (_, at) => `"n${String(at)}":1`).join(',')}}`;
    assert.equal(whole(object(25_000)), undefined);
    assert.equal(whole(object(40_000)), 'values');
    assert.equal(whole(list('"a"', 50_000)), undefined);
    assert.equal(whole(list('"a"', 70_000)), 'values');
    assert.equal(whole(list('[]', 90_000)), undefined);
    assert.equal(whole(list('{}', 140_000)), 'values');
    assert.equal(whole(list('32000', 300_000)), undefined, 'the tokens of a full request for embeddings');
    assert.equal(whole(list('1', 500_000)), 'values');
    assert.equal(whole(`[${' '.repeat(5_000_000)}]`), 'values');
  });

  it('count nothing that stands in a text', () => {
    const text = String.raw`{[,:\"\\`.repeat(100);
    assert.equal(whole(`["${text}",1]`), undefined);
    assert.equal(whole(`["${'a'.repeat(longestText + 10)}"]`), 'text');
    assert.equal(whole(`["${'a'.repeat(longestText - 10)}"]`), undefined);
  });

  it('are found the same in parts of any size', () => {
    const piece = fc.oneof(
      fc.json(),
      fc.string({ maxLength: 600 }).map((text) => JSON.stringify(text)),
      fc.constant('[['.repeat(60)),
      fc.constant(String.raw`"\\\\\""`),
      fc.nat({ max: 700 }).map((count) => `"${'\\'.repeat(2 * count)}"`),
      fc.constant('x'),
    );
    fc.assert(
      fc.property(fc.array(piece, { maxLength: 6 }), fc.integer({ min: 1, max: 700 }), (pieces, size) => {
        const bytes = Buffer.from(`[${pieces.join(',')}]`);
        assert.equal(inParts(bytes, size), whole(bytes.toString()));
      }),
      { numRuns: 500 },
    );
  });

  it('never refuse what JSON.stringify makes of small values', () => {
    fc.assert(
      fc.property(fc.json(), (text) => {
        assert.equal(exceededBound(Buffer.from(text), { mostCost, longestText: Infinity }), undefined);
      }),
      { numRuns: 300 },
    );
  });
});
