/** Answers that came to their end as asked for; any other makes its run invalid. */
import type { CompletionRecord } from './completion-record.js';

/** Why a run does not count. */
export class InvalidRun extends Error {
  override readonly name = 'InvalidRun';
}

export interface WholeAnswer {
  readonly sentAt: number;
  readonly firstTextAt: number;
  readonly finishedAt: number;
  readonly tokens: number;
  readonly text: string;
}

/** Throws InvalidRun for an answer that failed, was cut off or has another length. */
export function wholeAnswer(record: CompletionRecord, askedTokens: number): WholeAnswer {
  const { failure, sentAt, textTimes, finishedAt, completionTokens, text } = record;
  if (failure !== null) throw new InvalidRun(`A stream failed: ${failure}`);
  const [firstTextAt] = textTimes;
  if (firstTextAt === undefined || finishedAt === null) throw new InvalidRun('A stream did not come to its end.');
  if (completionTokens !== askedTokens) {
    throw new InvalidRun(`A stream brought ${String(completionTokens)} tokens instead of ${String(askedTokens)}.`);
  }
  return { sentAt, firstTextAt, finishedAt, tokens: completionTokens, text };
}

/** All of them; `askedTokens` of each in the same order. */
export function wholeAnswers(records: readonly CompletionRecord[], askedTokens: readonly number[]): WholeAnswer[] {
  if (records.length !== askedTokens.length) {
    throw new InvalidRun(`Only ${String(records.length)} of ${String(askedTokens.length)} requests were sent in time.`);
  }
  return records.map((record, index) => wholeAnswer(record, askedTokens[index] ?? 0));
}
