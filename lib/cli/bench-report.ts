/** What is made of a result once it is there: files, the comparison, the verdict. */
import type { Command } from 'commander';
import type { BenchResult } from '../bench/bench-result.js';
import { compareResults, countOf, defaultEffect } from '../bench/compare/compare-results.js';
import { checkWritable, readBenchResult, writeBenchFile } from './bench-files.js';
import { comparisonText, resultTable } from './bench-output.js';
import { CliError, UsageError } from './cli-error.js';
import { nonEmpty, numberIn } from './option-parsers.js';
import { note, print, printJson } from './output.js';

export interface ReportFlags {
  readonly html?: string;
  readonly baseline?: string;
  /** Percent. */
  readonly effect: number;
  readonly failOnRegression?: boolean;
  readonly json?: boolean;
}

export function addReportFlags(command: Command): Command {
  return command
    .option('--html <file>', 'write a page with charts and tables that needs nothing else', nonEmpty)
    .option('--baseline <file>', 'an earlier result to compare with', nonEmpty)
    .option('--effect <percent>', 'smaller changes are none', numberIn(0.1, 1000), defaultEffect * 100)
    .option('--fail-on-regression', 'exit with 1 when something became worse than --baseline')
    .option('--json', 'print the result as JSON instead of a table');
}

/** Finds out before anything is measured what would fail afterwards. */
export function readBaseline({ baseline, failOnRegression, html }: ReportFlags): BenchResult | undefined {
  if (failOnRegression === true && baseline === undefined) {
    throw new UsageError('--fail-on-regression needs a baseline.', 'Give one with --baseline FILE.');
  }
  if (html !== undefined) checkWritable(html);
  return baseline === undefined ? undefined : readBenchResult(baseline);
}

/** Throws CliError for a regression when that was asked for. */
export async function reportResult(result: BenchResult, flags: ReportFlags, baseline?: BenchResult): Promise<void> {
  const rules = { effect: flags.effect / 100 };
  if (flags.html !== undefined) {
    // Here, so that who wants no page does not load what draws it.
    const { renderReport } = await import('../bench/report/page.js');
    writeBenchFile(flags.html, renderReport(result, { rules, ...(baseline === undefined ? {} : { baseline }) }));
    note(`Page: ${flags.html}`);
  }
  if (flags.json === true) printJson(result);
  else print(resultTable(result));
  for (const line of result.notes) note(`Note: ${line}`);
  for (const { scenario, message, count = 1 } of result.failures) {
    note(`Failed in ${scenario}, ${String(count)} times: ${message}`);
  }
  if (baseline === undefined) return;
  const comparison = compareResults(baseline, result, rules);
  if (flags.json === true) note(comparisonText(comparison));
  else print(`\n${comparisonText(comparison)}`);
  const worse = countOf(comparison, 'regression');
  if (flags.failOnRegression !== true || worse === 0) return;
  const message = `${String(worse)} of ${String(comparison.lines.length)} measurements became worse.`;
  throw new CliError('regression', message, 'The lines with the verdict regression say which.');
}
