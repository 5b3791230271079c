/**
 * Memory over time under a mixed load: whole answers, users who leave, prompts of all lengths. Judged by the slope of a
 * line after the warm-up (lib/bench/measure/memory-slope.ts). Native and JavaScript parts come from the server's
 * `/metrics`, where it tells.
 */
import { setTimeout as delay } from 'node:timers/promises';
import { memorySlope, type MemorySample, type MemorySlope } from '../../lib/bench/measure/memory-slope.js';
import { memoryOf } from '../../lib/bench/measure/process-memory.js';
import { metricSum } from '../../lib/bench/measure/prometheus-text.js';
import type { Bench, Scenario } from '../bench.js';
import type { Comparison } from '../comparison.js';
import { generate, withoutFailures } from '../generated-load.js';
import type { BenchModel } from '../models.js';
import { inferno } from '../peers/inferno.js';
import { randomRequests } from '../random-requests.js';
import { onWarmServer, type Trial } from '../server-trial.js';
import { InvalidRun } from '../whole-answer.js';

const name = 'soak';
const parallel = 8;
const contextSize = 512;
const seed = 80;
/** Few enough that the same prompts come again, so that caches fill and are used. */
const differentRequests = 400;
const sampleEveryMs = { full: 1000, quick: 250 };
const quickMs = 20_000;
const mebibyte = 2 ** 20;

/** Followed over time; a metric that the server does not have is left out. */
const metricsOf = {
  'JavaScript heap': 'nodejs_heap_size_used_bytes',
  'memory outside the JavaScript heap': 'nodejs_external_memory_bytes',
} as const;
type Followed = 'resident memory' | keyof typeof metricsOf;

async function metricsText(port: number): Promise<string> {
  try {
    const response = await fetch(`http://127.0.0.1:${String(port)}/metrics`);
    const text = await response.text();
    return response.ok ? text : '';
  } catch (error) {
    throw new InvalidRun(`The server's metrics could not be read: ${String(error)}`);
  }
}

async function follow({ server }: Trial, everyMs: number, over: AbortSignal): Promise<Map<Followed, MemorySample[]>> {
  const followed = new Map<Followed, MemorySample[]>();
  const startedAt = performance.now();
  const add = (what: Followed, bytes: number | undefined): void => {
    if (bytes === undefined) return;
    const samples = followed.get(what) ?? [];
    samples.push({ atMs: performance.now() - startedAt, bytes });
    followed.set(what, samples);
  };
  while (!over.aborted) {
    add('resident memory', memoryOf(server.pid)?.residentBytes);
    const text = await metricsText(server.port);
    add('JavaScript heap', metricSum(text, metricsOf['JavaScript heap']));
    add('memory outside the JavaScript heap', metricSum(text, metricsOf['memory outside the JavaScript heap']));
    await delay(everyMs, undefined, { signal: over }).catch(() => undefined);
  }
  return followed;
}

async function soak(bench: Bench, trial: Trial, durationMs: number): Promise<Map<Followed, MemorySample[]>> {
  const mixed = randomRequests(differentRequests, { least: 4, most: 256 }, { least: 4, most: 96 }, seed);
  const requests = mixed.map((request, index) =>
    index % 3 === 0 ? { ...request, cancelAfterPieces: index % 7 } : request,
  );
  const over = new AbortController();
  const following = follow(trial, bench.quick ? sampleEveryMs.quick : sampleEveryMs.full, over.signal);
  try {
    const arrivals = { kind: 'closed', concurrency: 2 * parallel } as const;
    for (const { summary } of await generate(trial, [{ arrivals, requests, durationMs }])) {
      const { succeeded, cancelled } = withoutFailures(summary);
      bench.say(`${name}: ${String(succeeded)} answers, ${String(cancelled)} left`);
    }
  } finally {
    over.abort();
    await following.catch(() => undefined);
  }
  return following;
}

function inMebibytes(slope: MemorySlope): MemorySlope {
  const { bytesPerHour, low, high } = slope;
  return { ...slope, bytesPerHour: bytesPerHour / mebibyte, low: low / mebibyte, high: high / mebibyte };
}

function comparisonOf(
  model: BenchModel,
  minutes: number,
  what: Followed,
  samples: readonly MemorySample[],
): Comparison {
  const slope = inMebibytes(memorySlope(samples));
  const range = `${slope.low.toFixed(1)} to ${slope.high.toFixed(1)} MiB/h`;
  return {
    scenario: name,
    model: model.label,
    what: `${what} after ${minutes.toPrecision(2)} min; ${slope.verdict}: ${range}`,
    unit: 'MiB',
    metric: what === 'JavaScript heap' ? 'js_heap' : what === 'resident memory' ? 'rss' : what,
    subject: {
      name: inferno.name,
      values: [(samples.at(-1)?.bytes ?? NaN) / mebibyte],
      points: samples.map(({ atMs, bytes }) => [atMs, bytes / mebibyte]),
      slope,
    },
    // Too short a time says nothing.
    ...(slope.verdict === 'unclear' ? {} : { bar: { kind: 'no leak', met: slope.verdict === 'no leak' } }),
  };
}

async function measure(bench: Bench, model: BenchModel): Promise<Comparison[]> {
  const durationMs = bench.quick ? quickMs : bench.soakMinutes * 60_000;
  const setup = { modelPath: model.path, parallel, contextSize };
  const followed = await onWarmServer(bench, inferno, setup, (trial) => soak(bench, trial, durationMs));
  return [...followed].map(([what, samples]) => comparisonOf(model, durationMs / 60_000, what, samples));
}

export const soakScenario: Scenario = { name, models: ['nano'], measure };
