/** The page's tables. Every number that a chart shows is in one of them. */
import type { BenchResult, Measurement } from '../bench-result.js';
import type { ComparedLine, LineVerdict, ResultComparison } from '../compare/compare-results.js';
import { estimateOf } from '../compare/estimate.js';
import { formatChange, formatNumber, formatRange, formatValue } from '../display-unit.js';
import { quantileIn } from '../sample-summary.js';
import { barText, isBarMet, subjectRatio, type ReportLine, type SideRatio } from './lines.js';
import { html, nameMarkup, type Markup, type MarkupValue } from '../../markup.js';
import { slopeText } from './timeline-chart.js';
import { headingOf } from '../bench-result.js';

/** Wide tables scroll by themselves, also with the keyboard. */
export function scrollable(name: string, table: Markup): Markup {
  return html`<div class="scroll" role="region" tabindex="0" aria-label="${name}">${table}</div>`;
}

interface Columns {
  readonly models: boolean;
  readonly sides: boolean;
  readonly percentiles: boolean;
  readonly bars: boolean;
}

function columnsOf(lines: readonly ReportLine[]): Columns {
  const all = lines.flatMap(({ sides }) => sides);
  return {
    models: new Set(all.map(({ model }) => model)).size > 1,
    sides: new Set(all.map(({ side }) => side)).size > 1,
    percentiles: all.some(({ samples }) => samples !== undefined),
    bars: all.some(({ bar }) => bar !== undefined),
  };
}

function valueCell({ values, unit, cutOff, series }: Measurement): Markup {
  const estimate = estimateOf(values);
  const slope = series?.slope;
  const slopeLine = slope === undefined ? undefined : html`<span class="range">${slopeText(slope, unit)}</span>`;
  if (estimate === undefined) return html`<td class="number">${slopeLine ?? '–'}</td>`;
  const { interval } = estimate;
  const range =
    interval === undefined || interval.low === interval.high
      ? undefined
      : html`<span class="range">${formatRange(interval.low, interval.high, unit)}</span>`;
  const text = `${cutOff === true ? 'over ' : ''}${formatValue(estimate.value, unit)}`;
  return html`<td class="number">${text}${range}${slopeLine}</td>`;
}

const tableShares = [0.5, 0.95, 0.99] as const;

function percentileCells({ samples, unit }: Measurement): Markup[] {
  return tableShares.map((share) => {
    const value = samples && quantileIn(samples, share);
    return html`<td class="number">${value === undefined ? '' : formatValue(value, unit)}</td>`;
  });
}

const ratioStyles = { better: 'good', worse: 'bad', 'the same': 'soft', neutral: 'soft' } as const;
const ratioWords = { better: '✓ better', worse: '✗ worse', 'the same': '= the same', neutral: '' } as const;

function ratioCell(ratio: SideRatio | undefined): Markup {
  if (ratio === undefined) return html`<td class="number"></td>`;
  const { interval, verdict } = ratio;
  const word =
    ratioWords[verdict] === '' ? undefined : html` <span class="${ratioStyles[verdict]}">${ratioWords[verdict]}</span>`;
  const range =
    interval === undefined
      ? undefined
      : html`<span class="range">${`${formatNumber(interval.low)}–${formatNumber(interval.high)}`}</span>`;
  return html`<td class="number">${formatNumber(ratio.ratio)}${word}${range}</td>`;
}

function barCell(line: ReportLine, measurement: Measurement): Markup {
  const { bar, unit } = measurement;
  if (bar === undefined) return html`<td></td>`;
  const met = isBarMet(line, measurement, bar);
  const verdict =
    met === undefined ? '' : met ? html`<span class="good">✓ met</span>` : html`<span class="bad">✗ missed</span>`;
  return html`<td>${barText(bar, unit)} ${verdict}</td>`;
}

function rowsOf(line: ReportLine, columns: Columns, subject: string): Markup {
  const rows = line.sides.map((measurement, index) => {
    const isOwn = measurement.side === subject;
    const count = line.sides.length;
    const heads: MarkupValue[] = [];
    if (index === 0) {
      heads.push(html`<th scope="rowgroup" rowspan="${count}" class="wide">${nameMarkup(line.heading)}</th>`);
      if (columns.models) heads.push(html`<td rowspan="${count}" class="wide">${nameMarkup(line.model)}</td>`);
    }
    if (columns.sides) {
      heads.push(html`<td class="${isOwn ? 'wide own' : 'wide'}">${nameMarkup(measurement.side)}</td>`);
    }
    return html`<tr>
      ${heads}${valueCell(measurement)}${columns.percentiles ? percentileCells(measurement) : undefined}
      ${columns.sides ? ratioCell(subjectRatio(line, measurement, subject)) : undefined}
      ${columns.bars ? barCell(line, measurement) : undefined}
    </tr>`;
  });
  return html`<tbody>
    ${rows}
  </tbody>`;
}

