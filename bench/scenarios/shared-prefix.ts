/** Many requests with one long beginning, as a system prompt makes them: is it computed once? */
import { alternateMany, between, type Bench, type Scenario } from '../bench.js';
import type { Comparison } from '../comparison.js';
import type { BenchModel } from '../models.js';
import { inferno } from '../peers/inferno.js';
import { llamaServer } from '../peers/llama-server.js';
import { promptsWithOnePrefix } from '../prefix-prompts.js';
import { prefixMetrics, prefixTrial, type PrefixTrial } from '../prefix-trial.js';

const name = 'shared-prefix';
/** 2.5 times as fast, and the first token after a tenth of the time. */
const bars = { total: 0.4, first: 0.1, prefilled: 1.1 };
const sizes = { full: { count: 64, parallel: 16 }, quick: { count: 16, parallel: 8 } };
const prefixTokens = 900;
const seed = 3;

async function measure(bench: Bench, model: BenchModel): Promise<Comparison[]> {
  const peer = llamaServer(bench.tools);
  const { count, parallel } = bench.quick ? sizes.quick : sizes.full;
  const prompts = promptsWithOnePrefix(count, prefixTokens, seed);
  const trial: PrefixTrial = { prompts, tokens: 32, parallel, contextSize: 1024 };
  const resultsOf = await alternateMany(
    bench,
    `${name}, ${model.label}`,
    prefixMetrics,
    [inferno, peer].map((kind) => ({ name: kind.name, run: () => prefixTrial(bench, kind, model, trial) })),
  );
  const what = `${String(count)} requests with the same ${String(prefixTokens)} tokens, ${String(parallel)} at once`;
  const row = { scenario: name, model: model.label };
  const both = [inferno.name, peer.name] as const;
  return [
    {
      ...row,
      what: `${what}: total time`,
      unit: 's',
      ...between(resultsOf('total s'), ...both),
      bar: { kind: 'ratio at most', value: bars.total },
    },
    {
      ...row,
      what: `${what}: first token, p99`,
      unit: 'ms',
      ...between(resultsOf('first token p99 ms'), ...both),
      bar: { kind: 'ratio at most', value: bars.first },
    },
    {
      ...row,
      what: `${what}: tokens prefilled`,
      unit: 'of the unique',
      ...between(resultsOf('prefilled'), ...both),
      bar: { kind: 'at most', value: bars.prefilled },
    },
  ];
}

export const sharedPrefix: Scenario = { name, models: ['160m'], measure };
