/** A thousand users at once, each of whom reads a stream of server-sent events. */
import { alternateMany, between, type Bench, type MeasuredMany, type Scenario } from '../bench.js';
import type { Comparison } from '../comparison.js';
import { generateWhole } from '../generated-load.js';
import type { BenchModel } from '../models.js';
import { inferno } from '../peers/inferno.js';
import { llamaServer } from '../peers/llama-server.js';
import { randomRequests } from '../random-requests.js';
import type { ServerKind } from '../server-kind.js';
import { onWarmServer } from '../server-trial.js';

const name = 'thousand-streams';
const users = 1000;
const parallel = 64;
const contextSize = 256;
const tokens = 64;
const words = { least: 8, most: 32 };
const seed = 1000;
const bar = { kind: 'ratio at least', value: 1.5 } as const;

type Metric = 'tokens/s' | 'first token p50';
const metrics: readonly Metric[] = ['tokens/s', 'first token p50'];

/** Throws when a request failed, so that a measured run has none. */
async function trial(bench: Bench, kind: ServerKind, model: BenchModel): Promise<MeasuredMany<Metric>> {
  const requests = randomRequests(users, words, { least: tokens, most: tokens }, seed);
  const arrivals = { kind: 'closed', concurrency: users } as const;
  return onWarmServer(bench, kind, { modelPath: model.path, parallel, contextSize }, async (warm) => {
    const summary = await generateWhole(warm, { arrivals, requests, count: users });
    return {
      values: { 'tokens/s': summary.tokensPerSecond, 'first token p50': summary.firstTokenMs?.p50 ?? NaN },
      clientLoad: summary.generator.cpuLoad,
    };
  });
}

async function measure(bench: Bench, model: BenchModel): Promise<Comparison[]> {
  // With an HTTP thread for each of the thousand it is over ten times slower: each token wakes all of them.
  const peer = llamaServer(bench.tools, parallel + 24);
  const resultsOf = await alternateMany(
    bench,
    `${name}, ${model.label}`,
    metrics,
    [inferno, peer].map((kind) => ({ name: kind.name, run: () => trial(bench, kind, model) })),
  );
  const row = { scenario: name, model: model.label } as const;
  return [
    {
      ...row,
      what: '1,000 users, prompts included',
      unit: 'tokens/s',
      ...between(resultsOf('tokens/s'), inferno.name, peer.name),
      bar,
    },
    {
      ...row,
      what: '1,000 users, first token p50',
      unit: 'ms',
      metric: 'time_to_first_token',
      ...between(resultsOf('first token p50'), inferno.name, peer.name),
    },
  ];
}

export const thousandStreams: Scenario = { name, models: ['nano'], measure };
