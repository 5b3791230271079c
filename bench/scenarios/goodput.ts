/**
 * Open loop: users come when they come. How many of them per second get an answer that is fast enough, at rates below,
 * at and above what the server can do? Both servers meet the same users at the same times.
 */
import { timeToFirstToken, type LatencyTargets } from '../../lib/bench/load/request-record.js';
import { alternateMany, between, type Bench, type MeasuredMany, type Scenario } from '../bench.js';
import type { Comparison } from '../comparison.js';
import { generate, generateWhole } from '../generated-load.js';
import type { BenchModel } from '../models.js';
import { inferno } from '../peers/inferno.js';
import { llamaServer } from '../peers/llama-server.js';
import { randomRequests } from '../random-requests.js';
import type { ServerKind } from '../server-kind.js';
import { onWarmServer } from '../server-trial.js';
import { InvalidRun } from '../whole-answer.js';

const name = 'goodput';
const parallel = 16;
const contextSize = 512;
const words = { least: 8, most: 64 };
const tokens = { least: 16, most: 64 };
/** Of what Inferno can do with every sequence busy. */
const shares = { full: [0.25, 0.5, 0.75, 1, 1.25], quick: [0.5, 1.25] } as const;
const counts = { full: 80, quick: 24 };
const seed = 70;

/** What a user may call fluent, in proportion to what the models can do alone on one core. */
function targetsOf(model: BenchModel): LatencyTargets {
  if (model.tiny) return { firstTokenMs: 100, interTokenP95Ms: 20 };
  return model.name === '160m'
    ? { firstTokenMs: 1000, interTokenP95Ms: 150 }
    : { firstTokenMs: 5000, interTokenP95Ms: 1000 };
}

const goodAt = (share: number) => `good, ${String(share)}`;
const firstAt = (share: number) => `first token p99, ${String(share)}`;

function setupOf(model: BenchModel): { modelPath: string; parallel: number; contextSize: number } {
  return { modelPath: model.path, parallel, contextSize };
}

/** Requests per second with all sequences busy. */
async function capacityOf(bench: Bench, model: BenchModel): Promise<number> {
  const count = bench.quick ? counts.quick : counts.full;
  const requests = randomRequests(count, words, tokens, seed);
  return onWarmServer(bench, inferno, setupOf(model), async (trial) => {
    const arrivals = { kind: 'closed', concurrency: parallel } as const;
    const { requestsPerSecond } = await generateWhole(trial, { arrivals, requests, count });
    bench.say(`${name}, ${model.label}: ${requestsPerSecond.toPrecision(4)} requests/s with every sequence busy`);
    return requestsPerSecond;
  });
}

async function goodputTrial(
  bench: Bench,
  kind: ServerKind,
  model: BenchModel,
  capacity: number,
): Promise<MeasuredMany<string>> {
  const values: Record<string, number> = {};
  const samples: Record<string, number[]> = {};
  let clientLoad = 0;
  const count = bench.quick ? counts.quick : counts.full;
  await onWarmServer(bench, kind, setupOf(model), async (trial) => {
    for (const [index, share] of (bench.quick ? shares.quick : shares.full).entries()) {
      const requests = randomRequests(count, words, tokens, seed + 1 + index);
      const arrivals = { kind: 'poisson', perSecond: share * capacity, seed: seed + index } as const;
      // An answer that fails is not good; it is no reason to repeat the run.
      const [result] = await generate(trial, [{ arrivals, requests, count, targets: targetsOf(model) }]);
      if (result === undefined) throw new InvalidRun('The client measured nothing.');
      const { goodput, firstTokenMs, generator } = result.summary;
      values[goodAt(share)] = goodput?.perSecond ?? NaN;
      values[firstAt(share)] = firstTokenMs?.p99 ?? NaN;
      samples[firstAt(share)] = result.records.flatMap((record) => timeToFirstToken(record) ?? []);
      clientLoad = Math.max(clientLoad, generator.cpuLoad);
    }
  });
  return { values, samples, clientLoad };
}

async function measure(bench: Bench, model: BenchModel): Promise<Comparison[]> {
  const peer = llamaServer(bench.tools);
  const capacity = await capacityOf(bench, model);
  const measured = bench.quick ? shares.quick : shares.full;
  const metrics = measured.flatMap((share) => [goodAt(share), firstAt(share)]);
  const resultsOf = await alternateMany(
    bench,
    `${name}, ${model.label}`,
    metrics,
    [inferno, peer].map((kind) => ({ name: kind.name, run: () => goodputTrial(bench, kind, model, capacity) })),
  );
  const { firstTokenMs, interTokenP95Ms } = targetsOf(model);
  const good = `first token ≤ ${String(firstTokenMs)} ms, p95 of gaps ≤ ${String(interTokenP95Ms)} ms`;
  const row = { scenario: name, model: model.label } as const;
  return measured.flatMap((share) => {
    const rate = `${(share * capacity).toPrecision(3)} requests/s arrive`;
    return [
      {
        ...row,
        what: `${rate}: good ones (${good})`,
        unit: 'requests/s' as const,
        metric: 'goodput',
        ...between(resultsOf(goodAt(share)), inferno.name, peer.name),
      },
      {
        ...row,
        what: `${rate}: first token p99`,
        unit: 'ms' as const,
        metric: 'time_to_first_token',
        ...between(resultsOf(firstAt(share)), inferno.name, peer.name),
      },
    ];
  });
}

export const goodput: Scenario = { name, models: ['160m'], measure };
