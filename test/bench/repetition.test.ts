import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { longText } from '../../bench/prompts.js';
import { foretoldShare } from '../../bench/repetition.js';

describe('foretold share', () => {
  it('of an answer that runs in circles is nearly all of it', () => {
    assert.ok(foretoldShare('Once ', 'the time of a day '.repeat(20)) > 0.9);
  });

  it('of an answer that repeats its prompt is all of it but the beginning', () => {
    const prompt = 'abcdefghijklmnopqrstuvwxyz';
    assert.equal(foretoldShare(prompt, prompt), 14 / 26);
  });

  it('of an answer without repetition is nothing', () => {
    assert.equal(foretoldShare('', 'abcdefghijklmnopqrstuvwxyz0123456789'), 0);
    assert.equal(foretoldShare('a prompt', ''), 0);
  });

  it('of random words is small', () => {
    assert.ok(foretoldShare(longText(100, 1), longText(200, 2)) < 0.3);
  });
});
