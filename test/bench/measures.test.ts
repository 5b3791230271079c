/** What is made of records: rates, gaps, and when a process came to rest. */
import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import type { CompletionRecord } from '../../bench/completion-record.js';
import { restedAt, restingMs } from '../../bench/cpu-watch.js';
import { cutOffRate, decodeWork, tokensPerSecond } from '../../bench/decode-rate.js';
import { answeredTokensPerSecond, prefilledTokens, spanMs, timesToFirstText } from '../../bench/load-measures.js';
import { longestGapMs } from '../../bench/token-gaps.js';
import { InvalidRun, wholeAnswers } from '../../bench/whole-answer.js';

function record(textTimes: readonly number[], completionTokens: number | null = textTimes.length): CompletionRecord {
  const finishedAt = completionTokens === null ? null : (textTimes.at(-1) ?? null);
  return {
    status: 200,
    sentAt: 0,
    text: 'x'.repeat(textTimes.length),
    textTimes,
    finishedAt,
    promptTokens: 2,
    cachedTokens: 0,
    completionTokens,
    failure: null,
  };
}

describe('decode rate', () => {
  it('of one stream counts the tokens behind the first', () => {
    const work = decodeWork([record([10, 20, 30, 40, 50])], 5);
    assert.deepEqual(work, { tokens: 4, ms: 40 });
    assert.equal(tokensPerSecond([work]), 100);
  });

  it('of several streams spans from the first text of any to the end of the last', () => {
    const work = decodeWork([record([10, 20, 30]), record([20, 40, 60])], 3);
    assert.deepEqual(work, { tokens: 4, ms: 50 });
  });

  it('of several rounds weighs each by its length', () => {
    assert.equal(
      tokensPerSecond([
        { tokens: 10, ms: 100 },
        { tokens: 30, ms: 100 },
      ]),
      200,
    );
  });

  it('counts tokens, not events', () => {
    assert.equal(decodeWork([record([10, 20], 9)], 9).tokens, 8);
  });

  it('is refused for a stream that is short, cut off or failed', () => {
    assert.throws(() => decodeWork([record([1, 2, 3])], 4), InvalidRun);
    assert.throws(() => decodeWork([record([1, 2, 3], null)], 3), InvalidRun);
    assert.throws(() => decodeWork([{ ...record([1, 2, 3]), failure: 'HTTP 500' }], 3), InvalidRun);
  });

  it('of a stream that was cut off comes from its events', () => {
    assert.equal(cutOffRate(record([1000, 2000, 3000], null), 5000), 1);
    // Less than one in 5 seconds: the bound is generous to the server.
    assert.equal(cutOffRate(record([4000], null), 5000), 0.4);
    assert.equal(cutOffRate(record([], null), 5000), 0.2);
  });
});

describe('answers under load', () => {
  const early = { ...record([10, 20, 30]), sentAt: 5 };
  const late = { ...record([90, 95]), sentAt: 15 };

  it('count from the first request to the last end', () => {
    const answers = wholeAnswers([early, late], [3, 2]);
    assert.equal(spanMs(answers), 90);
    assert.equal(answeredTokensPerSecond(answers), (5 / 90) * 1000);
    assert.deepEqual(timesToFirstText(answers), [5, 75]);
  });

  it('are refused when one failed, has another length, or was never sent', () => {
    assert.throws(() => wholeAnswers([early, { ...late, failure: 'HTTP 503' }], [3, 2]), /503/u);
    assert.throws(() => wholeAnswers([early, late], [3, 3]), InvalidRun);
    assert.throws(() => wholeAnswers([early], [3, 2]), /Only 1 of 2/u);
  });

  it('cost the prompt tokens that were not cached', () => {
    const cached = { ...early, promptTokens: 900, cachedTokens: 890 };
    assert.equal(prefilledTokens([cached, { ...cached, cachedTokens: 0 }]), 910);
    assert.throws(() => prefilledTokens([cached, { ...cached, cachedTokens: null }]), InvalidRun);
  });
});

describe('longest gap', () => {
  const late = { ...record([100, 110]), sentAt: 50 };

  it('is that of the stream that stood still, while the late request waited', () => {
    const before = record([0, 40, 45, 60, 90, 120]);
    const during = record([0, 10, 20, 30, 49, 99, 101]);
    assert.equal(longestGapMs([before, during], late), 50);
  });

  it('sees a stretch that begins before and ends after', () => {
    assert.equal(longestGapMs([record([0, 40, 140])], late), 100);
  });

  it('is refused when a stream ended before the answer began', () => {
    assert.throws(() => longestGapMs([record([0, 99])], late), InvalidRun);
  });

  it('is refused when the late request was not answered', () => {
    assert.throws(() => longestGapMs([record([0, 200])], { ...late, textTimes: [] }), InvalidRun);
  });
});

describe('restedAt', () => {
  /** A process that computes until `until` and is sampled every 2 ms. */
  const samples = (until: number, end: number): { at: number; cpuMs: number }[] =>
    Array.from({ length: end / 2 + 1 }, (_, index) => ({ at: index * 2, cpuMs: Math.min(index * 2, until) }));

  it('finds the end of computing', () => {
    assert.equal(restedAt(samples(40, 40 + 2 * restingMs)), 40);
  });

  it('is not certain before the process has rested for a while', () => {
    assert.equal(restedAt(samples(40, 40 + restingMs / 2)), undefined);
    assert.equal(restedAt(samples(1000, 1000)), undefined);
  });

  it('is not taken in by a pause', () => {
    const pause = restingMs / 2;
    const again = samples(40, 40 + pause);
    for (let at = 40 + pause + 2; at <= 400; at += 2) again.push({ at, cpuMs: 40 + Math.min(at - 40 - pause, 60) });
    const rested = restedAt(again);
    assert.ok(rested !== undefined && rested >= 40 + pause + 58);
  });
});
