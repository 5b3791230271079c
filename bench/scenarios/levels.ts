/** Speed and first tokens with 1 to 64 users at once, each of whom asks again when answered. */
import type { LoadSummary } from '../../lib/bench/load/load-summary.js';
import { alternateMany, between, type Bench, type MeasuredMany, type Scenario } from '../bench.js';
import type { Comparison } from '../comparison.js';
import { generateWhole } from '../generated-load.js';
import type { BenchModel } from '../models.js';
import { inferno } from '../peers/inferno.js';
import { llamaServer } from '../peers/llama-server.js';
import { randomRequests } from '../random-requests.js';
import type { ServerKind } from '../server-kind.js';
import { onWarmServer } from '../server-trial.js';

const name = 'levels';
const levels = { full: [1, 2, 4, 8, 16, 32, 64], quick: [1, 8, 64] } as const;
const parallel = 64;
const contextSize = 256;
const words = { least: 8, most: 32 };
const seed = 40;

const speedAt = (level: number) => `tokens/s, ${String(level)}`;
const firstAt = (level: number) => `first token p99, ${String(level)}`;

async function levelsTrial(bench: Bench, kind: ServerKind, model: BenchModel): Promise<MeasuredMany<string>> {
  const values: Record<string, number> = {};
  let clientLoad = 0;
  const tokens = model.tokens / 4;
  await onWarmServer(bench, kind, { modelPath: model.path, parallel, contextSize }, async (trial) => {
    for (const level of bench.quick ? levels.quick : levels.full) {
      // Every level has prompts of its own.
      const requests = randomRequests(Math.max(8, 2 * level), words, { least: tokens, most: tokens }, seed + level);
      const arrivals = { kind: 'closed', concurrency: level } as const;
      const summary: LoadSummary = await generateWhole(trial, { arrivals, requests, count: requests.length });
      values[speedAt(level)] = summary.tokensPerSecond;
      values[firstAt(level)] = summary.firstTokenMs?.p99 ?? NaN;
      clientLoad = Math.max(clientLoad, summary.generator.cpuLoad);
    }
  });
  return { values, clientLoad };
}

async function measure(bench: Bench, model: BenchModel): Promise<Comparison[]> {
  const peer = llamaServer(bench.tools);
  const measured = bench.quick ? levels.quick : levels.full;
  const metrics = measured.flatMap((level) => [speedAt(level), firstAt(level)]);
  const resultsOf = await alternateMany(
    bench,
    `${name}, ${model.label}`,
    metrics,
    [inferno, peer].map((kind) => ({ name: kind.name, run: () => levelsTrial(bench, kind, model) })),
  );
  const row = { scenario: name, model: model.label } as const;
  return measured.flatMap((level) => {
    const users = `${String(level)} ${level === 1 ? 'user' : 'users'}`;
    return [
      {
        ...row,
        what: `${users}, prompts included`,
        unit: 'tokens/s' as const,
        ...between(resultsOf(speedAt(level)), inferno.name, peer.name),
      },
      {
        ...row,
        what: `${users}, first token p99`,
        unit: 'ms' as const,
        metric: 'time_to_first_token',
        ...between(resultsOf(firstAt(level)), inferno.name, peer.name),
      },
    ];
  });
}

export const levelsScenario: Scenario = { name, models: ['160m', 'nano'], measure };
