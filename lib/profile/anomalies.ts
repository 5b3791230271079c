import { z } from 'zod';
import { InfernoError } from '../errors.js';
import { throughputOf } from './request-profile.js';
import type { RequestProfile } from './request-profile.js';

/**
 * What is unusual, by medians: an outlier moves the mean and the standard deviation that it is to be judged by, but hardly the
 * median and the median absolute deviation (MAD). Source of the modified z-score and of its bound of 3.5: B. Iglewicz and
 * D. Hoaglin, "How to Detect and Handle Outliers", 1993.
 */

export const metrics = ['total_ms', 'first_token_ms', 'inter_token_ms', 'queue_ms', 'tokens_per_second'] as const;
export type Metric = (typeof metrics)[number];

const robust = z.object({ median: z.number(), mad: z.number().min(0), samples: z.number().int().min(1) });

/** What is usual, by model and metric. */
export const baselineFile = z.object({
  format: z.literal('inferno-profile-baseline'),
  version: z.literal(1),
  savedAt: z.string(),
  models: z.record(z.string(), z.partialRecord(z.enum(metrics), robust)),
});

export type Baseline = z.infer<typeof baselineFile>;
type Robust = z.infer<typeof robust>;

export type Severity = 'Low' | 'Medium' | 'High' | 'Critical';

export interface Anomaly {
  readonly model: string;
  readonly metric: Metric;
  readonly severity: Severity;
  readonly current: number;
  readonly baseline: number;
  readonly deviationPercent: number;
  /** How many times the usual spread it is away; beyond 3.5 it is an anomaly. */
  readonly score: number;
  readonly message: string;
}

/** Of a normal distribution the MAD is this much of the standard deviation. */
const madOfNormal = 0.6745;
const leastScore = 3.5;
/** A baseline without any spread would make an anomaly of everything: at least this share of its median counts as one. */
const leastSpread = 0.02;
/** Fewer say nothing. */
const leastSamples = 5;
const severities: readonly (readonly [score: number, severity: Severity])[] = [
  [20, 'Critical'],
  [10, 'High'],
  [6, 'Medium'],
  [leastScore, 'Low'],
];

const valueOf: Readonly<Record<Metric, (profile: RequestProfile) => number | undefined>> = {
  total_ms: ({ totalMs }) => totalMs,
  first_token_ms: ({ firstTokenMs }) => firstTokenMs,
  inter_token_ms: ({ interTokenMs }) => interTokenMs,
  queue_ms: ({ phases }) => phases.queue,
  tokens_per_second: throughputOf,
};

function medianOf(sorted: readonly number[]): number {
  const middle = sorted.length / 2;
  const upper = sorted[Math.floor(middle)] ?? 0;
  return Number.isInteger(middle) ? ((sorted[middle - 1] ?? 0) + upper) / 2 : upper;
}

/** REQUIRES: at least one value. */
export function robustOf(values: readonly number[]): Robust {
  const ascending = (a: number, b: number): number => a - b;
  const median = medianOf([...values].sort(ascending));
  const mad = medianOf(values.map((value) => Math.abs(value - median)).sort(ascending));
  return { median, mad, samples: values.length };
}

function answered(profiles: readonly RequestProfile[]): Map<string, RequestProfile[]> {
  const byModel = new Map<string, RequestProfile[]>();
  for (const profile of profiles) {
    if (profile.model === undefined || (profile.outcome !== 'stop' && profile.outcome !== 'length')) continue;
    const list = byModel.get(profile.model);
    if (list === undefined) byModel.set(profile.model, [profile]);
    else list.push(profile);
  }
  return byModel;
}

function robustByMetric(profiles: readonly RequestProfile[]): Partial<Record<Metric, Robust>> {
  const found: Partial<Record<Metric, Robust>> = {};
  for (const metric of metrics) {
    const values = profiles.flatMap((profile) => valueOf[metric](profile) ?? []);
    if (values.length >= leastSamples) found[metric] = robustOf(values);
  }
  return found;
}

/** What these requests say is usual. */
export function baselineOf(profiles: readonly RequestProfile[], savedAt: string): Baseline {
  const models = [...answered(profiles)].map(([model, list]) => [model, robustByMetric(list)] as const);
  return { format: 'inferno-profile-baseline', version: 1, savedAt, models: Object.fromEntries(models) };
}

/** @throws InfernoError `invalid_argument` saying what is wrong with the text of a saved baseline. */
export function readBaseline(text: string): Baseline {
  try {
    return baselineFile.parse(JSON.parse(text));
  } catch (error) {
    throw new InfernoError('invalid_argument', 'The profile baseline is not one that Inferno saved.', {
      cause: error,
      remedy: 'Delete the file, or save a new baseline with POST /metrics/profiles/baseline.',
    });
  }
}

function judge(model: string, metric: Metric, current: number, usual: Robust): Anomaly | undefined {
  const spread = Math.max(usual.mad / madOfNormal, Math.abs(usual.median) * leastSpread, Number.MIN_VALUE);
  const score = Math.abs(current - usual.median) / spread;
  const severity = severities.find(([least]) => score > least)?.[1];
  if (severity === undefined) return undefined;
  const deviationPercent = usual.median === 0 ? 0 : (current / usual.median - 1) * 100;
  const direction = current > usual.median ? 'above' : 'below';
  const message = `${metric} of ${model} is ${current.toPrecision(3)}, ${score.toFixed(1)} spreads ${direction} the usual ${usual.median.toPrecision(3)}.`;
  return { model, metric, severity, current, baseline: usual.median, deviationPercent, score, message };
}

/** What the medians of these requests have that is unusual, worst first. */
export function anomaliesOf(profiles: readonly RequestProfile[], baseline: Baseline): Anomaly[] {
  const found: Anomaly[] = [];
  for (const [model, list] of answered(profiles)) {
    const current = robustByMetric(list);
    for (const metric of metrics) {
      const [now, usual] = [current[metric], baseline.models[model]?.[metric]];
      if (now === undefined || usual === undefined) continue;
      const anomaly = judge(model, metric, now.median, usual);
      if (anomaly !== undefined) found.push(anomaly);
    }
  }
  return found.sort((a, b) => b.score - a.score);
}
