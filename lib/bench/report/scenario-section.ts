/** One scenario: what was done, the table, and its charts. */
import type { BenchScenario, Measurement } from '../bench-result.js';
import { formatNumber } from '../display-unit.js';
import { histogramChart, percentileChart, type PercentileCurve } from './distribution-chart.js';
import type { ReportLine, ScenarioLines } from './lines.js';
import { html, nameMarkup, type Markup } from '../../markup.js';
import { sideChart } from './side-chart.js';
import { scenarioTable } from './tables.js';
import { slopeText, timelineChart } from './timeline-chart.js';

export interface SectionContext {
  readonly subject: string;
  /** The same measurement of the baseline, if there is one. */
  readonly before: (measurement: Measurement) => Measurement | undefined;
  /** How many more charts the page may have; beyond them there are the tables. */
  readonly room: { charts: number };
}

/** Colours and dashes; more than these nobody tells apart. */
const lineStyles = ['s1', 's2', 's3', 's4', 's5'] as const;

function nameOf({ heading, model }: ReportLine): string {
  return `${heading}, ${model}`;
}

function captionOf(line: ReportLine, more: string): Markup {
  return html`${nameMarkup(line.heading)}<span>${nameMarkup(line.model)}${more === '' ? '' : `, ${more}`}</span>`;
}

function betterText({ better }: ReportLine): string {
  return better === undefined ? '' : better === 'higher' ? 'more is better' : 'less is better';
}

function comparedSides(line: ReportLine, context: SectionContext): Markup | undefined {
  const sides = line.sides.map(({ side, values, cutOff }) => {
    return { name: side, isOwn: side === context.subject, values, cutOff: cutOff === true };
  });
  const before = line.sides.flatMap((measurement) => {
    const old = context.before(measurement);
    return old === undefined
      ? []
      : [{ name: `${measurement.side}, baseline`, isOwn: false, values: old.values, cutOff: old.cutOff === true }];
  });
  const all = [...sides, ...before];
  // A single bar says less than the number in the table; how it changed since the baseline has a chart of its own.
  if (sides.filter(({ values }) => values.length > 0).length < 2) return undefined;
  return sideChart({
    title: nameOf(line),
    description: `One bar for each of ${all.map(({ name }) => name).join(', ')}; ${betterText(line)}. The numbers are in the table.`,
    caption: captionOf(line, betterText(line)),
    unit: line.unit,
    sides: all,
  });
}

function distributions(line: ReportLine, context: SectionContext): Markup[] {
  const withSamples = line.sides.flatMap(({ samples, ...measurement }) =>
    samples === undefined || samples.count < 10 ? [] : [{ ...measurement, samples }],
  );
  const own = withSamples.find(({ side }) => side === context.subject) ?? withSamples[0];
  if (own === undefined) return [];
  const old = context.before(own)?.samples;
  const curves: PercentileCurve[] = [
    ...withSamples.slice(0, lineStyles.length).map(({ side, samples }, index) => {
      return { name: side, samples, style: lineStyles[index] ?? 's5' };
    }),
    ...(old === undefined ? [] : [{ name: `${own.side}, baseline`, samples: old, style: 'before' }]),
  ];
  const samples = formatNumber(own.samples.count);
  return [
    histogramChart({
      title: `Distribution of ${nameOf(line)}`,
      description: `Histogram of ${samples} samples of ${own.side}, with its percentiles marked.`,
      caption: captionOf(line, `distribution of ${samples} samples of ${own.side}`),
      samples: own.samples,
      unit: line.unit,
      isOwn: own.side === context.subject,
    }),
    percentileChart({
      title: `Percentiles of ${nameOf(line)}`,
      description: `One curve for each of ${curves.map(({ name }) => name).join(', ')}, from the least sample to the tail.`,
      caption: captionOf(line, 'percentiles; each step to the right is ten times as rare'),
      unit: line.unit,
      curves,
    }),
  ];
}

function timelines(line: ReportLine, context: SectionContext): Markup[] {
  return line.sides.flatMap(({ side, series, unit }) => {
    if (series === undefined) return [];
    const judged = series.slope === undefined ? '' : slopeText(series.slope, unit);
    return [
      timelineChart({
        title: `${nameOf(line)} over time`,
        description: `A line of ${String(series.points.length)} points of ${side}. ${judged}`,
        caption: captionOf(line, `${side}, over time${judged === '' ? '' : `. ${judged}`}`),
        series,
        unit,
        isOwn: side === context.subject,
      }),
    ];
  });
}

function parametersOf({ parameters = {} }: BenchScenario): string {
  return Object.entries(parameters)
    .map(([name, value]) => `${name} ${String(value)}`)
    .join(', ');
}

export function scenarioSection({ scenario, lines }: ScenarioLines, context: SectionContext, id: string): Markup {
  const charts = lines
    .flatMap((line) => [comparedSides(line, context), ...distributions(line, context), ...timelines(line, context)])
    .filter((chart) => chart !== undefined);
  const drawn = charts.slice(0, context.room.charts);
  context.room.charts -= drawn.length;
  const omitted = charts.length - drawn.length;
  return html`<section aria-labelledby="${id}">
    <h2 id="${id}">${nameMarkup(scenario.name)}</h2>
    ${scenario.description === undefined ? undefined : html`<p>${scenario.description}</p>`}
    ${parametersOf(scenario) === '' ? undefined : html`<p class="soft">${parametersOf(scenario)}</p>`}
    ${scenarioTable(scenario.name, lines, context.subject)}
    ${drawn.length === 0 ? undefined : html`<div class="charts">${drawn}</div>`}
    ${omitted === 0 ? undefined : html`<p class="soft">${omitted} more charts are left out; the table has their numbers.</p>`}
  </section>`;
}
