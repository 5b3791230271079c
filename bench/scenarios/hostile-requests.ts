/** How long a server takes to refuse what is made to hurt: 4xx on a kept connection, from the last byte that it needs. */
import { fileURLToPath } from 'node:url';
import { median } from '../../lib/bench/measure/stats.js';
import type { Bench, Scenario } from '../bench.js';
import type { Comparison } from '../comparison.js';
import { hostileMessages, hostileRequests } from '../hostile/bodies.js';
import { KeptConnection } from '../hostile/kept-connection.js';
import { refusalOf } from '../hostile/timed-message.js';
import type { BenchModel } from '../models.js';
import { infernoWith } from '../peers/inferno.js';
import { InvalidRun } from '../whole-answer.js';

const name = 'hostile-requests';
const refusalBar = { kind: 'at most', value: 50 } as const;
/** Of each request on one server; their median is the value of the run. */
const rounds = 5;
const template = fileURLToPath(new URL('../../test/support/tool-template.jinja', import.meta.url));
const server = infernoWith('inferno', ['--jinja', '--chat-template-file', template]);

/** What it is, and how long its refusal took. */
type Times = Map<string, number>;

async function medianOf(count: number, refusal: () => Promise<number>): Promise<number> {
  const times: number[] = [];
  for (let round = 0; round < count; round++) times.push(await refusal());
  return median(times);
}

async function measureRequests(port: number, count: number): Promise<Times> {
  const connection = new KeptConnection(port);
  const times: Times = new Map();
  try {
    for (const { what, path, body, status } of hostileRequests) {
      const refusal = async (): Promise<number> => {
        const answer = await connection.post(path, body);
        if (answer.status !== status) throw new InvalidRun(`${what}: the status is ${String(answer.status)}.`);
        return answer.ms;
      };
      times.set(what, await medianOf(count, refusal));
    }
  } finally {
    connection.close();
  }
  return times;
}

async function measureMessages(port: number, count: number): Promise<Times> {
  const times: Times = new Map();
  for (const { what, message, code } of hostileMessages) {
    const refusal = async (): Promise<number> => {
      const found = await refusalOf(port, message);
      if (found.code !== code) throw new InvalidRun(`${what}: the error is ${String(found.code)}.`);
      return found.ms;
    };
    times.set(what, await medianOf(count, refusal));
  }
  return times;
}

async function runOnce({ children, cores, quick }: Bench, model: BenchModel): Promise<Times> {
  const setup = { modelPath: model.path, parallel: 2, contextSize: 2048, threads: 1, core: cores.server } as const;
  const running = await server.start(children, setup);
  const count = quick ? 1 : rounds;
  try {
    const [requests, messages] = [
      await measureRequests(running.port, count),
      await measureMessages(running.port, count),
    ];
    return new Map([...requests, ...messages]);
  } finally {
    await running.stop();
  }
}

async function measure(bench: Bench, model: BenchModel): Promise<Comparison[]> {
  const all = new Map<string, number[]>([...hostileRequests, ...hostileMessages].map(({ what }) => [what, []]));
  for (let run = 1; run <= bench.runs; run++) {
    for (const [what, ms] of await runOnce(bench, model)) all.get(what)?.push(ms);
    const slowest = Math.max(...[...all.values()].map((values) => values.at(-1) ?? 0));
    bench.say(`${name}, run ${String(run)}/${String(bench.runs)}: slowest ${slowest.toFixed(1)} ms`);
  }
  return [...all].map(([what, values]) => ({
    scenario: name,
    model: model.label,
    what,
    unit: 'ms',
    subject: { name: 'inferno', values },
    bar: refusalBar,
  }));
}

export const hostileRequestsScenario: Scenario = { name, models: ['nano'], measure };
