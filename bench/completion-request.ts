/** A streamed, greedy completion of exactly so many tokens: what every server here is asked for. */
import type { Tier } from '../lib/native-types.js';
import type { HttpRequest } from './recorded-exchange.js';

export interface CompletionJob {
  readonly prompt: string;
  /** Of the answer. */
  readonly tokens: number;
  /** Servers that know no tiers ignore this, and the user. */
  readonly tier?: Tier;
  readonly user?: string;
  /** Only these are likely to be chosen. */
  readonly likelyTokens?: readonly number[];
}

export function completionRequest({ prompt, tokens, tier, user, likelyTokens }: CompletionJob): HttpRequest {
  const body = {
    prompt,
    max_tokens: tokens,
    temperature: 0,
    ignore_eos: true,
    stream: true,
    stream_options: { include_usage: true },
    ...(tier === undefined ? {} : { priority: tier }),
    ...(user === undefined ? {} : { user }),
    ...(likelyTokens === undefined
      ? {}
      : { logit_bias: Object.fromEntries(likelyTokens.map((token) => [token, 100])) }),
  };
  return { path: '/v1/completions', body };
}
