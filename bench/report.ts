/** Results as a table for people; result-file.ts writes them for everything else. */
import { isMet, ratioIn, type Comparison, type Series } from './comparison.js';
import type { Machine } from './machine.js';
import type { BenchModel } from './models.js';
import { median, rangeOf } from '../lib/bench/measure/stats.js';

/** A measurement that did not come about. */
export interface Failure {
  readonly scenario: string;
  readonly model: string;
  readonly message: string;
}

export interface Report {
  readonly startedAt: string;
  readonly durationMs: number;
  readonly runs: number;
  readonly quick: boolean;
  readonly machine: Machine;
  readonly models: readonly BenchModel[];
  readonly comparisons: readonly Comparison[];
  readonly failures: readonly Failure[];
}

/** Above this share of its core the client may be what was measured. */
const busyClient = 0.8;
/** Above this something else was running when the benchmark started. */
const busyMachine = 0.3;

function digits(value: number): string {
  if (value >= 1000) return Math.round(value).toLocaleString('en');
  return value.toFixed(value >= 100 ? 0 : value >= 10 ? 1 : 2);
}

/** `268 (265–271)` */
function seriesText({ values, cutOff = false }: Series): string {
  const { least, most } = rangeOf(values);
  const text = `${cutOff && median(values) === most ? 'over ' : ''}${digits(median(values))}`;
  return values.length === 1 ? text : `${text} (${digits(least)}–${digits(most)})`;
}

function ratioText(comparison: Comparison): string {
  const ratio = ratioIn(comparison);
  if (ratio === undefined) return '';
  const round = (value: number): string => value.toFixed(value >= 10 ? 1 : 3);
  if (comparison.subject.values.length === 1) return round(ratio.value);
  return `${round(ratio.value)} (${round(ratio.least)}–${round(ratio.most)})`;
}

const ratioSigns = { 'ratio at least': '≥', 'ratio above': '>', 'ratio at most': '≤' } as const;

function barText({ bar, unit }: Comparison): string {
  if (bar === undefined) return '';
  if (bar.kind === 'no leak') return 'no leak';
  if (bar.kind === 'at most') return `≤ ${String(bar.value)} ${unit}`;
  return `ratio ${ratioSigns[bar.kind]} ${String(bar.value)}`;
}

function verdict(comparison: Comparison): string {
  const met = isMet(comparison);
  return met === undefined ? '' : met ? 'met' : 'MISSED';
}

function cells(comparison: Comparison): string[] {
  const { model, what, unit, subject, reference } = comparison;
  return [
    model,
    what,
    `${seriesText(subject)} ${unit}`,
    reference === undefined ? '' : `${reference.name}: ${seriesText(reference)}`,
    ratioText(comparison),
    barText(comparison),
    verdict(comparison),
  ];
}

/** A Markdown table whose columns are also aligned in a terminal. */
export function tableOf(comparisons: readonly Comparison[]): string {
  const head = ['model', 'what', 'Inferno', 'compared with', 'ratio', 'bar', ''];
  const rows = [head, ...comparisons.map(cells)];
  const widths = head.map((_, column) => Math.max(3, ...rows.map((row) => row[column]?.length ?? 0)));
  const lineOf = (row: readonly string[]): string =>
    `| ${row.map((cell, column) => cell.padEnd(widths[column] ?? 0)).join(' | ')} |`;
  const rule = `|${widths.map((width) => '-'.repeat(width + 2)).join('|')}|`;
  return [lineOf(head), rule, ...rows.slice(1).map(lineOf)].join('\n');
}

export function remarks({ machine, comparisons, failures }: Report): string[] {
  const lines = failures.map(({ scenario, model, message }) => `Not measured: ${scenario}, ${model}: ${message}`);
  const clientLoad = Math.max(0, ...comparisons.map((comparison) => comparison.clientLoad ?? 0));
  if (clientLoad > 0) lines.push(`The client used at most ${(clientLoad * 100).toFixed(0)} % of its core.`);
  if (clientLoad > busyClient) lines.push("That is too much: these speeds may be the client's.");
  if (machine.loadAverage > busyMachine) {
    lines.push(`The machine was not idle: load average ${machine.loadAverage.toFixed(2)} before the first run.`);
  }
  return lines;
}

/** For a terminal. */
export function textOf(report: Report): string {
  return [tableOf(report.comparisons), ...remarks(report)].join('\n');
}

/** For docs/performance.md: also says where and when. */
export function markdownOf(report: Report): string {
  const { machine, runs, quick, startedAt } = report;
  const { cpu, cores, memoryGiB, system, node, commit, dirty, llamaCommit } = machine;
  const counted = runs === 1 ? 'one run' : `medians of ${String(runs)} runs (least–most)`;
  return [
    `Measured on ${startedAt.slice(0, 10)}: ${counted}${quick ? ', shortened (`--quick`)' : ''}; ` +
      `${cpu}, ${String(cores)} cores, ${String(memoryGiB)} GiB, ${system}, Node ${node}; ` +
      `commit ${commit.slice(0, 12)}${dirty ? ' with changes' : ''}, llama.cpp ${llamaCommit.slice(0, 12)}.`,
    '',
    tableOf(report.comparisons),
    ...remarks(report).map((line) => `\n${line}`),
    '',
  ].join('\n');
}
