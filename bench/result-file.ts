/** Results as the JSON file that `lib/bench/bench-result.ts` describes and reports and comparisons read. */
import { mkdirSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import {
  benchResultSchema,
  resultFormat,
  resultVersion,
  type BenchResult,
  type MeasuredBar,
  type Measurement,
} from '../lib/bench/bench-result.js';
import { summarizeSamples, thinSeries } from '../lib/bench/sample-summary.js';
import { packageVersion } from '../lib/version.js';
import { isMet, type Comparison, type Series, type Unit } from './comparison.js';
import { remarks, type Report } from './report.js';

const resultsFolder = fileURLToPath(new URL('results', import.meta.url));

/** For comparisons that do not say. */
const metrics: Readonly<Record<Unit, string>> = {
  'tokens/s': 'tokens_per_second',
  'requests/s': 'requests_per_second',
  µs: 'time',
  ms: 'time',
  s: 'time',
  MiB: 'rss',
  'of the unique': 'computed prompt tokens',
  answers: 'answers',
};

function barOf(comparison: Comparison): MeasuredBar | undefined {
  const { bar } = comparison;
  // The slope of its series says whether it leaks.
  if (bar === undefined || bar.kind === 'no leak') return undefined;
  const met = isMet(comparison);
  return { ...bar, ...(met === undefined ? {} : { met }) };
}

function seriesOf({ points, slope }: Pick<Series, 'points' | 'slope'>): Pick<Measurement, 'series'> {
  if (points === undefined || points.length === 0) return {};
  const last = points.at(-1)?.[0] ?? 0;
  const line = slope && {
    ...{ perHour: slope.bytesPerHour, low: slope.low, high: slope.high, confidence: 0.95, verdict: slope.verdict },
    ...{ fromMs: last - slope.measuredMs, toMs: last },
  };
  return { series: { points: thinSeries(points), ...(line === undefined ? {} : { slope: line }) } };
}

function measurementOf(
  comparison: Comparison,
  scenario: string,
  { name, values, cutOff, samples, ...rest }: Series,
): Measurement {
  const { model, unit, metric = metrics[unit] } = comparison;
  const better =
    unit === 'µs' || unit === 'ms' || unit === 's' || unit === 'MiB'
      ? 'lower'
      : unit === 'answers'
        ? undefined
        : 'higher';
  const summary = samples === undefined ? undefined : summarizeSamples(samples);
  return {
    ...{ scenario, model, side: name, metric, unit, values: [...values] },
    ...(better === undefined ? {} : { better }),
    ...(cutOff === true ? { cutOff } : {}),
    ...(summary === undefined ? {} : { samples: summary }),
    ...seriesOf(rest),
  };
}

/**
 * The two sides of every comparison, each once. What one side is held against several others for gets a name of its own
 * for each, because a measurement has one reference and one bar.
 */
export function measurementsOf(comparisons: readonly Comparison[]): Measurement[] {
  const known = new Map<string, Measurement>();
  const keyOf = ({ scenario, model, side, metric }: Measurement): string =>
    JSON.stringify([scenario, model, side, metric]);
  for (const comparison of comparisons) {
    const { scenario: group, what, subject, reference } = comparison;
    const plain = `${group}: ${what}`;
    const taken = known.has(keyOf(measurementOf(comparison, plain, subject)));
    const scenario = taken && reference !== undefined ? `${plain}, against ${reference.name}` : plain;
    const bar = barOf(comparison);
    const sides = [
      {
        ...measurementOf(comparison, scenario, subject),
        ...(reference === undefined ? {} : { reference: reference.name }),
        ...(bar === undefined ? {} : { bar }),
      },
      ...(reference === undefined ? [] : [measurementOf(comparison, scenario, reference)]),
    ];
    for (const side of sides) known.set(keyOf(side), side);
  }
  return [...known.values()];
}

export function resultOf(report: Report, commandLine: string): BenchResult {
  const { machine, comparisons, failures, startedAt, durationMs, runs, quick } = report;
  const { cpu, cores, memoryGiB, system, node, commit, dirty, llamaCommit, loadAverage } = machine;
  const measurements = measurementsOf(comparisons);
  return {
    ...{ format: resultFormat, version: resultVersion, startedAt, durationMs, commandLine, runs, quick },
    machine: { cpu, cores, memoryBytes: Math.round(memoryGiB * 2 ** 30), system, node, loadAverage },
    software: { inferno: packageVersion, commit, dirty, llamaCpp: llamaCommit },
    models: report.models.map(({ label, path }) => ({ label, fileBytes: statSync(path).size })),
    scenarios: [...new Set(measurements.map(({ scenario }) => scenario))].map((name) => ({ name })),
    measurements,
    failures: failures.map((failure) => ({ ...failure, message: failure.message.slice(0, 10_000) })),
    notes: remarks(report),
  };
}

/** Returns the file's path. Throws when the result is not what the schema says. */
export function writeResult(report: Report, commandLine: string): string {
  const result = benchResultSchema.parse(resultOf(report, commandLine));
  mkdirSync(resultsFolder, { recursive: true });
  const path = join(resultsFolder, `${report.startedAt.replaceAll(':', '-')}.json`);
  writeFileSync(path, `${JSON.stringify(result, undefined, 2)}\n`);
  return path;
}
