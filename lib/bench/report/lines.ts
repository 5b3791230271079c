/** The measurements of a result in the order of the page: by scenario, in it by model and metric, in it by side. */
import {
  headingOf,
  type BenchResult,
  type BenchScenario,
  type MeasuredBar,
  type Measurement,
} from '../bench-result.js';
import { subjectSide } from '../compare/compare-results.js';
import { estimateOf, ratioEstimate, type RatioEstimate } from '../compare/estimate.js';
import { formatValue } from '../display-unit.js';

/** One metric of one model in one scenario; the subject comes first, if it was measured. */
export interface ReportLine {
  readonly scenario: string;
  readonly model: string;
  readonly metric: string;
  readonly heading: string;
  readonly unit: string;
  readonly better: Measurement['better'];
  readonly sides: readonly Measurement[];
}

export interface ScenarioLines {
  readonly scenario: BenchScenario;
  readonly lines: readonly ReportLine[];
}

function lineOf(sides: readonly Measurement[], first: Measurement, subject: string): ReportLine {
  const { scenario, model, metric, unit, better } = first;
  const inOrder = [...sides].sort((a, b) => Number(b.side === subject) - Number(a.side === subject));
  return { scenario, model, metric, heading: headingOf(metric), unit, better, sides: inOrder };
}

export function linesByScenario(result: BenchResult): ScenarioLines[] {
  const subject = subjectSide(result);
  const scenarios = new Map<string, Map<string, Measurement[]>>(result.scenarios.map(({ name }) => [name, new Map()]));
  for (const measurement of result.measurements) {
    const lines = scenarios.get(measurement.scenario) ?? new Map<string, Measurement[]>();
    scenarios.set(measurement.scenario, lines);
    // Another unit is another line: nothing may be held against it.
    const key = JSON.stringify([measurement.model, measurement.metric, measurement.unit]);
    lines.set(key, [...(lines.get(key) ?? []), measurement]);
  }
  return [...scenarios].flatMap(([name, lines]): ScenarioLines[] => {
    if (lines.size === 0) return [];
    const scenario = result.scenarios.find((candidate) => candidate.name === name) ?? { name };
    const drawn = [...lines.values()].flatMap((sides) => {
      const [first] = sides;
      return first === undefined ? [] : [lineOf(sides, first, subject)];
    });
    return [{ scenario, lines: drawn }];
  });
}

export interface SideRatio extends RatioEstimate {
  readonly verdict: 'better' | 'worse' | 'the same' | 'neutral';
}

/** The subject to another side of its line. `the same`: the interval does not exclude it. */
export function subjectRatio(line: ReportLine, other: Measurement, subject: string): SideRatio | undefined {
  const own = line.sides.find(({ side }) => side === subject);
  if (own === undefined || own === other) return undefined;
  const estimate = ratioEstimate(own.values, other.values, { paired: true });
  if (estimate === undefined) return undefined;
  const { interval, ratio } = estimate;
  if (line.better === undefined) return { ...estimate, verdict: 'neutral' };
  const bounded = own.cutOff === true || other.cutOff === true;
  if (bounded || interval === undefined || (interval.low <= 1 && interval.high >= 1)) {
    return { ...estimate, verdict: interval === undefined || bounded ? 'neutral' : 'the same' };
  }
  return { ...estimate, verdict: ratio > 1 === (line.better === 'higher') ? 'better' : 'worse' };
}

/** What a bar's ratio is to: the named reference, else the best of the other sides. */
function barReference(line: ReportLine, own: Measurement): Measurement | undefined {
  const others = line.sides.filter((side) => side !== own && side.values.length > 0);
  if (own.reference !== undefined) return others.find(({ side }) => side === own.reference);
  const value = (side: Measurement): number => estimateOf(side.values)?.value ?? 0;
  const sign = line.better === 'lower' ? 1 : -1;
  return [...others].sort((a, b) => sign * (value(a) - value(b)))[0];
}

/** Undefined where it cannot be told. */
export function isBarMet(line: ReportLine, own: Measurement, bar: MeasuredBar): boolean | undefined {
  if (bar.met !== undefined) return bar.met;
  if (own.values.length === 0) return undefined;
  // Every run, not only their middle.
  if (bar.kind === 'at most') return own.cutOff !== true && Math.max(...own.values) <= bar.value;
  if (bar.kind === 'at least') return Math.min(...own.values) >= bar.value;
  const reference = barReference(line, own);
  const ratio = reference && ratioEstimate(own.values, reference.values, { paired: true })?.ratio;
  if (ratio === undefined) return undefined;
  if (bar.kind === 'ratio at most') return own.cutOff !== true && ratio <= bar.value;
  return bar.kind === 'ratio above' ? ratio > bar.value : ratio >= bar.value;
}

const signs: Readonly<Record<MeasuredBar['kind'], string>> = {
  'at most': '≤',
  'at least': '≥',
  'ratio at most': 'ratio ≤',
  'ratio at least': 'ratio ≥',
  'ratio above': 'ratio >',
};

export function barText(bar: MeasuredBar, unit: string): string {
  const value = bar.kind.startsWith('ratio') ? String(bar.value) : formatValue(bar.value, unit);
  return `${signs[bar.kind]} ${value}`;
}
