/** How long streams stood still while another prompt was worked on. */
import type { CompletionRecord } from './completion-record.js';
import { InvalidRun } from './whole-answer.js';

/**
 * The longest time between two pieces of one stream, of all stretches that overlap the time from the sending of the late
 * request to its first text.
 */
export function longestGapMs(streams: readonly CompletionRecord[], late: CompletionRecord): number {
  const failure = [late, ...streams].find((record) => record.failure !== null)?.failure;
  if (failure != null) throw new InvalidRun(`A request failed: ${failure}`);
  const until = late.textTimes[0];
  if (until === undefined) throw new InvalidRun('The late request was not answered.');
  let longest = 0;
  for (const { textTimes } of streams) {
    const last = textTimes.at(-1);
    if (last === undefined || last < until)
      throw new InvalidRun('A stream ended before the late request was answered.');
    for (const [index, to] of textTimes.entries()) {
      const from = textTimes[index - 1];
      if (from !== undefined && to > late.sentAt && from < until) longest = Math.max(longest, to - from);
    }
  }
  return longest;
}
