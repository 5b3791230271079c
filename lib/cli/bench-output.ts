/** A benchmark in the terminal. */
import { headingOf, type BenchResult, type Measurement } from '../bench/bench-result.js';
import { countOf, type ComparedLine, type ResultComparison } from '../bench/compare/compare-results.js';
import { estimateOf } from '../bench/compare/estimate.js';
import { formatChange, formatRange, formatValue } from '../bench/display-unit.js';
import { formatTable } from './format.js';

const percentiles = [0.5, 0.95, 0.99] as const;

function percentileCells({ samples, unit }: Measurement): string[] {
  return percentiles.map((share) => {
    const value = samples?.quantiles.find((quantile) => quantile.share === share)?.value;
    return value === undefined ? '' : formatValue(value, unit);
  });
}

function rowOf(measurement: Measurement, showsSide: boolean): string[] {
  const { scenario, side, metric, unit, values, series } = measurement;
  const estimate = estimateOf(values);
  const interval = estimate?.interval;
  const slope = series?.slope;
  return [
    scenario,
    ...(showsSide ? [side] : []),
    headingOf(metric) + (slope === undefined ? '' : ` (${slope.verdict})`),
    estimate === undefined ? '' : formatValue(estimate.value, unit),
    interval === undefined ? '' : formatRange(interval.low, interval.high, unit),
    ...percentileCells(measurement),
  ];
}

export function resultTable({ measurements }: BenchResult): string {
  const showsSide = new Set(measurements.map(({ side }) => side)).size > 1;
  const head = ['Scenario', ...(showsSide ? ['Side'] : []), 'Measure', 'Value', '95 % interval', 'p50', 'p95', 'p99'];
  return formatTable([head, ...measurements.map((measurement) => rowOf(measurement, showsSide))]);
}

function changeRow({ after, change, interval, verdict }: ComparedLine): string[] {
  return [
    after.scenario,
    headingOf(after.metric),
    change === undefined ? '' : formatChange(change),
    interval === undefined ? '' : `${formatChange(interval.low)} to ${formatChange(interval.high)}`,
    verdict,
  ];
}

/** Warnings first: a comparison of two machines is none. */
export function comparisonText(comparison: ResultComparison): string {
  const { lines, warnings, missing } = comparison;
  const judged = lines.filter(({ verdict }) => verdict !== 'neutral');
  const counts = (['regression', 'improvement', 'no change', 'unclear'] as const)
    .map((verdict) => `${String(countOf(comparison, verdict))} ${verdict}`)
    .join(', ');
  return [
    ...warnings.map((warning) => `Warning: ${warning}`),
    formatTable([['Scenario', 'Measure', 'Change', 'Interval', 'Verdict'], ...judged.map(changeRow)]),
    ...(missing.length === 0 ? [] : [`${String(missing.length)} of the baseline were not measured now.`]),
    counts,
  ].join('\n');
}
