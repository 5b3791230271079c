import type { Command } from 'commander';
import type { OpenAiApi } from '../../bench/load/openai-stream.js';
import type { BenchResult } from '../../bench/bench-result.js';
import type { BenchTarget } from '../../bench/run/bench-target.js';
import type { BenchObserver, BenchStep } from '../../bench/run/run-bench.js';
import { addLoadShapeFlags, plansFrom, type LoadShapeFlags } from '../bench-flags.js';
import { checkWritable, readBenchResult, writeBenchFile } from '../bench-files.js';
import { addReportFlags, readBaseline, reportResult, type ReportFlags } from '../bench-report.js';
import { CliError, InterruptedError, UsageError } from '../cli-error.js';
import { ExitCode } from '../exit-codes.js';
import { addLoadFlags, loadOptionsFrom, placementFlags, type LoadFlags } from '../load-flags.js';
import { chooseModel, sayWhenEmber } from '../model-choice.js';
import { integerIn, nonEmpty } from '../option-parsers.js';
import { note } from '../output.js';
import { ProgressLine } from '../progress-line.js';
import { onStopSignal } from '../signals.js';

interface BenchFlags extends LoadShapeFlags, ReportFlags, LoadFlags {
  readonly model?: string;
  readonly url?: string;
  readonly api: OpenAiApi;
  readonly apiKey?: string;
  readonly pid?: number;
  readonly ignoreEos: boolean;
  readonly runs: number;
  readonly out?: string;
}

const afterHelp = `
Examples:
  inferno bench --model qwen.gguf --html report.html
  inferno bench --scenario concurrent,open --concurrency 16 --rate 10 --runs 5 --out before.json
  inferno bench --baseline before.json --fail-on-regression
  inferno bench --url http://127.0.0.1:8080 --scenario open --rate 50 --duration 60
  inferno bench report before.json --html before.html

Without --url the model computes in this process, without a server; it is loaded anew for each run. With it, a running
server is measured that has the streaming API of OpenAI: Inferno, llama-server, vLLM and others. Ctrl-C ends the
benchmark and reports the runs that were complete. docs/benchmarking.md explains every scenario and figure.`;

const reportHelp = `
Examples:
  inferno bench report result.json --html result.html
  inferno bench report after.json --baseline before.json --fail-on-regression`;

/** One line at a time: `concurrent 4, run 2 of 5`. */
class BenchProgress implements BenchObserver {
  #line: ProgressLine | undefined;
  #done = '';

  onStep({ scenario, run, runs }: BenchStep): void {
    this.end();
    const label = `${scenario.about.name}, run ${String(run)} of ${String(runs)}`;
    this.#done = label;
    this.#line = new ProgressLine(label);
  }

  onProgress({ scenario }: BenchStep, { elapsedMs, ended }: Parameters<BenchObserver['onProgress']>[1]): void {
    const { requests, durationMs } = scenario;
    this.#line?.update(durationMs === undefined ? ended / (requests ?? 1) : elapsedMs / durationMs);
  }

  end(): void {
    this.#line?.finish(this.#done);
    this.#line = undefined;
  }

  abandon(): void {
    this.#line?.abandon();
    this.#line = undefined;
  }
}

function checkUrl(url: string): string {
  const protocol = URL.canParse(url) ? new URL(url).protocol : '';
  if (protocol === 'http:' || protocol === 'https:') return url;
  throw new UsageError(`Expected a URL for --url but received "${url}".`, 'Such as http://127.0.0.1:8080.');
}

async function serverTargetFrom(flags: BenchFlags, url: string): Promise<BenchTarget> {
  const { serverTarget } = await import('../../bench/run/server-target.js');
  const { model, api, apiKey = process.env['INFERNO_BENCH_API_KEY'], pid, ignoreEos } = flags;
  return serverTarget({
    ...{ url: checkUrl(url), api, exactLength: ignoreEos },
    ...(model === undefined ? {} : { model }),
    ...(apiKey === undefined || apiKey === '' ? {} : { apiKey }),
    ...(pid === undefined ? {} : { pid }),
  });
}

async function targetFrom(flags: BenchFlags): Promise<BenchTarget> {
  if (flags.url !== undefined) return serverTargetFrom(flags, flags.url);
  const choice = await chooseModel(flags.model);
  sayWhenEmber(choice);
  const { inProcessTarget } = await import('../../bench/run/in-process-target.js');
  // As many at once as are sent at once; more would wait in the queue.
  const options = { parallel: Math.min(64, flags.concurrency), ...loadOptionsFrom(flags) };
  return inProcessTarget({ label: choice.id, source: choice.source, options });
}

