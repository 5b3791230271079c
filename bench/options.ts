/** The command line of the benchmark. */
import { parseArgs } from 'node:util';
import { isModelName, modelNames, type ModelName } from './models.js';

export interface BenchOptions {
  readonly runs: number;
  readonly quick: boolean;
  /** Measure packages from npm too. */
  readonly peers: boolean;
  readonly soakMinutes: number;
  readonly markdown: boolean;
  /** Where to write a page, if anywhere. */
  readonly html: string | undefined;
  /** Undefined: what each scenario measures by itself. */
  readonly models: readonly ModelName[] | undefined;
  /** Undefined: all. */
  readonly only: readonly string[] | undefined;
  readonly modelsDir: string | undefined;
  readonly cores: { readonly server: number; readonly client: number };
}

export class UsageError extends Error {
  override readonly name = 'UsageError';
}

export function usage(scenarios: readonly string[]): string {
  return `npm run bench -- [options]

  --only NAME,…      these scenarios: ${scenarios.join(', ')}
  --models NAME,…    these models: ${modelNames.join(', ')}; default: what each scenario needs
  --runs N           runs of each side, 1 to 99; default 5
  --peers            also measure node-llama-cpp, @fugood/llama.node and Inferno's own Node API, each inside a process
                     (single-stream and 16-streams); the packages are fetched with npm into .cache/peers-npm
  --soak-minutes N   how long soak lasts, 1 to 1440; default 10
  --quick            one run of short answers: shows that everything works, not how fast it is
  --markdown         results as a piece of Markdown for docs/performance.md
  --html FILE        results as a page with charts, too
  --models-dir DIR   where the synthetic models are, or are written; default .cache/models (INFERNO_BENCH_MODELS_DIR)
  --cores A,B        the cores of server and client; default 0,1
  --help

INFERNO_PEERS_DIR names a folder with ready llama-bench, llama-batched-bench and llama-server; otherwise they are built.
Exit code 0: all was measured, whether bars are met or not; 1: something could not be measured; 2: wrong command line.`;
}

function integer(text: string, flag: string, least: number, most: number): number {
  const value = /^\d+$/u.test(text) ? Number(text) : NaN;
  if (value >= least && value <= most) return value;
  throw new UsageError(`Expected a whole number from ${String(least)} to ${String(most)} for ${flag}: ${text}`);
}

function listOf(text: string | undefined): string[] | undefined {
  return text?.split(',').map((name) => name.trim());
}

function modelList(text: string | undefined): ModelName[] | undefined {
  return listOf(text)?.map((name) => {
    if (isModelName(name)) return name;
    throw new UsageError(`There is no model "${name}". Known: ${modelNames.join(', ')}.`);
  });
}

function scenarioList(text: string | undefined, known: readonly string[]): string[] | undefined {
  const names = listOf(text);
  const unknown = names?.find((name) => !known.includes(name));
  if (unknown === undefined) return names;
  throw new UsageError(`There is no scenario "${unknown}". Known: ${known.join(', ')}.`);
}

function coreList(text: string): BenchOptions['cores'] {
  const [server = '', client = '', ...rest] = text.split(',');
  const cores = { server: integer(server, '--cores', 0, 4095), client: integer(client, '--cores', 0, 4095) };
  if (rest.length === 0 && cores.server !== cores.client) return cores;
  throw new UsageError(`Expected two different cores for --cores, such as 0,1: ${text}`);
}

/** Undefined when help was asked for. */
export function parseOptions(args: readonly string[], scenarios: readonly string[]): BenchOptions | undefined {
  const options = {
    only: { type: 'string' },
    models: { type: 'string' },
    runs: { type: 'string' },
    quick: { type: 'boolean', default: false },
    peers: { type: 'boolean', default: false },
    'soak-minutes': { type: 'string', default: '10' },
    markdown: { type: 'boolean', default: false },
    html: { type: 'string' },
    'models-dir': { type: 'string' },
    cores: { type: 'string', default: '0,1' },
    help: { type: 'boolean', default: false },
  } as const;
  let values;
  try {
    ({ values } = parseArgs({ args: [...args], options }));
  } catch (error) {
    throw new UsageError(error instanceof Error ? error.message : String(error));
  }
  if (values.help) return undefined;
  return {
    runs: integer(values.runs ?? (values.quick ? '1' : '5'), '--runs', 1, 99),
    quick: values.quick,
    peers: values.peers,
    soakMinutes: integer(values['soak-minutes'], '--soak-minutes', 1, 1440),
    markdown: values.markdown,
    html: values.html,
    models: modelList(values.models),
    only: scenarioList(values.only, scenarios),
    modelsDir: values['models-dir'] ?? process.env['INFERNO_BENCH_MODELS_DIR'],
    cores: coreList(values.cores),
  };
}
