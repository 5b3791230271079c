import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { completionRequest } from '../../bench/completion-request.js';
import { arrivalMs, overloadJobs, planned, tokensOf } from '../../bench/overload.js';
import { tiers } from '../../lib/native-types.js';

describe('the jobs of an overload', () => {
  const jobs = overloadJobs(400, 20);

  it('are the same for the same seed, and others for another', () => {
    assert.deepEqual(overloadJobs(400, 20), jobs);
    assert.notDeepEqual(overloadJobs(400, 21), jobs);
  });

  it('are of all tiers, about as many of each as meant', () => {
    const shares = tiers.map((tier) => jobs.filter((job) => job.tier === tier).length / jobs.length);
    for (const [index, meant] of [0.1, 0.2, 0.3, 0.4].entries()) {
      assert.ok(Math.abs((shares[index] ?? 0) - meant) < 0.06, `${String(shares[index])} instead of ${String(meant)}`);
    }
  });

  it('ask for 16 to 96 tokens, vips for few', () => {
    for (const { tier, tokens } of jobs) assert.ok(tokens >= 16 && tokens <= (tier === 'vip' ? 24 : 96));
    assert.equal(new Set(jobs.map(({ user }) => user)).size, 6);
  });

  it('arrive in order, within the time', () => {
    const times = planned(jobs, 5000).map(({ atMs }) => atMs);
    assert.deepEqual(
      times,
      [...times].sort((a, b) => a - b),
    );
    assert.ok((times[0] ?? -1) >= 0 && (times.at(-1) ?? Infinity) < 5000);
  });

  it('ask for four times the tokens that are made while they arrive', () => {
    const seconds = arrivalMs(jobs, 100, 4) / 1000;
    assert.equal(Math.round(seconds * 100 * 4), tokensOf(jobs));
  });
});

describe('a completion request', () => {
  it('says tier and user only where there are some', () => {
    const { body } = completionRequest({ prompt: 'Once', tokens: 3, tier: 'vip', user: 'me' });
    assert.deepEqual([body['priority'], body['user'], body['max_tokens']], ['vip', 'me', 3]);
    const plain = completionRequest({ prompt: 'Once', tokens: 3 }).body;
    assert.deepEqual(
      ['priority', 'user', 'logit_bias'].filter((field) => field in plain),
      [],
    );
  });

  it('makes some tokens likely', () => {
    const { body } = completionRequest({ prompt: 'Once', tokens: 3, likelyTokens: [278, 931] });
    assert.deepEqual(body['logit_bias'], { 278: 100, 931: 100 });
  });
});
