/** More work than a server can do: a seeded mix of tiers, users, lengths and arrival times, the same for every server. */
import type { Tier } from '../lib/native-types.js';
import type { PlannedRequest } from './client-protocol.js';
import { completionRequest, type CompletionJob } from './completion-request.js';
import { randomWords } from './prompts.js';
import { SeededRandom } from '../lib/bench/seeded-random.js';

export interface OverloadJob extends CompletionJob {
  readonly tier: Tier;
  readonly user: string;
  /** When it arrives, as a share of the whole time of arrivals. */
  readonly at: number;
}

/** A tier's share of the requests, and how long its answers are. */
const mix = [
  { tier: 'vip', share: 0.1, least: 16, most: 24 },
  { tier: 'high', share: 0.2, least: 16, most: 96 },
  { tier: 'normal', share: 0.3, least: 16, most: 96 },
  { tier: 'low', share: 0.4, least: 16, most: 96 },
] as const;
const users = 6;
const promptWords = { least: 8, most: 32 };

function kindAt(point: number): (typeof mix)[number] {
  let below = 0;
  for (const kind of mix) {
    below += kind.share;
    if (point < below) return kind;
  }
  return mix[3];
}

export function overloadJobs(count: number, seed: number): OverloadJob[] {
  const random = new SeededRandom(seed);
  let clock = 0;
  const jobs = Array.from({ length: count }, () => {
    const at = clock;
    clock += random.exponential();
    const { tier, least, most } = kindAt(random.next());
    const user = `user-${String(random.integer(1, users))}`;
    const prompt = randomWords(random.integer(promptWords.least, promptWords.most), random).join(' ');
    return { tier, user, prompt, tokens: random.integer(least, most), at };
  });
  return jobs.map((job) => ({ ...job, at: job.at / clock }));
}

export function tokensOf(jobs: readonly OverloadJob[]): number {
  return jobs.reduce((sum, { tokens }) => sum + tokens, 0);
}

/** The time in which all must arrive, so that `times` as many tokens are asked for as a server makes meanwhile. */
export function arrivalMs(jobs: readonly OverloadJob[], tokensPerSecond: number, times: number): number {
  return (tokensOf(jobs) / (times * tokensPerSecond)) * 1000;
}

export function planned(jobs: readonly OverloadJob[], withinMs: number): PlannedRequest[] {
  return jobs.map((job) => ({ atMs: job.at * withinMs, request: completionRequest(job) }));
}
