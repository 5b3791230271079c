/**
 * What measuring costs: Inferno with and without profiling, sixteen streams over HTTP. The bar is a tenth of what two equal
 * processes differ by, because of where their memory lies. So both servers of a pair live at once on one core and answer
 * in turns, short rounds each, and there are many pairs of fresh processes, each started in another order.
 */
import { between, type Bench, type Scenario, type SideResult } from '../bench.js';
import { LoadClient } from '../client.js';
import type { Comparison } from '../comparison.js';
import { contextSize, decodeRequests } from '../decode-trial.js';
import { decodeWork, tokensPerSecond } from '../decode-rate.js';
import type { BenchModel } from '../models.js';
import { inferno, infernoWith } from '../peers/inferno.js';
import type { RunningServer, ServerKind } from '../server-kind.js';
import { hangMs } from '../server-trial.js';

const name = 'profiling-cost';
const streams = 16;
const pairsPerRun = 6;
const roundsPerPair = 8;
const warmUpRounds = 3;
const without = infernoWith('without profiling', ['--no-profiling']);
const sides = [inferno, without] as const;
/** Costs under 0.5 %. */
const leastRatio = 0.995;

async function round(client: LoadClient, { port }: RunningServer, model: BenchModel): Promise<number> {
  const requests = decodeRequests(streams, model.tokens);
  const result = await client.streams({ port, requests, capMs: hangMs });
  return tokensPerSecond([decodeWork(result.streams, model.tokens)]);
}

/** Tokens per second of both kinds, in the order of `sides`. */
async function pair(bench: Bench, model: BenchModel, order: readonly ServerKind[]): Promise<number[]> {
  const { children, cores, quick } = bench;
  const servers = new Map<ServerKind, RunningServer>();
  const client = await LoadClient.start(children, cores.client);
  try {
    const setup = { modelPath: model.path, parallel: streams, contextSize, threads: 1, core: cores.server };
    for (const kind of order) servers.set(kind, await kind.start(children, setup));
    const rates = new Map<ServerKind, number[]>(sides.map((kind) => [kind, []]));
    for (let count = -warmUpRounds; count < (quick ? 1 : roundsPerPair); count++) {
      for (const [kind, server] of servers) {
        const rate = await round(client, server, model);
        if (count >= 0) rates.get(kind)?.push(rate);
      }
    }
    // The same number of tokens each: the harmonic mean is all tokens over all time.
    return sides.map((kind) => {
      const all = rates.get(kind) ?? [];
      return all.length / all.reduce((sum, rate) => sum + 1 / rate, 0);
    });
  } finally {
    for (const server of servers.values()) await server.stop();
    await client.stop();
  }
}

async function measure(bench: Bench, model: BenchModel): Promise<Comparison[]> {
  const results: (SideResult & { values: number[] })[] = sides.map((kind) => ({
    ...{ name: kind.name, values: [], cutOff: false, clientLoad: 0 },
  }));
  const pairs = bench.quick ? 2 : bench.runs * pairsPerRun;
  for (let count = 0; count < pairs; count++) {
    const rates = await pair(bench, model, count % 2 === 0 ? sides : [...sides].reverse());
    rates.forEach((rate, side) => results[side]?.values.push(rate));
    const said = rates.map((rate) => rate.toPrecision(5)).join(' and ');
    bench.say(`${name}, ${model.label}, pair ${String(count + 1)}/${String(pairs)}: ${said}`);
  }
  return [
    {
      ...{ scenario: name, model: model.label, what: 'decode, 16 streams', unit: 'tokens/s' },
      ...between(results, inferno.name, without.name),
      bar: { kind: 'ratio at least', value: leastRatio },
    },
  ];
}

export const profilingCost: Scenario = { name, models: ['nano'], measure };
