import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import fc from 'fast-check';
import {
  promptsWithManyPrefixes,
  promptsWithOnePrefix,
  tokensOfPrompt,
  uniqueTokens,
  type Words,
} from '../../bench/prefix-prompts.js';

/** What a tree of prefixes would hold, counted the slow way. */
function nodesOf(prompts: readonly Words[]): number {
  return new Set(prompts.flatMap((prompt) => prompt.map((_, index) => prompt.slice(0, index + 1).join(' ')))).size;
}

describe('unique tokens', () => {
  it('are those of a prefix tree, and the one in front', () => {
    const word = fc.constantFrom('a', 'aa', 'b', 'to', 'too');
    fc.assert(
      fc.property(
        fc.array(fc.array(word, { minLength: 1, maxLength: 6 }), { minLength: 1, maxLength: 12 }),
        (prompts) => {
          assert.equal(uniqueTokens(prompts), nodesOf(prompts) + 1);
        },
      ),
    );
  });
});

describe('prompts with one prefix', () => {
  const prompts = promptsWithOnePrefix(64, 900, 3);

  it('share exactly that', () => {
    const [first = []] = prompts;
    for (const prompt of prompts) assert.deepEqual(prompt.slice(0, 899), first.slice(0, 899));
    assert.equal(new Set(prompts.map((prompt) => prompt.join(' '))).size, 64);
    assert.equal(tokensOfPrompt(first), 912);
    const unique = uniqueTokens(prompts);
    assert.ok(unique > 900 + 64 && unique <= 900 + 64 * 12);
  });
});

describe('prompts with many prefixes', () => {
  const asked = { prefixes: 8, rounds: 3, prefixTokens: 50, seed: 4 };
  const prompts = promptsWithManyPrefixes(asked);
  const prefixOf = (prompt: Words): string => prompt.slice(0, 49).join(' ');

  it('have every prefix once in each round, in different orders', () => {
    const rounds = [0, 8, 16].map((from) => prompts.slice(from, from + 8).map(prefixOf));
    for (const round of rounds) assert.equal(new Set(round).size, 8);
    assert.equal(new Set(prompts.map(prefixOf)).size, 8);
    assert.notDeepEqual(rounds[0], rounds[1]);
  });

  it('are the same for the same seed', () => {
    assert.deepEqual(promptsWithManyPrefixes(asked), prompts);
    assert.notDeepEqual(promptsWithManyPrefixes({ ...asked, seed: 5 }), prompts);
  });
});
