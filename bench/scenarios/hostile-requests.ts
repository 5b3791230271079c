/** How long a server takes to refuse what is made to hurt: 4xx on a kept connection, from the last byte that it needs. */
import { fileURLToPath } from 'node:url';
import { median } from '../../lib/bench/measure/stats.js';
import type { Bench, Scenario } from '../bench.js';
import type { Comparison } from '../comparison.js';
import { hostileRequests } from '../hostile/bodies.js';
import { KeptConnection } from '../hostile/kept-connection.js';
import type { BenchModel } from '../models.js';
import { infernoWith } from '../peers/inferno.js';
import { InvalidRun } from '../whole-answer.js';

const name = 'hostile-requests';
const refusalBar = { kind: 'at most', value: 50 } as const;
/** Of each request on one server; their median is the value of the run. */
const rounds = 5;
const template = fileURLToPath(new URL('../../test/support/tool-template.jinja', import.meta.url));
const server = infernoWith('inferno', ['--jinja', '--chat-template-file', template]);

async function runOnce({ children, cores, quick }: Bench, model: BenchModel): Promise<Map<string, number>> {
  const setup = { modelPath: model.path, parallel: 2, contextSize: 2048, threads: 1, core: cores.server } as const;
  const running = await server.start(children, setup);
  const connection = new KeptConnection(running.port);
  try {
    const values = new Map<string, number>();
    for (const { what, path, body, status } of hostileRequests) {
      const times: number[] = [];
      for (let round = 0; round < (quick ? 1 : rounds); round++) {
        const answer = await connection.post(path, body);
        if (answer.status !== status) throw new InvalidRun(`${what}: the status is ${String(answer.status)}.`);
        times.push(answer.ms);
      }
      values.set(what, median(times));
    }
    return values;
  } finally {
    connection.close();
    await running.stop();
  }
}

async function measure(bench: Bench, model: BenchModel): Promise<Comparison[]> {
  const all = new Map<string, number[]>(hostileRequests.map(({ what }) => [what, []]));
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
