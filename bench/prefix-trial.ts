/** One run of prompts with common beginnings: how long all took, and how much of them was computed. */
import type { Bench, MeasuredMany } from './bench.js';
import { completionRequest } from './completion-request.js';
import { prefilledTokens, spanMs, timesToFirstText } from './load-measures.js';
import type { BenchModel } from './models.js';
import { tokensOfPrompt, uniqueTokens, type Words } from './prefix-prompts.js';
import type { ServerKind } from './server-kind.js';
import { hangMs, onWarmServer } from './server-trial.js';
import { percentile } from '../lib/bench/measure/stats.js';
import { InvalidRun, wholeAnswers } from './whole-answer.js';

export const prefixMetrics = ['total s', 'first token p99 ms', 'prefilled'] as const;
export type PrefixMetric = (typeof prefixMetrics)[number];

export interface PrefixTrial {
  readonly prompts: readonly Words[];
  /** Of each answer. */
  readonly tokens: number;
  /** Sequences of the server, and requests at once. */
  readonly parallel: number;
  readonly contextSize: number;
}

/** `prefilled` is the number of computed prompt tokens for each unique one. */
export async function prefixTrial(
  bench: Bench,
  kind: ServerKind,
  model: BenchModel,
  { prompts, tokens, parallel, contextSize }: PrefixTrial,
): Promise<MeasuredMany<PrefixMetric>> {
  const setup = { modelPath: model.path, parallel, contextSize };
  return onWarmServer(bench, kind, setup, async ({ server, client }) => {
    const requests = prompts.map((prompt) => ({
      atMs: 0,
      request: completionRequest({ prompt: prompt.join(' '), tokens }),
    }));
    const { answers, clientLoad } = await client.load({
      port: server.port,
      requests,
      atOnce: parallel,
      capMs: hangMs,
    });
    const whole = wholeAnswers(
      answers,
      prompts.map(() => tokens),
    );
    // Otherwise the unique tokens are not as many as the words say.
    for (const [index, prompt] of prompts.entries()) {
      if (answers[index]?.promptTokens !== tokensOfPrompt(prompt)) throw new InvalidRun('A word was not one token.');
    }
    const values = {
      'total s': spanMs(whole) / 1000,
      'first token p99 ms': percentile(timesToFirstText(whole), 0.99),
      prefilled: prefilledTokens(answers) / uniqueTokens(prompts),
    };
    return { values, clientLoad };
  });
}
