/** What every scenario gets, and the order in which things are measured. */
import type { Comparison } from './comparison.js';
import type { BenchModel, ModelName } from './models.js';
import type { PeerTools } from './peers/tools.js';
import type { ChildProcesses } from './processes.js';

export interface Bench {
  readonly children: ChildProcesses;
  readonly tools: PeerTools;
  readonly runs: number;
  readonly quick: boolean;
  /** Whether packages from npm are measured too. */
  readonly npmPeers: boolean;
  readonly soakMinutes: number;
  readonly cores: { readonly server: number; readonly client: number };
  /** Progress; never mixed with the results. */
  say(line: string): void;
}

export interface Scenario {
  readonly name: string;
  /** Measured unless others are asked for. */
  readonly models: readonly ModelName[];
  measure(bench: Bench, model: BenchModel): Promise<Comparison[]>;
}

type Alternating = Pick<Bench, 'runs' | 'say'>;

export interface Measured {
  readonly value: number;
  /** The value is a lower bound: the measurement was cut off there. */
  readonly cutOff?: boolean;
  readonly clientLoad?: number;
}

/** One side of a comparison: each call is a run of its own, with fresh processes. */
export interface Side {
  readonly name: string;
  run(): Promise<Measured>;
}

export interface SideResult {
  readonly name: string;
  readonly values: readonly number[];
  readonly cutOff: boolean;
  readonly clientLoad: number;
  readonly samples?: readonly number[];
}

/** A B A B …: what changes on the machine meanwhile meets all sides alike. */
export async function alternate(bench: Alternating, what: string, sides: readonly Side[]): Promise<SideResult[]> {
  const measured = sides.map(({ name }) => ({ name, values: [] as number[], cutOff: false, clientLoad: 0 }));
  for (let run = 1; run <= bench.runs; run++) {
    for (const [index, side] of sides.entries()) {
      const { value, cutOff = false, clientLoad = 0 } = await side.run();
      const result = measured[index];
      if (result === undefined) continue;
      result.values.push(value);
      result.cutOff ||= cutOff;
      result.clientLoad = Math.max(result.clientLoad, clientLoad);
      bench.say(`${what}, run ${String(run)}/${String(bench.runs)}: ${side.name} ${value.toPrecision(4)}`);
    }
  }
  return measured;
}

/** A run that says several things at once. */
export interface MeasuredMany<Metric extends string> {
  /** A side need not say all. */
  readonly values: Readonly<Partial<Record<Metric, number>>>;
  /** What a value is made of, such as the latencies of all requests. */
  readonly samples?: Readonly<Partial<Record<Metric, readonly number[]>>>;
  readonly clientLoad: number;
}

export interface SideOfMany<Metric extends string> {
  readonly name: string;
  run(): Promise<MeasuredMany<Metric>>;
}

/** Like `alternate`; the results of each metric for themselves. */
export async function alternateMany<Metric extends string>(
  bench: Alternating,
  what: string,
  metrics: readonly Metric[],
  sides: readonly SideOfMany<Metric>[],
): Promise<(metric: Metric) => SideResult[]> {
  const runs = sides.map(({ name }) => ({ name, all: [] as MeasuredMany<Metric>[] }));
  for (let run = 1; run <= bench.runs; run++) {
    for (const [index, side] of sides.entries()) {
      const measured = await side.run();
      runs[index]?.all.push(measured);
      const said = metrics.flatMap((metric) => {
        const value = measured.values[metric];
        return value === undefined ? [] : [`${metric} ${value.toPrecision(4)}`];
      });
      bench.say(`${what}, run ${String(run)}/${String(bench.runs)}: ${side.name}: ${said.join(', ')}`);
    }
  }
  return (metric) =>
    runs.map(({ name, all }) => {
      const samples = all.flatMap((measured) => measured.samples?.[metric] ?? []);
      return {
        name,
        values: all.flatMap(({ values }) => values[metric] ?? []),
        cutOff: false,
        clientLoad: Math.max(0, ...all.map(({ clientLoad }) => clientLoad)),
        ...(samples.length === 0 ? {} : { samples }),
      };
    });
}

/** Two sides by their names. */
export function between(
  results: readonly SideResult[],
  subject: string,
  reference: string,
): Required<Pick<Comparison, 'subject' | 'reference' | 'clientLoad'>> {
  const sides = { subject: sideNamed(results, subject), reference: sideNamed(results, reference) };
  return { ...sides, clientLoad: Math.max(sides.subject.clientLoad, sides.reference.clientLoad) };
}

export function sideNamed(results: readonly SideResult[], name: string): SideResult {
  const result = results.find((candidate) => candidate.name === name);
  if (result === undefined) throw new Error(`Nothing called ${name} was measured.`);
  return result;
}