export function scenarioTable(name: string, lines: readonly ReportLine[], subject: string): Markup {
  const columns = columnsOf(lines);
  const table = html`<table>
    <caption class="heard">
      ${nameMarkup(name)}
    </caption>
    <thead>
      <tr>
        <th scope="col">Measured</th>
        ${columns.models ? html`<th scope="col">Model</th>` : undefined}
        ${columns.sides ? html`<th scope="col">Side</th>` : undefined}
        <th scope="col" class="number">Value<br />95 % interval</th>
        ${
          columns.percentiles
            ? tableShares.map((share) => html`<th scope="col" class="number">p${String(share * 100)}</th>`)
            : undefined
        }
        ${columns.sides ? html`<th scope="col" class="number">${nameMarkup(subject)} to it<br />95 % interval</th>` : undefined}
        ${columns.bars ? html`<th scope="col">Target</th>` : undefined}
      </tr>
    </thead>
    ${lines.map((line) => rowsOf(line, columns, subject))}
  </table>`;
  return scrollable(`Measurements of ${name}`, table);
}

const verdictStyles: Readonly<Record<LineVerdict, string>> = {
  regression: 'bad',
  improvement: 'good',
  'no change': 'soft',
  unclear: 'soft',
  neutral: 'soft',
};
export const verdictWords: Readonly<Record<LineVerdict, string>> = {
  regression: '✗ regression',
  improvement: '✓ improvement',
  'no change': '= no change',
  unclear: '? unclear',
  neutral: '',
};

function valueText({ values, unit }: Measurement): string {
  const estimate = estimateOf(values);
  return estimate === undefined ? '–' : formatValue(estimate.value, unit);
}

function comparedRow({ before, after, change, interval, verdict }: ComparedLine): Markup {
  const range =
    interval === undefined || interval.low === interval.high
      ? ''
      : `${formatChange(interval.low)} to ${formatChange(interval.high)}`;
  return html`<tr>
    <th scope="row" class="wide">${nameMarkup(headingOf(after.metric))}</th>
    <td class="wide">${nameMarkup(after.scenario)}</td>
    <td class="wide">${nameMarkup(after.model)}</td>
    <td class="number">${valueText(before)}</td>
    <td class="number">${valueText(after)}</td>
    <td class="number">${change === undefined ? 'was 0' : formatChange(change)}<span class="range">${range}</span></td>
    <td><span class="${verdictStyles[verdict]}">${verdictWords[verdict]}</span></td>
  </tr>`;
}

export function comparisonTable({ lines, confidence }: ResultComparison): Markup {
  const percent = (confidence * 100).toFixed(confidence > 0.999 ? 2 : 1);
  const table = html`<table>
    <caption class="heard">
      Before and now
    </caption>
    <thead>
      <tr>
        <th scope="col">Measured</th>
        <th scope="col">Scenario</th>
        <th scope="col">Model</th>
        <th scope="col" class="number">Before</th>
        <th scope="col" class="number">Now</th>
        <th scope="col" class="number">Change<br />${percent} % interval</th>
        <th scope="col">Verdict</th>
      </tr>
    </thead>
    <tbody class="lines">
      ${lines.map(comparedRow)}
    </tbody>
  </table>`;
  return scrollable('Comparison with the baseline', table);
}

export function failureTable(failures: BenchResult['failures']): Markup {
  const rows = failures.map(
    ({ scenario, model, side, message, count }) =>
      html`<tr>
        <th scope="row" class="wide">${nameMarkup(scenario)}</th>
        <td class="wide">${nameMarkup(model ?? '')}</td>
        <td class="wide">${nameMarkup(side ?? '')}</td>
        <td class="number">${count}</td>
        <td class="wide">${nameMarkup(message)}</td>
      </tr>`,
  );
  const table = html`<table>
    <thead>
      <tr>
        <th scope="col">Scenario</th>
        <th scope="col">Model</th>
        <th scope="col">Side</th>
        <th scope="col" class="number">Times</th>
        <th scope="col">What went wrong</th>
      </tr>
    </thead>
    <tbody class="lines">
      ${rows}
    </tbody>
  </table>`;
  return scrollable('Failures', table);
}