async function measure(flags: BenchFlags, target: BenchTarget, abort: AbortController): Promise<BenchResult> {
  const { runBench } = await import('../../bench/run/run-bench.js');
  const { BenchTargetError } = await import('../../bench/run/server-target.js');
  const plans = plansFrom(flags);
  const observer = new BenchProgress();
  const commandLine = ['inferno', ...commandLineOf(process.argv.slice(2))].join(' ');
  try {
    const result = await runBench({ target, plans, runs: flags.runs, commandLine, signal: abort.signal, observer });
    observer.end();
    return result;
  } catch (error) {
    observer.abandon();
    if (!(error instanceof BenchTargetError)) throw error;
    const remedy = 'Check --url, --model, --api and --api-key; --no-ignore-eos is for servers that refuse ignore_eos.';
    throw new CliError('bench_target', error.message, remedy);
  }
}

/** The result goes to others: keys do not. */
function commandLineOf(args: readonly string[]): string[] {
  return args.map((arg, index) => {
    if (args[index - 1] === '--api-key') return '***';
    return arg.replace(/^(--api-key=).*$/u, '$1***');
  });
}

async function bench(flags: BenchFlags): Promise<void> {
  plansFrom(flags);
  const baseline = readBaseline(flags);
  if (flags.out !== undefined) checkWritable(flags.out);
  const target = await targetFrom(flags);
  const abort = new AbortController();
  let exitCode: number = ExitCode.ok;
  const release = onStopSignal((code) => {
    exitCode = code;
    note('Stopping; the runs that are complete are reported.');
    abort.abort(new InterruptedError(code));
  });
  try {
    const result = await measure(flags, target, abort);
    if (flags.out !== undefined) writeBenchFile(flags.out, `${JSON.stringify(result, undefined, 2)}\n`);
    await reportResult(result, flags, baseline);
    const failed = result.failures.reduce((sum, { count = 1 }) => sum + count, 0);
    if (exitCode !== ExitCode.ok) throw new InterruptedError(exitCode);
    if (result.measurements.length > 0 && failed === 0) return;
    throw new CliError('bench_failures', `${String(failed)} requests failed.`, 'The lines above say why.');
  } finally {
    release();
  }
}

async function report(file: string, flags: ReportFlags): Promise<void> {
  await reportResult(readBenchResult(file), flags, readBaseline(flags));
}

export function addBenchCommand(program: Command): void {
  const command = program
    .command('bench')
    .description('measure a model, or a running server, and compare with an earlier result')
    // As in program.ts, for `bench report`.
    .enablePositionalOptions()
    .option(
      '-m, --model <file|id>',
      'GGUF file or model id; default: ember. With --url: the name the server knows',
      nonEmpty,
    )
    .option('--url <url>', 'measure the server at this address instead', nonEmpty)
    .option('--api <chat|completions>', 'what is asked of the server', apiOf, 'chat')
    .option('--api-key <key>', 'for the server; better in the environment as INFERNO_BENCH_API_KEY', nonEmpty)
    .option(
      '--pid <n>',
      'process of the server, to watch its memory; default: what its /metrics says',
      integerIn(1, 2 ** 31),
    )
    .option('--no-ignore-eos', 'let answers end early; needed for servers that refuse ignore_eos')
    .option(
      '--runs <n>',
      'runs of each scenario; intervals and verdicts need 3 and get better with more',
      integerIn(1, 99),
      3,
    )
    .option('-o, --out <file>', 'write the result as JSON', nonEmpty);
  addReportFlags(addLoadShapeFlags(command));
  addLoadFlags(command, [
    ...(['ctxSize', 'parallel', 'threads', 'batchSize'] as const),
    ...placementFlags,
    ...(['cacheRam', 'speculation', 'draftModel', 'draftMax', 'replicas'] as const),
  ]);
  command.addHelpText('after', afterHelp).action(bench);
  const reporting = command
    .command('report')
    .description('table, page and comparison of a result that was written before')
    .argument('<file>', 'what --out wrote');
  addReportFlags(reporting).addHelpText('after', reportHelp).action(report);
}

function apiOf(value: string): OpenAiApi {
  if (value === 'chat' || value === 'completions') return value;
  throw new UsageError(
    `Expected chat or completions for --api but received "${value}".`,
    'See `inferno bench --help`.',
  );
}
