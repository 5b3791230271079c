/**
 * Proves on this machine what lib/bench/measure/verdict.ts promises: two equal servers are not told apart in a series of
 * tries, and one that was slowed down by 10 % is found in every one.
 *   npm run bench:verdict -- --help
 */
import { parseArgs } from 'node:util';
import { compareInterleaved, type InterleavedResult } from '../lib/bench/measure/interleave.js';
import { LoadClient } from './client.js';
import { generateWhole } from './generated-load.js';
import { benchModel } from './models.js';
import { inferno } from './peers/inferno.js';
import { PlantedSlowdown } from './planted-slowdown.js';
import { ChildProcesses, requirePinning } from './processes.js';
import { randomRequests } from './random-requests.js';
import type { RunningServer } from './server-kind.js';

const cores = { server: 0, client: 1 } as const;
const streams = 4;
const contextSize = 512;
const words = { least: 4, most: 16 };

const usage = `npm run bench:verdict -- [options]

  --tries N      tries of two equal servers; default 20
  --planted N    tries against a server slowed down by --slowdown; default 5
  --slowdown S   default 0.1: the same work takes 10 % longer
  --seed N       of the orders within pairs; default 1
  --tokens N     of each answer, which makes runs longer; default 192

Exit code 0: no false alarm, and every planted slowdown was found; 1: otherwise.`;

interface Options {
  readonly tries: number;
  readonly planted: number;
  readonly slowdown: number;
  readonly tokens: number;
  readonly seed: number;
}

function optionsOf(args: readonly string[]): Options | undefined {
  const text = { type: 'string' } as const;
  const { values } = parseArgs({
    args: [...args],
    options: {
      tries: text,
      planted: text,
      slowdown: text,
      tokens: text,
      seed: text,
      help: { type: 'boolean', default: false },
    },
  });
  if (values.help) return undefined;
  const { tries = '20', planted = '5', slowdown = '0.1', tokens = '192', seed = '1' } = values;
  const options = {
    tries: Number(tries),
    planted: Number(planted),
    slowdown: Number(slowdown),
    tokens: Number(tokens),
    seed: Number(seed),
  };
  if (Object.values(options).some((value) => !(value >= 0))) throw new TypeError(`Expected numbers.\n\n${usage}`);
  return options;
}

/** Two servers of the same build, started anew for every try, and one client for both. */
class Try {
  readonly #client: LoadClient;
  readonly #tokens: number;
  readonly a: RunningServer;
  readonly b: RunningServer;
  #runs = 0;

  constructor(client: LoadClient, tokens: number, a: RunningServer, b: RunningServer) {
    this.#client = client;
    this.#tokens = tokens;
    this.a = a;
    this.b = b;
  }

  static async start(children: ChildProcesses, client: LoadClient, modelPath: string, tokens: number): Promise<Try> {
    const setup = { modelPath, parallel: streams, contextSize, threads: 1, core: cores.server };
    const a = await inferno.start(children, setup);
    const started = new Try(client, tokens, a, await inferno.start(children, setup));
    // What is made on first use belongs to no run.
    for (const server of [started.a, started.b, started.a, started.b]) await started.run(server);
    return started;
  }

  /** Tokens per second of one run; the server that is not measured is idle. */
  async run(server: RunningServer, slowdown = 0): Promise<number> {
    const tokens = { least: this.#tokens, most: this.#tokens };
    const requests = randomRequests(streams, words, tokens, ++this.#runs);
    const planted = slowdown > 0 ? new PlantedSlowdown(server.pid, slowdown) : undefined;
    try {
      const load = { arrivals: { kind: 'closed', concurrency: streams }, requests, count: streams } as const;
      return (await generateWhole({ server, client: this.#client }, load)).tokensPerSecond;
    } finally {
      await planted?.end();
    }
  }

  async stop(): Promise<void> {
    await Promise.all([this.a.stop(), this.b.stop()]);
  }
}

function textOf({ verdict, change, low, high, pairs, certain }: InterleavedResult): string {
  const percent = (share: number): string => `${(share * 100).toFixed(1)} %`;
  const range = `${percent(change)} (${percent(low)} to ${percent(high)})`;
  return `${verdict}, ${range} after ${String(pairs)} pairs${certain ? '' : ', not certain'}`;
}

async function series(
  count: number,
  what: string,
  start: () => Promise<Try>,
  { slowdown, seed }: Pick<Options, 'slowdown' | 'seed'>,
): Promise<InterleavedResult[]> {
  const results: InterleavedResult[] = [];
  for (let number = 1; number <= count; number++) {
    const one = await start();
    try {
      const [a, b] = [() => one.run(one.a), () => one.run(one.b, slowdown)];
      const result = await compareInterleaved({ better: 'higher', seed: seed + number, a, b });
      console.log(`${what}, try ${String(number)}/${String(count)}: ${textOf(result)}`);
      results.push(result);
    } finally {
      await one.stop();
    }
  }
  return results;
}

async function main(): Promise<number> {
  const options = optionsOf(process.argv.slice(2));
  if (options === undefined) {
    console.log(usage);
    return 0;
  }
  requirePinning(Object.values(cores));
  const model = benchModel('nano', { folder: process.env['INFERNO_BENCH_MODELS_DIR'], quick: false });
  await using children = new ChildProcesses();
  const client = await LoadClient.start(children, cores.client);
  const start = (): Promise<Try> => Try.start(children, client, model.path, options.tokens);
  const equal = await series(options.tries, 'equal servers', start, { ...options, slowdown: 0 });
  const slowed = await series(options.planted, `slowed down by ${String(options.slowdown)}`, start, options);
  const alarms = equal.filter(({ verdict }) => verdict !== 'no change').length;
  const found = slowed.filter(({ verdict }) => verdict === 'regression').length;
  console.log(
    `False alarms: ${String(alarms)} of ${String(equal.length)}. Found: ${String(found)} of ${String(slowed.length)}.`,
  );
  return alarms === 0 && found === slowed.length ? 0 : 1;
}

main().then(
  (code) => {
    process.exitCode = code;
  },
  (error: unknown) => {
    console.error(error);
    process.exitCode = 1;
  },
);
