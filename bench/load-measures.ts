/** What answers under load say together: how long they took, and how much of their prompts was computed. */
import type { CompletionRecord } from './completion-record.js';
import { InvalidRun, type WholeAnswer } from './whole-answer.js';

export function timesToFirstText(answers: readonly WholeAnswer[]): number[] {
  return answers.map(({ firstTextAt, sentAt }) => firstTextAt - sentAt);
}

/** From the first request until the last answer has ended. */
export function spanMs(answers: readonly WholeAnswer[]): number {
  const first = Math.min(...answers.map(({ sentAt }) => sentAt));
  return Math.max(...answers.map(({ finishedAt }) => finishedAt)) - first;
}

/** Of all answers over their whole span, prompts and waiting included. */
export function answeredTokensPerSecond(answers: readonly WholeAnswer[]): number {
  const tokens = answers.reduce((sum, answer) => sum + answer.tokens, 0);
  return (tokens / spanMs(answers)) * 1000;
}

/** Prompt tokens that the server computed, by its own account. */
export function prefilledTokens(records: readonly CompletionRecord[]): number {
  return records.reduce((sum, { promptTokens, cachedTokens }) => {
    if (promptTokens === null || cachedTokens === null) {
      throw new InvalidRun('The server did not say how much of a prompt was cached.');
    }
    return sum + promptTokens - cachedTokens;
  }, 0);
}
