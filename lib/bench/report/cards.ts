/** The few figures that a reader looks for first. Each says which scenario and model it is of. */
import type { BenchResult, Measurement } from '../bench-result.js';
import { countOf, subjectSide, type ResultComparison } from '../compare/compare-results.js';
import { estimateOf } from '../compare/estimate.js';
import { displayUnit, formatNumber, formatValue } from '../display-unit.js';
import { quantileIn } from '../sample-summary.js';
import { html, nameMarkup, type Markup, type MarkupValue } from '../../markup.js';

interface Card {
  readonly title: string;
  readonly figure: MarkupValue;
  readonly under: MarkupValue;
}

const headline: readonly (readonly [metric: string, title: string])[] = [
  ['decode_tokens_per_second', 'Decode speed'],
  ['tokens_per_second', 'Throughput'],
  ['prefill_tokens_per_second', 'Prefill speed'],
  ['time_to_first_token', 'Time to first token'],
  ['inter_token', 'Time between tokens'],
  ['goodput', 'Goodput'],
];

function figureOf(value: number, unit: string): Markup {
  const { label, divisor } = displayUnit(value, unit);
  return html`${formatNumber(value / divisor)} <small>${label}</small>`;
}

/** Of the model and scenario that come first, but throughput where it is highest. */
function chosen(own: readonly Measurement[], metric: string): Measurement | undefined {
  const [first, ...others] = own.filter(
    (measurement) => measurement.metric === metric && measurement.values.length > 0,
  );
  if (first === undefined || !metric.startsWith('tokens')) return first;
  const value = ({ values }: Measurement): number => estimateOf(values)?.value ?? 0;
  return others.filter(({ model }) => model === first.model).reduce((a, b) => (value(b) > value(a) ? b : a), first);
}

function measuredCard(own: readonly Measurement[], metric: string, title: string): Card[] {
  const measurement = chosen(own, metric);
  const estimate = measurement && estimateOf(measurement.values);
  if (measurement === undefined || estimate === undefined) return [];
  const tail = measurement.samples && quantileIn(measurement.samples, 0.99);
  const worst = tail === undefined ? '' : `, p99 ${formatValue(tail, measurement.unit)}`;
  const under = html`${nameMarkup(measurement.scenario)}, ${nameMarkup(measurement.model)}${worst}`;
  return [{ title, figure: figureOf(estimate.value, measurement.unit), under }];
}

function memoryCard(own: readonly Measurement[]): Card[] {
  const [slope] = own.flatMap(({ series }) => (series?.slope === undefined ? [] : [series.slope]));
  const resident = own.filter(({ metric }) => metric === 'rss');
  const most = Math.max(
    ...resident.flatMap(({ values, series }) => [...values, ...(series?.points ?? []).map(([, y]) => y)]),
  );
  if (resident.length === 0 || !Number.isFinite(most)) return [];
  const under = slope === undefined ? 'at most, over all scenarios' : `at most; over time: ${slope.verdict}`;
  return [{ title: 'Resident memory', figure: figureOf(most, resident[0]?.unit ?? 'bytes'), under }];
}

function baselineCard(comparison: ResultComparison | undefined): Card[] {
  if (comparison === undefined) return [];
  const [worse, better] = [countOf(comparison, 'regression'), countOf(comparison, 'improvement')];
  const figure =
    worse > 0
      ? html`<span class="bad">✗ ${worse} <small>${worse === 1 ? 'regression' : 'regressions'}</small></span>`
      : html`<span class="good">✓ 0 <small>regressions</small></span>`;
  const open = countOf(comparison, 'unclear');
  const under = `${String(better)} better, ${String(countOf(comparison, 'no change'))} unchanged, ${String(open)} unclear`;
  return [{ title: 'Against the baseline', figure, under }];
}

function failureCard({ failures }: BenchResult): Card[] {
  if (failures.length === 0) return [];
  const total = failures.reduce((sum, { count }) => sum + (count ?? 1), 0);
  return [{ title: 'Failures', figure: html`<span class="bad">✗ ${total}</span>`, under: 'listed below' }];
}

export function cards(result: BenchResult, comparison: ResultComparison | undefined): Markup {
  const subject = subjectSide(result);
  const own = result.measurements.filter(({ side }) => side === subject);
  const all = [
    ...baselineCard(comparison),
    ...headline.flatMap(([metric, title]) => measuredCard(own, metric, title)),
    ...memoryCard(own),
    ...failureCard(result),
  ];
  if (all.length === 0) return html``;
  const drawn = all.map(
    ({ title, figure, under }) =>
      html`<div class="card">
        <dt>${title}</dt>
        <dd class="figure">${figure}</dd>
        <dd class="under">${under}</dd>
      </div>`,
  );
  return html`<dl class="cards">${drawn}</dl>`;
}
