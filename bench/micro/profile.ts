/**
 * What recording one duration costs from JS: the addon's statistics (histogram of all time and of the windows) beside
 * hdr-histogram-js (all time only) and prom-client (buckets given in advance). Every sample is a loop over the same
 * durations.
 *
 *     node --import tsx bench/micro/profile.ts
 */
import { build, initWebAssembly } from 'hdr-histogram-js';
import { Histogram, Registry } from 'prom-client';
import { Bench, type Task } from 'tinybench';
import { nativeAddon } from '../../lib/native.js';
import { phases, type Phase } from '../../lib/native-statistics-types.js';
import { tiers, type Tier } from '../../lib/native-types.js';
import { SeededRandom } from '../../lib/bench/seeded-random.js';

const batch = 1000;
const subject = 'inferno: statistics.record';
const phase: Phase = 'first_token';
const tier: Tier = 'normal';

/** Around 20 ms, as steps of decoding are; microseconds. */
function durations(): Float64Array {
  const random = new SeededRandom(1);
  return Float64Array.from({ length: batch }, () => Math.round(10_000 + 10_000 * random.exponential()));
}

type Record = (us: number) => void;

function ours(): Record {
  const statistics = nativeAddon().addon.createStatistics();
  const phaseIndex = phases.indexOf(phase);
  const tierIndex = tiers.indexOf(tier);
  return (us) => {
    statistics.record(phaseIndex, tierIndex, us);
  };
}

function hdrHistogram(useWebAssembly: boolean): Record {
  const histogram = build({
    lowestDiscernibleValue: 1,
    // An hour in microseconds.
    highestTrackableValue: 3_600_000_000,
    // The nearest to our 1 %.
    numberOfSignificantValueDigits: 2,
    bitBucketSize: 32,
    useWebAssembly,
  });
  return (us) => {
    histogram.recordValue(us);
  };
}

function promClient(hasLabels: boolean): Record {
  const histogram = new Histogram({
    name: 'seconds',
    help: 'benchmark',
    buckets: [0.005, 0.01, 0.02, 0.05, 0.1, 0.2, 0.5, 1, 2, 5, 10, 30, 60],
    labelNames: ['phase', 'tier'],
    registers: [new Registry()],
  });
  if (!hasLabels) {
    return (us) => {
      histogram.observe(us / 1e6);
    };
  }
  return (us) => {
    histogram.observe({ phase, tier }, us / 1e6);
  };
}

const records: readonly (readonly [name: string, make: () => Record])[] = [
  [subject, ours],
  ['hdr-histogram-js: recordValue', () => hdrHistogram(false)],
  ['hdr-histogram-js (WebAssembly): recordValue', () => hdrHistogram(true)],
  ['prom-client: observe', () => promClient(false)],
  ['prom-client: observe with two labels', () => promClient(true)],
];

function nanoseconds({ name, result }: Task): { readonly median: number; readonly mad: number } {
  if (result.state !== 'completed') throw new Error(`${name} did not complete: ${result.state}.`);
  const scale = 1e6 / batch;
  return { median: result.latency.p50 * scale, mad: result.latency.mad * scale };
}

function print(tasks: readonly Task[]): void {
  const rows = tasks.map((task) => ({ name: task.name, ...nanoseconds(task) }));
  const ours = rows.find(({ name }) => name === subject)?.median ?? NaN;
  console.log(`| one record | median ns | median deviation | times ours |`);
  console.log(`|---|---|---|---|`);
  for (const { name, median, mad } of rows) {
    console.log(`| ${name} | ${median.toFixed(1)} | ${mad.toFixed(1)} | ${(median / ours).toFixed(2)} |`);
  }
}

await initWebAssembly();
const values = durations();
const bench = new Bench({ time: 2000, warmupTime: 500 });
for (const [name, make] of records) {
  const record = make();
  bench.add(name, () => {
    for (const us of values) record(us);
  });
}
print(await bench.run());
