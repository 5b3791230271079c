import type { Usage } from './types.js';

/** Of what has not run. */
export const noTokens: Usage = {
  promptTokens: 0,
  cachedTokens: 0,
  completionTokens: 0,
  reasoningTokens: 0,
  draftedTokens: 0,
  acceptedTokens: 0,
};
