/** Tokens per second of recorded streams: one definition for every server and every number of streams. */
import type { CompletionRecord } from './completion-record.js';
import { InvalidRun, wholeAnswer } from './whole-answer.js';

/** Tokens that decode steps made, and how long those took. */
export interface DecodeWork {
  readonly tokens: number;
  readonly ms: number;
}

/**
 * Streams that started together and ran to their end. The window is from the first text of any stream to the end of the
 * last one. A stream's first token comes from its prompt's step, so that it does not count.
 */
export function decodeWork(records: readonly CompletionRecord[], askedTokens: number): DecodeWork {
  let tokens = 0;
  let first = Infinity;
  let last = -Infinity;
  for (const record of records) {
    const answer = wholeAnswer(record, askedTokens);
    tokens += answer.tokens - 1;
    first = Math.min(first, answer.firstTextAt);
    last = Math.max(last, answer.finishedAt);
  }
  return { tokens, ms: last - first };
}

export function tokensPerSecond(rounds: readonly DecodeWork[]): number {
  const tokens = rounds.reduce((sum, round) => sum + round.tokens, 0);
  const ms = rounds.reduce((sum, round) => sum + round.ms, 0);
  return (tokens / ms) * 1000;
}

/**
 * One stream that was cut off after `capMs`: events count as tokens, since no usage came. A stream of which fewer than
 * two events came in that time gets the rate it had at most.
 */
export function cutOffRate({ failure, textTimes }: CompletionRecord, capMs: number): number {
  if (failure !== null) throw new InvalidRun(`The stream failed: ${failure}`);
  const [first] = textTimes;
  const last = textTimes.at(-1);
  if (first === undefined || last === undefined || last === first) return ((textTimes.length + 1) / capMs) * 1000;
  return ((textTimes.length - 1) / (last - first)) * 1000;
}
