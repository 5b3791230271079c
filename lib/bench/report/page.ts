/**
 * One HTML page from one result, and from a baseline if there is one. It needs nothing else: no script, no network, no
 * font. Everything that comes from the result is escaped (markup.ts), and a policy in the page forbids the rest.
 */
import { headingOf, type BenchResult, type Measurement } from '../bench-result.js';
import {
  compareResults,
  countOf,
  subjectSide,
  type CompareRules,
  type ResultComparison,
} from '../compare/compare-results.js';
import { formatDuration, formatValue } from '../display-unit.js';
import { cards } from './cards.js';
import { axisReach, changeChart } from './change-chart.js';
import { linesByScenario } from './lines.js';
import { html, Markup, nameMarkup, type MarkupValue } from '../../markup.js';
import { scenarioSection, type SectionContext } from './scenario-section.js';
import { styleSheet } from './style.js';
import { comparisonTable, failureTable } from './tables.js';

export interface ReportOptions {
  readonly baseline?: BenchResult;
  readonly rules?: CompareRules;
  /** Default: the models. */
  readonly title?: string;
}

const policy = "default-src 'none'; style-src 'unsafe-inline'; base-uri 'none'; form-action 'none'";
/** More would make a page that no phone opens. */
const mostCharts = 150;
const mostChanges = 40;
/** Above this something else was running when the benchmark started. */
const busyMachine = 0.3;

function facts(pairs: readonly (readonly [string, MarkupValue])[]): Markup {
  const rows = pairs.filter(([, value]) => value !== undefined && value !== '');
  return html`<dl class="facts">
    ${rows.map(
      ([name, value]) =>
        html`<dt>${name}</dt>
          <dd>${value}</dd>`,
    )}
  </dl>`;
}

function remarks(result: BenchResult, comparison: ResultComparison | undefined): string[] {
  const { machine, software, quick, notes } = result;
  const { loadAverage } = machine;
  return [
    ...(quick === true ? ['This was a shortened run: good for a look, not for the record.'] : []),
    ...(loadAverage !== null && loadAverage > busyMachine
      ? [`The machine was not idle: load average ${loadAverage.toFixed(2)} before the first run.`]
      : []),
    ...(software.dirty === true ? ['The working tree had changes that no commit holds.'] : []),
    ...(comparison?.warnings.map((warning) => `Baseline: ${warning}`) ?? []),
    ...notes,
  ];
}

function remarkList(lines: readonly string[]): Markup | undefined {
  if (lines.length === 0) return undefined;
  return html`<div class="notes" role="note">
    <ul>
      ${lines.map((text) => html`<li>${nameMarkup(text)}</li>`)}
    </ul>
  </div>`;
}

/** `2026-02-03 10:11:12 UTC` */
function timeText(iso: string): string {
  return iso.replace('T', ' ').replace(/\.\d+/u, '').replace('Z', ' UTC');
}

function nameOfLine({ metric, scenario, model }: Measurement): string {
  return `${headingOf(metric)}, ${scenario}, ${model}`;
}

function comparisonSection(comparison: ResultComparison, baseline: BenchResult): Markup {
  const { lines, effect, missing, added } = comparison;
  const order = ['regression', 'improvement', 'unclear', 'no change', 'neutral'];
  const shown = [...lines]
    .filter(({ verdict, interval }) => verdict !== 'neutral' && interval !== undefined)
    .sort((a, b) => order.indexOf(a.verdict) - order.indexOf(b.verdict))
    .slice(0, mostChanges)
    .map((line) => ({ ...line, name: nameOfLine(line.after) }));
  const percent = `${String(Number((effect * 100).toPrecision(3)))} %`;
  // A long list is cut into columns, as the other charts are.
  const perChart = Math.max(8, Math.ceil(shown.length / 3));
  const parts = Array.from({ length: Math.ceil(shown.length / perChart) }, (_, index) =>
    shown.slice(index * perChart, (index + 1) * perChart),
  );
  const charts = parts.map((part) =>
    changeChart(part, axisReach(shown, effect), effect, {
      title: 'Change against the baseline',
      description: `One line for each of ${String(part.length)} measurements: the change and its interval. The numbers are in the table.`,
      caption: html`Change against the baseline<span
          >the band is ${`±${percent}`}; diamonds are verdicts, dots are none</span
        >`,
    }),
  );
  const names = (measurements: readonly Measurement[]): string => measurements.map(nameOfLine).join('; ');
  return html`<section aria-labelledby="baseline">
    <h2 id="baseline">Against the baseline</h2>
    <p>
      ${countOf(comparison, 'regression')} worse, ${countOf(comparison, 'improvement')} better,
      ${countOf(comparison, 'no change')} unchanged, ${countOf(comparison, 'unclear')} unclear. The baseline was
      measured at ${timeText(baseline.startedAt)} with ${baseline.runs} runs, version ${baseline.software.inferno}.
    </p>
    ${charts.length === 0 ? undefined : html`<div class="charts">${charts}</div>`}${comparisonTable(comparison)}
    ${missing.length === 0 ? undefined : html`<p class="soft">Only in the baseline: ${names(missing)}.</p>`}
    ${added.length === 0 ? undefined : html`<p class="soft">Not in the baseline: ${names(added)}.</p>`}
  </section>`;
}

