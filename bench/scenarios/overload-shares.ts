/** Four times the work that can be done, of all tiers: what does the policy give the better tiers, and what does it cost? */
import type { Tier } from '../../lib/native-types.js';
import { alternateMany, between, type Bench, type MeasuredMany, type Scenario } from '../bench.js';
import type { Comparison } from '../comparison.js';
import { answeredTokensPerSecond, timesToFirstText } from '../load-measures.js';
import type { BenchModel } from '../models.js';
import { arrivalMs, overloadJobs, planned, type OverloadJob } from '../overload.js';
import { infernoWith } from '../peers/inferno.js';
import type { ServerKind } from '../server-kind.js';
import { hangMs, onWarmServer, type Trial } from '../server-trial.js';
import { percentile } from '../../lib/bench/measure/stats.js';
import { wholeAnswers, type WholeAnswer } from '../whole-answer.js';

const name = 'overload-shares';
const bars = { idle: 2, fifo: 0.1, total: 0.97 };
const parallel = 4;
const contextSize = 512;
const overload = 4;
const seed = 20;
/** With four 160m streams at about 130 tokens/s these arrive within about 40 s and are done after about 160 s. */
const counts = { full: 400, quick: 60 };
/** For measuring how fast the server is without overload. */
const calibrationCounts = { full: 40, quick: 12 };

const sides = { priority: 'inferno', fifo: '--scheduling fifo', idle: 'only the vips, else idle' } as const;
const flags = ['--queue-capacity', '1000'];
const priority = infernoWith(sides.priority, [...flags, '--scheduling', 'priority']);
const fifo = infernoWith(sides.fifo, [...flags, '--scheduling', 'fifo']);

const lowerTiers = ['high', 'normal', 'low'] as const;
const metrics = ['tokens/s', 'vip p50', 'vip p99', 'high p50', 'normal p50', 'low p50'] as const;
type Metric = (typeof metrics)[number];

async function answersTo(
  { server, client }: Trial,
  jobs: readonly OverloadJob[],
  withinMs: number,
  atOnce: number,
): Promise<{ readonly answers: WholeAnswer[]; readonly clientLoad: number }> {
  const requests = planned(jobs, withinMs);
  const { answers, clientLoad } = await client.load({ port: server.port, requests, atOnce, capMs: hangMs });
  const asked = jobs.map(({ tokens }) => tokens);
  return { answers: wholeAnswers(answers, asked), clientLoad };
}

function setupOf(model: BenchModel): { modelPath: string; parallel: number; contextSize: number } {
  return { modelPath: model.path, parallel, contextSize };
}

/** Tokens per second with every sequence busy and nothing waiting. */
async function capacityOf(bench: Bench, model: BenchModel): Promise<number> {
  const jobs = overloadJobs(bench.quick ? calibrationCounts.quick : calibrationCounts.full, seed + 1);
  const speed = await onWarmServer(bench, fifo, setupOf(model), async (trial) => {
    const { answers } = await answersTo(trial, jobs, 0, parallel);
    return answeredTokensPerSecond(answers);
  });
  bench.say(`${name}, ${model.label}: ${speed.toPrecision(4)} tokens/s without overload`);
  return speed;
}

async function overloadTrial(
  bench: Bench,
  kind: ServerKind,
  model: BenchModel,
  jobs: readonly OverloadJob[],
  withinMs: number,
): Promise<MeasuredMany<Metric>> {
  return onWarmServer(bench, kind, setupOf(model), async (trial) => {
    const { answers, clientLoad } = await answersTo(trial, jobs, withinMs, jobs.length);
    const waits = timesToFirstText(answers);
    const ofTier = (tier: Tier): number[] => waits.filter((_, index) => jobs[index]?.tier === tier);
    const tiers = jobs.some(({ tier }) => tier !== 'vip')
      ? {
          'high p50': percentile(ofTier('high'), 0.5),
          'normal p50': percentile(ofTier('normal'), 0.5),
          'low p50': percentile(ofTier('low'), 0.5),
        }
      : {};
    const values = {
      'tokens/s': answeredTokensPerSecond(answers),
      'vip p50': percentile(ofTier('vip'), 0.5),
      'vip p99': percentile(ofTier('vip'), 0.99),
      ...tiers,
    };
    return { values, clientLoad };
  });
}

async function measure(bench: Bench, model: BenchModel): Promise<Comparison[]> {
  const jobs = overloadJobs(bench.quick ? counts.quick : counts.full, seed);
  const withinMs = arrivalMs(jobs, await capacityOf(bench, model), overload);
  const vips = jobs.filter(({ tier }) => tier === 'vip');
  const side = (sideName: string, kind: ServerKind, own: readonly OverloadJob[]) => {
    return { name: sideName, run: () => overloadTrial(bench, kind, model, own, withinMs) };
  };
  const resultsOf = await alternateMany(bench, `${name}, ${model.label}`, metrics, [
    side(sides.priority, priority, jobs),
    side(sides.fifo, fifo, jobs),
    side(sides.idle, priority, vips),
  ]);
  const row = { scenario: name, model: model.label, unit: 'ms' } as const;
  const against = (metric: Metric, reference: string) => between(resultsOf(metric), sides.priority, reference);
  const first = `first token under ${String(overload)}× overload`;
  return [
    {
      ...row,
      what: `vip p99, ${first}`,
      ...against('vip p99', sides.idle),
      bar: { kind: 'ratio at most', value: bars.idle },
    },
    { ...row, what: `vip p50, ${first}`, ...against('vip p50', sides.idle) },
    {
      ...row,
      what: `vip p99, ${first}`,
      ...against('vip p99', sides.fifo),
      bar: { kind: 'ratio at most', value: bars.fifo },
    },
    ...lowerTiers.map((tier) => ({ ...row, what: `${tier} p50, ${first}`, ...against(`${tier} p50`, sides.fifo) })),
    {
      ...row,
      what: `all tiers under ${String(overload)}× overload until the last has ended`,
      unit: 'tokens/s',
      ...against('tokens/s', sides.fifo),
      bar: { kind: 'ratio at least', value: bars.total },
    },
  ];
}

export const overloadShares: Scenario = { name, models: ['160m'], measure };
