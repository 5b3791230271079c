/**
 * The file that a benchmark leaves: what was measured, on what, with what. `inferno bench` and the repository's bench/
 * harness both write it, and reports and comparisons read it. A change that a reader of version 1 would misread raises
 * `version`; further optional fields do not.
 */
import { z } from 'zod';

export const resultFormat = 'inferno-bench';
export const resultVersion = 1;

/** Bounds keep a file, and the page made of it, at a size that can be opened. */
export const resultLimits = {
  measurements: 5000,
  valuesPerMeasurement: 10_000,
  quantiles: 64,
  histogramBins: 128,
  seriesPoints: 2000,
  failures: 1000,
} as const;

const name = z.string().min(1).max(300);
const text = z.string().max(10_000);
const count = z.number().int().nonnegative();

const machine = z.object({
  cpu: text,
  /** Cores that this process may use. */
  cores: z.number().int().positive(),
  memoryBytes: count,
  /** Operating system and release. */
  system: text,
  node: text,
  /** Of the last minute, before the first run; null where the system does not tell. Over about 0.3 it was not idle. */
  loadAverage: z.number().nonnegative().nullable(),
});

const software = z.object({
  inferno: text,
  /** Of the repository; left out for an installed package. */
  commit: text.optional(),
  /** Files differed from `commit`. */
  dirty: z.boolean().optional(),
  /** Commit or build of llama.cpp. */
  llamaCpp: text.optional(),
  /** The CPU or GPU backend that computed. */
  backend: text.optional(),
});

const model = z.object({
  /** What measurements call it. */
  label: name,
  fileBytes: count.optional(),
  parameters: count.optional(),
  /** Such as Q4_K_M. */
  quantization: text.optional(),
  architecture: text.optional(),
  /** Tokens each sequence could hold. */
  contextSize: count.optional(),
});

const scenario = z.object({
  /** What measurements call it; one name for one load, so `concurrent 4` and `concurrent 8` are two. */
  name,
  description: text.optional(),
  /** Such as concurrency, promptTokens, tokens, requests, rate. */
  parameters: z.record(name, z.union([z.number(), text, z.boolean()])).optional(),
});

/** `edges` has one more entry than `counts`; a value at an inner edge counts to the bin above it. */
const histogram = z
  .object({
    scale: z.enum(['linear', 'log']),
    edges: z
      .array(z.number())
      .min(2)
      .max(resultLimits.histogramBins + 1),
    counts: z.array(count).min(1).max(resultLimits.histogramBins),
  })
  .refine(({ edges, counts }) => edges.length === counts.length + 1, 'edges must have one more entry than counts')
  .refine(({ edges }) => edges.every((edge, at) => at === 0 || edge > (edges[at - 1] ?? edge)), 'edges must rise')
  .refine(({ scale, edges }) => scale === 'linear' || (edges[0] ?? 0) > 0, 'a log scale needs edges above 0');

/** All raw samples of all runs together, such as the time to the first token of every request. */
const sampleSummary = z.object({
  count: z.number().int().positive(),
  mean: z.number(),
  min: z.number(),
  max: z.number(),
  /** Ascending by `share`, 0 to 1: the least sample that this share of all samples does not exceed. */
  quantiles: z.array(z.object({ share: z.number().min(0).max(1), value: z.number() })).max(resultLimits.quantiles),
  histogram,
});

/** The straight line through a series after its warm-up. */
const slope = z.object({
  /** In the measurement's unit per hour; the interval says where the true slope lies. */
  perHour: z.number(),
  low: z.number(),
  high: z.number(),
  confidence: z.number().min(0).max(1),
  /** Where the line was fitted, in milliseconds of the series. */
  fromMs: z.number(),
  toMs: z.number(),
  verdict: z.enum(['leak', 'no leak', 'unclear']),
});

/** One run over time. More points than the limit are thinned out before writing (see sample-summary.ts). */
const series = z.object({
  /** [milliseconds since the start of the run, value in the measurement's unit], ascending in time. */
  points: z
    .array(z.tuple([z.number().nonnegative(), z.number()]))
    .min(1)
    .max(resultLimits.seriesPoints)
    .refine((points) => points.every(([at], index) => at >= (points[index - 1]?.[0] ?? 0)), 'points must be in order'),
  slope: slope.optional(),
});

