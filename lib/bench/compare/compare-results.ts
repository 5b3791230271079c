/**
 * Two results of different times, line by line. Their runs are no pairs, so each line gets the interval of two
 * independent series (see estimate.ts), and the chance of a false alarm is shared by all lines: a page with 40 lines
 * cries wolf as rarely as one with a single line. A change must also be as large as `effect`, because two sessions of one
 * build on one machine differ by a few percent for reasons that no run within them shows.
 *
 * Two builds measured in turns, as bench/ does, are told apart with less: lib/bench/measure/verdict.ts.
 */
import type { BenchResult, Measurement } from '../bench-result.js';
import { areAllPositive, differenceInterval, estimateOf, type Interval } from './estimate.js';

export interface CompareRules {
  /** Smaller changes are none; default 0.05, which is 5 %. */
  readonly effect?: number;
  /** Chance that two equal builds are told apart in any line; default 0.01. */
  readonly falseAlarm?: number;
}

export type LineVerdict =
  | 'regression'
  | 'improvement'
  /** Certainly smaller than `effect`. */
  | 'no change'
  /** Too few runs, or too much noise, to exclude a change of `effect`. */
  | 'unclear'
  /** The figure is neither good nor bad. */
  | 'neutral';

export interface ComparedLine {
  readonly before: Measurement;
  readonly after: Measurement;
  /** Of the estimates: -0.1 is 10 % less of what was measured. Undefined when it was 0 before. */
  readonly change: number | undefined;
  /** Where the true change lies. Undefined with a single run on a side. */
  readonly interval: Interval | undefined;
  readonly verdict: LineVerdict;
}

export interface ResultComparison {
  readonly lines: readonly ComparedLine[];
  readonly effect: number;
  /** Of the interval of each line. */
  readonly confidence: number;
  /** Why the two may not be comparable. */
  readonly warnings: readonly string[];
  /** Measured before and not now, and the other way round. */
  readonly missing: readonly Measurement[];
  readonly added: readonly Measurement[];
}

export const defaultEffect = 0.05;
const defaultFalseAlarm = 0.01;
/** With fewer runs on a side an interval is too wide to be worth showing. */
export const leastRuns = 3;

export const ownSide = 'inferno';

/** Whose speed a result is about: Inferno's, or that of the server that was measured. */
export function subjectSide({ measurements }: BenchResult): string {
  if (measurements.some(({ side }) => side === ownSide)) return ownSide;
  return measurements[0]?.side ?? ownSide;
}

function keyOf({ scenario, model, metric }: Measurement): string {
  return JSON.stringify([scenario, model, metric]);
}

/** Of the subject, as the same thing may be called otherwise in the other result. */
function linesOf(result: BenchResult): Map<string, Measurement> {
  const subject = subjectSide(result);
  const own = result.measurements.filter(({ side, values }) => side === subject && values.length > 0);
  return new Map(own.map((measurement) => [keyOf(measurement), measurement]));
}

/** The change as a fraction, and its interval. */
function changeOf(
  before: Measurement,
  after: Measurement,
  confidence: number,
): Pick<ComparedLine, 'change' | 'interval'> {
  const [a, b] = [after.values, before.values];
  if (areAllPositive(a) && areAllPositive(b)) {
    const [from, to] = [estimateOf(b)?.value ?? Number.NaN, estimateOf(a)?.value ?? Number.NaN];
    const logs = differenceInterval(a.map(Math.log), b.map(Math.log), confidence);
    return { change: to / from - 1, interval: logs && { low: Math.expm1(logs.low), high: Math.expm1(logs.high) } };
  }
  const mean = (values: readonly number[]): number => values.reduce((sum, value) => sum + value, 0) / values.length;
  const [from, to] = [mean(b), mean(a)];
  // A change from nothing has no percentage; it is taken against the larger of both so that it can be judged at all.
  const scale = Math.max(Math.abs(from), Math.abs(to));
  if (scale === 0) return { change: 0, interval: differenceInterval(a, b, confidence) && { low: 0, high: 0 } };
  const difference = differenceInterval(a, b, confidence);
  return {
    change: from === 0 ? undefined : (to - from) / Math.abs(from),
    interval: difference && { low: difference.low / scale, high: difference.high / scale },
  };
}

function verdictOf(
  { before, after, interval }: Omit<ComparedLine, 'verdict' | 'change'>,
  change: number | undefined,
  effect: number,
): LineVerdict {
  const better = after.better;
  if (better === undefined) return 'neutral';
  const bounded = before.cutOff === true || after.cutOff === true;
  const runs = Math.min(before.values.length, after.values.length);
  if (bounded || interval === undefined || runs < leastRuns) return 'unclear';
  // Up by 5 % and down by 5 % are the same step in the logarithm.
  const [most, least] = [effect, -effect / (1 + effect)];
  const size = change ?? (interval.low + interval.high) / 2;
  const isOutside = (size >= most && interval.low > 0) || (size <= least && interval.high < 0);
  if (isOutside) return size > 0 === (better === 'higher') ? 'improvement' : 'regression';
  return interval.low > least && interval.high < most ? 'no change' : 'unclear';
}

function warningsOf(before: BenchResult, after: BenchResult): string[] {
  const warnings: string[] = [];
  const differ = (what: string, a: string | number, b: string | number): void => {
    if (a !== b) warnings.push(`${what} differs: ${String(a)} before, ${String(b)} now.`);
  };
  differ('The processor', before.machine.cpu, after.machine.cpu);
  differ('The number of cores', before.machine.cores, after.machine.cores);
  differ('The backend', before.software.backend ?? 'unknown', after.software.backend ?? 'unknown');
  for (const scenario of after.scenarios) {
    const other = before.scenarios.find(({ name }) => name === scenario.name);
    const parameters = (of: typeof scenario): string => JSON.stringify(Object.entries(of.parameters ?? {}).sort());
    if (other !== undefined && parameters(other) !== parameters(scenario)) {
      warnings.push(`The scenario ${scenario.name} was run with other parameters.`);
    }
  }
  for (const model of after.models) {
    const other = before.models.find(({ label }) => label === model.label);
    if (other !== undefined && other.fileBytes !== model.fileBytes) {
      warnings.push(`The model ${model.label} is another file: its size differs.`);
    }
  }
  return warnings;
}

export function compareResults(before: BenchResult, after: BenchResult, rules: CompareRules = {}): ResultComparison {
  const { effect = defaultEffect, falseAlarm = defaultFalseAlarm } = rules;
  const [earlier, later] = [linesOf(before), linesOf(after)];
  const pairs = [...later].flatMap(([key, measured]) => {
    const old = earlier.get(key);
    return old?.unit === measured.unit ? [{ before: old, after: measured }] : [];
  });
  const judged = pairs.filter(({ after: measured }) => measured.better !== undefined).length;
  const confidence = 1 - falseAlarm / Math.max(1, judged);
  const lines = pairs.map((pair) => {
    const { change, interval } = changeOf(pair.before, pair.after, confidence);
    return { ...pair, change, interval, verdict: verdictOf({ ...pair, interval }, change, effect) };
  });
  const matched = new Set(pairs.map((pair) => keyOf(pair.after)));
  return {
    lines,
    effect,
    confidence,
    warnings: warningsOf(before, after),
    missing: [...earlier.values()].filter((measurement) => !matched.has(keyOf(measurement))),
    added: [...later.values()].filter((measurement) => !matched.has(keyOf(measurement))),
  };
}

export function countOf(comparison: ResultComparison, verdict: LineVerdict): number {
  return comparison.lines.filter((line) => line.verdict === verdict).length;
}
