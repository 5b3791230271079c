/** Twelve users who leave after a few tokens, again and again, beside four who want their whole answers. */
import { alternateMany, between, type Bench, type MeasuredMany, type Scenario } from '../bench.js';
import type { Comparison } from '../comparison.js';
import { generate, generateWhole, withoutFailures } from '../generated-load.js';
import type { BenchModel } from '../models.js';
import { inferno } from '../peers/inferno.js';
import { llamaServer } from '../peers/llama-server.js';
import { randomRequests } from '../random-requests.js';
import type { ServerKind } from '../server-kind.js';
import { onWarmServer } from '../server-trial.js';
import { InvalidRun } from '../whole-answer.js';

const name = 'cancel-storm';
const parallel = 16;
const contextSize = 512;
const leavers = 12;
const stayers = 4;
/** After so many pieces, in turn; 0 is at once. */
const leaveAfter = [0, 1, 2, 4, 8];
const seed = 60;
const metrics = ['tokens/s', 'left', 'all at once'] as const;
type Metric = (typeof metrics)[number];

async function stormTrial(bench: Bench, kind: ServerKind, model: BenchModel): Promise<MeasuredMany<Metric>> {
  const words = { least: 8, most: 64 };
  const whole = { least: model.tokens, most: model.tokens };
  const leaving = randomRequests(200, words, { least: contextSize / 2, most: contextSize / 2 }, seed);
  const storm = leaving.map((request, index) => {
    return { ...request, cancelAfterPieces: leaveAfter[index % leaveAfter.length] ?? 0 };
  });
  const stayed = randomRequests(stayers * 2, words, whole, seed + 1);
  return onWarmServer(bench, kind, { modelPath: model.path, parallel, contextSize }, async (trial) => {
    const [stay, leave] = await generate(trial, [
      { arrivals: { kind: 'closed', concurrency: stayers }, requests: stayed, count: stayed.length },
      // Until the others have their answers.
      { arrivals: { kind: 'closed', concurrency: leavers }, requests: storm, durationMs: 1_800_000 },
    ]);
    if (stay === undefined || leave === undefined) throw new InvalidRun('The client measured nothing.');
    withoutFailures(leave.summary);
    const { tokensPerSecond, generator } = withoutFailures(stay.summary);
    // What the storm left behind: every sequence must be free again.
    const after = randomRequests(parallel, words, { least: 8, most: 8 }, seed + 2);
    const arrivals = { kind: 'closed', concurrency: parallel } as const;
    const { firstTokenMs } = await generateWhole(trial, { arrivals, requests: after, count: parallel });
    const values = {
      'tokens/s': tokensPerSecond,
      left: (leave.summary.cancelled / leave.summary.spanMs) * 1000,
      'all at once': firstTokenMs?.max ?? NaN,
    };
    return { values, clientLoad: generator.cpuLoad };
  });
}

async function measure(bench: Bench, model: BenchModel): Promise<Comparison[]> {
  const peer = llamaServer(bench.tools);
  const resultsOf = await alternateMany(
    bench,
    `${name}, ${model.label}`,
    metrics,
    [inferno, peer].map((kind) => ({ name: kind.name, run: () => stormTrial(bench, kind, model) })),
  );
  const row = { scenario: name, model: model.label } as const;
  const against = (metric: Metric) => between(resultsOf(metric), inferno.name, peer.name);
  return [
    {
      ...row,
      what: `${String(stayers)} whole answers at once beside ${String(leavers)} users who keep leaving`,
      unit: 'tokens/s',
      ...against('tokens/s'),
    },
    { ...row, what: 'requests that were sent and left meanwhile', unit: 'requests/s', ...against('left') },
    {
      ...row,
      what: `slowest first token of ${String(parallel)} requests right after the storm`,
      unit: 'ms',
      metric: 'time_to_first_token',
      ...against('all at once'),
    },
  ];
}

export const cancelStorm: Scenario = { name, models: ['160m', 'nano'], measure };
