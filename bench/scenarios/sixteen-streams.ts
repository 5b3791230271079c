/** Sixteen streams at once over HTTP against the raw library's batch of sixteen, and against llama-server. */
import { alternate, between, type Bench, type Scenario } from '../bench.js';
import type { Comparison } from '../comparison.js';
import { contextSize, decodeTrial, type DecodeTrial } from '../decode-trial.js';
import { libraryRows, librarySides } from '../library-sides.js';
import type { BenchModel } from '../models.js';
import { inferno } from '../peers/inferno.js';
import { llamaBatchedBench } from '../peers/llama-batched-bench.js';
import { llamaServer } from '../peers/llama-server.js';

const name = '16-streams';
const streams = 16;
const bars = { raw: 0.95, rawTiny: 0.8, server: 1, serverTiny: 1.4 };

async function measure(bench: Bench, model: BenchModel): Promise<Comparison[]> {
  const { children, tools, cores } = bench;
  const peer = llamaServer(tools);
  const own: DecodeTrial = { streams, threads: 'default', pinned: true };
  const raw = {
    modelPath: model.path,
    tokens: model.tokens,
    rounds: model.batchRounds,
    threads: 1,
    streams,
    contextSize,
    core: cores.server,
  };
  const results = await alternate(bench, `${name}, ${model.label}`, [
    { name: inferno.name, run: () => decodeTrial(bench, inferno, model, own) },
    { name: 'llama-batched-bench', run: async () => ({ value: await llamaBatchedBench(children, tools, raw) }) },
    { name: peer.name, run: () => decodeTrial(bench, peer, model, { ...own, threads: 1 }) },
    ...librarySides(bench, model, streams),
  ]);
  const row = {
    scenario: name,
    model: model.label,
    what: 'decode, 16 streams',
    unit: 'tokens/s',
  } as const;
  return [
    {
      ...row,
      ...between(results, inferno.name, 'llama-batched-bench'),
      bar: { kind: 'ratio at least', value: model.tiny ? bars.rawTiny : bars.raw },
    },
    {
      ...row,
      ...between(results, inferno.name, peer.name),
      bar: model.tiny
        ? { kind: 'ratio at least', value: bars.serverTiny }
        : { kind: 'ratio above', value: bars.server },
    },
    ...libraryRows(bench, row, results),
  ];
}

export const sixteenStreams: Scenario = { name, models: ['160m', 'tinyllama-1.1b', 'stories260K', 'nano'], measure };
