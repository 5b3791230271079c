import type { Usage } from '../api/types.js';

/** Tokens of all choices; milliseconds of the one where each took longest. */
export interface AnswerTimings extends Usage {
  readonly prefillMs: number;
  readonly decodeMs: number;
}

/** A rate of zero where there was nothing to measure. */
function ratio(value: number, by: number): number {
  return by > 0 ? value / by : 0;
}

/**
 * llama-server's `timings`, of all choices together. The first token of a choice comes with its prompt, so that rates
 * count one less for each.
 */
export function timingsOf(answer: AnswerTimings, choices = 1): Record<string, number> {
  const { promptTokens, cachedTokens, completionTokens, draftedTokens, acceptedTokens, prefillMs, decodeMs } = answer;
  const processed = promptTokens - cachedTokens;
  const steps = Math.max(0, completionTokens - choices);
  return {
    cache_n: cachedTokens,
    prompt_n: processed,
    prompt_ms: prefillMs,
    prompt_per_token_ms: ratio(prefillMs, processed),
    prompt_per_second: ratio(processed * 1000, prefillMs),
    predicted_n: completionTokens,
    predicted_ms: decodeMs,
    predicted_per_token_ms: ratio(decodeMs, steps),
    predicted_per_second: ratio(steps * 1000, decodeMs),
    ...(draftedTokens === 0 ? {} : { draft_n: draftedTokens, draft_n_accepted: acceptedTokens }),
  };
}
