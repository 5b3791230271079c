import type { TokenLogprob } from '../api/types.js';

function entryJson(entry: Omit<TokenLogprob, 'top'>): Record<string, unknown> {
  return { token: entry.token, logprob: entry.logprob, bytes: entry.bytes };
}

/** The tokens of a chat or of a response, with their alternatives. */
export function logprobEntries(logprobs: readonly TokenLogprob[]): Record<string, unknown>[] {
  return logprobs.map((entry) => ({ ...entryJson(entry), top_logprobs: entry.top.map(entryJson) }));
}
