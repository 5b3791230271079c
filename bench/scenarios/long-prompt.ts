/** How long a prompt takes until its first token, alone on the server. */
import { alternateMany, between, type Bench, type MeasuredMany, type Scenario } from '../bench.js';
import type { Comparison } from '../comparison.js';
import { generateWhole } from '../generated-load.js';
import type { BenchModel } from '../models.js';
import { inferno } from '../peers/inferno.js';
import { llamaServer } from '../peers/llama-server.js';
import { randomRequests } from '../random-requests.js';
import type { ServerKind } from '../server-kind.js';
import { onWarmServer } from '../server-trial.js';

const name = 'long-prompt';
const lengths = { full: [200, 800, 1500], quick: [200] } as const;
const contextSize = 2048;
/** Of each length, all different. */
const prompts = { full: 3, quick: 1 };
const answerTokens = { least: 4, most: 4 };
const seed = 50;

const lengthOf = (words: number) => `${words.toLocaleString('en')} words`;

async function promptTrial(bench: Bench, kind: ServerKind, model: BenchModel): Promise<MeasuredMany<string>> {
  const values: Record<string, number> = {};
  let clientLoad = 0;
  const count = bench.quick ? prompts.quick : prompts.full;
  await onWarmServer(bench, kind, { modelPath: model.path, parallel: 1, contextSize }, async (trial) => {
    for (const words of bench.quick ? lengths.quick : lengths.full) {
      const requests = randomRequests(count, { least: words, most: words }, answerTokens, seed + words);
      const arrivals = { kind: 'closed', concurrency: 1 } as const;
      const { firstTokenMs, generator } = await generateWhole(trial, { arrivals, requests, count });
      values[lengthOf(words)] = firstTokenMs?.p50 ?? NaN;
      clientLoad = Math.max(clientLoad, generator.cpuLoad);
    }
  });
  return { values, clientLoad };
}

async function measure(bench: Bench, model: BenchModel): Promise<Comparison[]> {
  const peer = llamaServer(bench.tools);
  const metrics = (bench.quick ? lengths.quick : lengths.full).map(lengthOf);
  const resultsOf = await alternateMany(
    bench,
    `${name}, ${model.label}`,
    metrics,
    [inferno, peer].map((kind) => ({ name: kind.name, run: () => promptTrial(bench, kind, model) })),
  );
  return metrics.map((metric) => ({
    scenario: name,
    model: model.label,
    what: `first token after a prompt of ${metric}`,
    unit: 'ms',
    metric: 'time_to_first_token',
    ...between(resultsOf(metric), inferno.name, peer.name),
  }));
}

export const longPrompt: Scenario = { name, models: ['160m', 'tinyllama-1.1b'], measure };