function machineSection({ machine, software, commandLine }: BenchResult): Markup {
  const { cpu, cores, memoryBytes, system, node, loadAverage } = machine;
  return html`<section aria-labelledby="machine">
    <h2 id="machine">Machine and software</h2>
    ${facts([
      ['Processor', `${cpu}, ${String(cores)} ${cores === 1 ? 'core' : 'cores'}`],
      ['Memory', formatValue(memoryBytes, 'bytes')],
      ['System', system],
      ['Load before', loadAverage === null ? '' : loadAverage.toFixed(2)],
      ['Node', node],
      [
        'Inferno',
        `${software.inferno}${software.commit === undefined ? '' : `, commit ${software.commit}`}${software.dirty === true ? ' with changes' : ''}`,
      ],
      ['llama.cpp', software.llamaCpp],
      ['Backend', software.backend],
      ['Command', html`<code>${nameMarkup(commandLine)}</code>`],
    ])}
  </section>`;
}

function modelSection({ models }: BenchResult): Markup | undefined {
  if (models.length === 0) return undefined;
  return html`<section aria-labelledby="models">
    <h2 id="models">Models</h2>
    ${models.map(
      (model) =>
        html`<h3>${nameMarkup(model.label)}</h3>
          ${facts([
            ['Architecture', model.architecture],
            ['Parameters', model.parameters?.toLocaleString('en')],
            ['Quantization', model.quantization],
            ['File', model.fileBytes === undefined ? undefined : formatValue(model.fileBytes, 'bytes')],
            [
              'Context',
              model.contextSize === undefined ? undefined : `${model.contextSize.toLocaleString('en')} tokens`,
            ],
          ])}`,
    )}
  </section>`;
}

function explanation(comparison: ResultComparison | undefined): Markup {
  const percent = comparison === undefined ? '' : `${String(Number((comparison.effect * 100).toPrecision(3)))} %`;
  return html`<section aria-labelledby="reading">
    <h2 id="reading">How to read this page</h2>
    <p>
      A value is the geometric mean of its runs; small circles in a bar are the single runs. Intervals of 95 % are from
      the runs (Student's t on their logarithms), so a single run has none. Percentiles are of all samples of all runs
      together, such as every request's time to its first token. Ratios are of the first side to the other one; where
      both have as many runs, they are compared run by run.
    </p>
    ${
      comparison === undefined
        ? undefined
        : html`<p>
            A line is a regression or an improvement when its whole interval lies on one side of zero and it changed by
            at least ${percent}. All intervals together miss with a chance of at most 1 %, so each is wider than a 95 %
            interval. “No change” means that a change of ${percent} is excluded, “unclear” that it is not: more runs, or
            a quieter machine, would tell.
          </p>`
    }
  </section>`;
}

function beforeIn(comparison: ResultComparison | undefined): SectionContext['before'] {
  const lines = new Map(
    comparison?.lines.map(({ before, after }) => [
      JSON.stringify([after.scenario, after.model, after.metric, after.side]),
      before,
    ]),
  );
  return ({ scenario, model, metric, side }) => lines.get(JSON.stringify([scenario, model, metric, side]));
}

function header(result: BenchResult, title: string, links: readonly (readonly [string, string])[]): Markup {
  const { startedAt, durationMs, runs } = result;
  return html`<header class="top">
    <h1>${nameMarkup(title)}</h1>
    <p class="soft">
      <time datetime="${startedAt}">${timeText(startedAt)}</time>, ${formatDuration(durationMs)},
      ${runs === 1 ? 'one run' : `${String(runs)} runs`} of each measurement
    </p>
    <nav aria-label="Sections">
      <ul>
        ${links.map(([id, name]) => html`<li><a href="${`#${id}`}">${nameMarkup(name)}</a></li>`)}
      </ul>
    </nav>
  </header>`;
}

export function renderReport(result: BenchResult, { baseline, rules, title }: ReportOptions = {}): string {
  const comparison = baseline && compareResults(baseline, result, rules);
  const scenarios = linesByScenario(result).map((lines, index) => ({ lines, id: `scenario-${String(index + 1)}` }));
  const labels = result.models.map(({ label }) => label).join(', ');
  const heading = title ?? (labels === '' ? 'Benchmark' : `Benchmark of ${labels}`);
  const links: (readonly [string, string])[] = [
    ...(comparison === undefined ? [] : [['baseline', 'Against the baseline'] as const]),
    ...scenarios.map(({ lines, id }) => [id, lines.scenario.name] as const),
    ...(result.failures.length === 0 ? [] : [['failures', 'Failures'] as const]),
    ['machine', 'Machine and software'],
  ];
  const context = { subject: subjectSide(result), before: beforeIn(comparison), room: { charts: mostCharts } };
  const body = html`${header(result, heading, links)}
    <main>
      ${remarkList(remarks(result, comparison))}${cards(result, comparison)}
      ${comparison === undefined || baseline === undefined ? undefined : comparisonSection(comparison, baseline)}
      ${scenarios.map(({ lines, id }) => scenarioSection(lines, context, id))}
      ${
        result.failures.length === 0
          ? undefined
          : html`<section aria-labelledby="failures">
              <h2 id="failures">Failures</h2>
              ${failureTable(result.failures)}
            </section>`
      }
      ${machineSection(result)}${modelSection(result)}${explanation(comparison)}
    </main>
    <footer>Written by Inferno ${result.software.inferno}.</footer>`;
  const head = html`<meta charset="utf-8" /><meta http-equiv="Content-Security-Policy" content="${policy}" /><meta
      name="viewport"
      content="width=device-width, initial-scale=1"
    /><meta name="referrer" content="no-referrer" /><title>${heading}</title
    >${new Markup(`<style>${styleSheet}</style>`)}`;
  return `<!doctype html>\n${html`<html lang="en">
    <head>
      ${head}
    </head>
    <body>
      ${body}
    </body>
  </html>`.toString()}\n`;
}
