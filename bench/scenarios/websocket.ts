/** The same users over WebSockets, sixteen to a connection, and over HTTP, each with a connection of its own. */
import { alternateMany, between, type Bench, type MeasuredMany, type Scenario } from '../bench.js';
import type { GeneratedLoad } from '../client-protocol.js';
import type { Comparison } from '../comparison.js';
import { generateWhole } from '../generated-load.js';
import type { BenchModel } from '../models.js';
import { inferno } from '../peers/inferno.js';
import { randomRequests } from '../random-requests.js';
import { onWarmServer } from '../server-trial.js';

const name = 'websocket';
const parallel = 32;
const contextSize = 256;
const words = { least: 8, most: 32 };
const rounds = { full: 6, quick: 1 };
const seed = 90;
const metrics = ['tokens/s', 'first token p99'] as const;
type Metric = (typeof metrics)[number];
const sides = { websocket: 'inferno, WebSocket', http: 'inferno, HTTP' } as const;

async function trial(
  bench: Bench,
  model: BenchModel,
  transport: NonNullable<GeneratedLoad['transport']>,
): Promise<MeasuredMany<Metric>> {
  const tokens = model.tokens / 4;
  const count = parallel * (bench.quick ? rounds.quick : rounds.full);
  const requests = randomRequests(count, words, { least: tokens, most: tokens }, seed);
  const arrivals = { kind: 'closed', concurrency: parallel } as const;
  return onWarmServer(bench, inferno, { modelPath: model.path, parallel, contextSize }, async (warm) => {
    const summary = await generateWhole(warm, { arrivals, requests, count, transport });
    const values = { 'tokens/s': summary.tokensPerSecond, 'first token p99': summary.firstTokenMs?.p99 ?? NaN };
    return { values, clientLoad: summary.generator.cpuLoad };
  });
}

async function measure(bench: Bench, model: BenchModel): Promise<Comparison[]> {
  const resultsOf = await alternateMany(bench, `${name}, ${model.label}`, metrics, [
    { name: sides.websocket, run: () => trial(bench, model, 'websocket') },
    { name: sides.http, run: () => trial(bench, model, 'http') },
  ]);
  const row = { scenario: name, model: model.label } as const;
  const what = `${String(parallel)} users, WebSocket against HTTP`;
  return [
    { ...row, what, unit: 'tokens/s', ...between(resultsOf('tokens/s'), sides.websocket, sides.http) },
    {
      ...row,
      what: `${what}, first token p99`,
      unit: 'ms',
      metric: 'time_to_first_token',
      ...between(resultsOf('first token p99'), sides.websocket, sides.http),
    },
  ];
}

export const websocket: Scenario = { name, models: ['nano'], measure };