/** What must hold. Ratios are of `values` to those of the `reference` side. */
const bar = z.object({
  kind: z.enum(['at most', 'at least', 'ratio at most', 'ratio at least', 'ratio above']),
  value: z.number(),
  /** Judged by whoever measured, where the bar needs more than the values here. */
  met: z.boolean().optional(),
});

const measurement = z.object({
  scenario: name,
  model: name,
  /** `inferno`, or a peer's name. */
  side: name,
  /** snake_case where it is one of `knownMetrics`; anything else is shown as it is. */
  metric: name,
  /** Such as ms, s, tokens/s, requests/s, bytes, %, count. */
  unit: z.string().max(50),
  /** Left out for figures that are neither good nor bad. */
  better: z.enum(['higher', 'lower']).optional(),
  /** One for each run, in order; runs of the sides of one scenario that were interleaved have the same index. */
  values: z.array(z.number()).max(resultLimits.valuesPerMeasurement),
  /** The values are lower bounds: the measurement was cut off there. */
  cutOff: z.boolean().optional(),
  samples: sampleSummary.optional(),
  series: series.optional(),
  /** The side that this is held against; without it the report takes every other side of the same line. */
  reference: name.optional(),
  bar: bar.optional(),
});

const failure = z.object({
  scenario: name,
  model: name.optional(),
  side: name.optional(),
  message: text,
  /** How often it happened. */
  count: count.optional(),
});

export const benchResultSchema = z.object({
  format: z.literal(resultFormat),
  version: z.literal(resultVersion),
  /** ISO 8601. */
  startedAt: z.iso.datetime({ offset: true }),
  durationMs: z.number().nonnegative(),
  /** As it can be typed again. */
  commandLine: text,
  /** Asked for; a measurement may have fewer values. */
  runs: z.number().int().positive(),
  /** Shortened for a quick look: not for the record. */
  quick: z.boolean().optional(),
  machine,
  software,
  models: z.array(model).max(1000),
  scenarios: z.array(scenario).max(1000),
  measurements: z.array(measurement).max(resultLimits.measurements),
  failures: z.array(failure).max(resultLimits.failures),
  /** Remarks that a reader must know, such as a busy load generator. */
  notes: z.array(text).max(1000),
});

export type BenchResult = Readonly<z.infer<typeof benchResultSchema>>;
export type Measurement = BenchResult['measurements'][number];
export type SampleSummary = NonNullable<Measurement['samples']>;
export type MeasuredSeries = NonNullable<Measurement['series']>;
export type MeasuredBar = NonNullable<Measurement['bar']>;
export type BenchFailure = BenchResult['failures'][number];
export type BenchMachine = BenchResult['machine'];
export type BenchModelInfo = BenchResult['models'][number];
export type BenchScenario = BenchResult['scenarios'][number];

/** Metrics that the reports know a heading for. Quantiles of samples need no metric of their own. */
export const knownMetrics = {
  tokens_per_second: 'Throughput',
  decode_tokens_per_second: 'Decode speed',
  prefill_tokens_per_second: 'Prefill speed',
  requests_per_second: 'Requests completed',
  goodput: 'Goodput',
  time_to_first_token: 'Time to first token',
  inter_token: 'Time between tokens',
  end_to_end: 'End to end',
  queue_wait: 'Queue wait',
  load_time: 'Load time',
  errors: 'Errors',
  error_share: 'Share of errors',
  rss: 'Resident memory',
  js_heap: 'JavaScript heap',
  model_memory: 'Model memory',
  cpu_share: 'CPU use',
} as const satisfies Readonly<Record<string, string>>;

export type KnownMetric = keyof typeof knownMetrics;

export function headingOf(metric: string): string {
  return Object.hasOwn(knownMetrics, metric) ? knownMetrics[metric as KnownMetric] : metric;
}
