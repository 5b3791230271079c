// Speed, latency, load, cancel and memory measurements, each a ratio against a peer in the same run; docs/performance.md explains them.
//   npm run bench -- --help
import { writeFileSync } from 'node:fs';
import { renderReport } from '../lib/bench/report/page.js';
import type { Bench, Scenario } from './bench.js';
import type { Comparison } from './comparison.js';
import { describeMachine } from './machine.js';
import { benchModel, type BenchModel, type ModelName } from './models.js';
import { parseOptions, usage, UsageError, type BenchOptions } from './options.js';
import { PeerTools } from './peers/tools.js';
import { ChildProcesses, requirePinning } from './processes.js';
import { markdownOf, tableOf, textOf, type Failure, type Report } from './report.js';
import { resultOf, writeResult } from './result-file.js';
import { cancelStorm } from './scenarios/cancel-storm.js';
import { cancel } from './scenarios/cancel.js';
import { goodput } from './scenarios/goodput.js';
import { hostileRequestsScenario } from './scenarios/hostile-requests.js';
import { interference } from './scenarios/interference.js';
import { levelsScenario } from './scenarios/levels.js';
import { longPrompt } from './scenarios/long-prompt.js';
import { manyPrefixes } from './scenarios/many-prefixes.js';
import { onnxCall } from './scenarios/onnx-call.js';
import { onnxMemory } from './scenarios/onnx-memory.js';
import { onnxEmbeddings } from './scenarios/onnx-embeddings.js';
import { onnxGeneration } from './scenarios/onnx-generation.js';
import { overloadShares } from './scenarios/overload-shares.js';
import { overloadVip } from './scenarios/overload-vip.js';
import { profilingCost } from './scenarios/profiling-cost.js';
import { sharedPrefix } from './scenarios/shared-prefix.js';
import { singleStream } from './scenarios/single-stream.js';
import { sixteenStreams } from './scenarios/sixteen-streams.js';
import { soakScenario } from './scenarios/soak.js';
import { speculation } from './scenarios/speculation.js';
import { thousandStreams } from './scenarios/thousand-streams.js';
import { threadsDisturbed } from './scenarios/threads-disturbed.js';
import { threadsIdle } from './scenarios/threads-idle.js';
import { websocket } from './scenarios/websocket.js';

const scenarios: readonly Scenario[] = [
  singleStream,
  sixteenStreams,
  profilingCost,
  levelsScenario,
  longPrompt,
  threadsDisturbed,
  threadsIdle,
  cancel,
  cancelStorm,
  interference,
  overloadVip,
  overloadShares,
  sharedPrefix,
  manyPrefixes,
  speculation,
  goodput,
  thousandStreams,
  websocket,
  hostileRequestsScenario,
  soakScenario,
  onnxCall,
  onnxMemory,
  onnxEmbeddings,
  onnxGeneration,
];
const scenarioNames = scenarios.map((scenario) => scenario.name);

function say(line: string): void {
  console.error(line);
}

function chosen(options: BenchOptions): Scenario[] {
  const picked = scenarios.filter(({ name }) => options.only?.includes(name) ?? true);
  return picked.map((scenario) => ({ ...scenario, models: options.models ?? scenario.models }));
}

/** All models are made before anything is measured. */
function modelsOf(picked: readonly Scenario[], options: BenchOptions): Map<ModelName, BenchModel> {
  const names = new Set(picked.flatMap((scenario) => scenario.models));
  const folder = { folder: options.modelsDir, quick: options.quick };
  return new Map([...names].map((name) => [name, benchModel(name, folder)]));
}

/** What fails is reported with the rest. */
async function measureAll(
  bench: Bench,
  picked: readonly Scenario[],
  models: ReadonlyMap<ModelName, BenchModel>,
): Promise<Pick<Report, 'comparisons' | 'failures'>> {
  const comparisons: Comparison[] = [];
  const failures: Failure[] = [];
  for (const scenario of picked) {
    for (const name of scenario.models) {
      const model = models.get(name);
      if (model === undefined) continue;
      try {
        const measured = await scenario.measure(bench, model);
        comparisons.push(...measured);
        say(tableOf(measured));
      } catch (error) {
        const message = error instanceof Error ? error.message : String(error);
        failures.push({ scenario: scenario.name, model: model.label, message });
        say(`${scenario.name}, ${model.label} failed: ${message}`);
      }
    }
  }
  return { comparisons, failures };
}

async function run(options: BenchOptions): Promise<Report> {
  requirePinning(Object.values(options.cores));
  const startedAt = new Date().toISOString();
  const picked = chosen(options);
  const models = modelsOf(picked, options);
  const tools = new PeerTools();
  const machine = describeMachine();
  await using children = new ChildProcesses();
  const { runs, quick, cores, soakMinutes, peers: npmPeers } = options;
  const bench = { children, tools, runs, quick, npmPeers, soakMinutes, cores, say };
  const measured = await measureAll(bench, picked, models);
  const durationMs = Date.now() - Date.parse(startedAt);
  return { startedAt, durationMs, runs, quick, machine, models: [...models.values()], ...measured };
}

async function main(): Promise<number> {
  const options = parseOptions(process.argv.slice(2), scenarioNames);
  if (options === undefined) {
    console.log(usage(scenarioNames));
    return 0;
  }
  const report = await run(options);
  const commandLine = ['npm run bench --', ...process.argv.slice(2)].join(' ');
  say(`JSON: ${writeResult(report, commandLine)}\n`);
  if (options.html !== undefined) writeFileSync(options.html, renderReport(resultOf(report, commandLine)));
  console.log(options.markdown ? markdownOf(report) : textOf(report));
  return report.failures.length === 0 ? 0 : 1;
}

main().then(
  (code) => {
    process.exitCode = code;
  },
  (error: unknown) => {
    if (error instanceof UsageError) console.error(`${error.message}\n\n${usage(scenarioNames)}`);
    else console.error(error);
    process.exitCode = error instanceof UsageError ? 2 : 1;
  },
);
