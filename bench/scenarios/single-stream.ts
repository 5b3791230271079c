/** One stream over HTTP against the raw library's token generation. */
import { alternate, between, type Bench, type Scenario } from '../bench.js';
import type { Comparison } from '../comparison.js';
import { decodeTrial, type DecodeTrial } from '../decode-trial.js';
import { libraryRows, librarySides } from '../library-sides.js';
import type { BenchModel } from '../models.js';
import { inferno } from '../peers/inferno.js';
import { llamaBench } from '../peers/llama-bench.js';
import { llamaServer } from '../peers/llama-server.js';

const name = 'single-stream';
const bars = { raw: 0.97, rawTiny: 0.75 };

async function measure(bench: Bench, model: BenchModel): Promise<Comparison[]> {
  const { children, tools, cores } = bench;
  const peer = llamaServer(tools);
  // Bound to one core, Inferno chooses one thread by itself; the others have to be told.
  const own: DecodeTrial = { streams: 1, threads: 'default', pinned: true };
  const raw = { modelPath: model.path, tokens: model.tokens, rounds: model.rounds, threads: 1, core: cores.server };
  const results = await alternate(bench, `${name}, ${model.label}`, [
    { name: inferno.name, run: () => decodeTrial(bench, inferno, model, own) },
    { name: 'llama-bench', run: async () => ({ value: await llamaBench(children, tools, raw) }) },
    { name: peer.name, run: () => decodeTrial(bench, peer, model, { ...own, threads: 1 }) },
    ...librarySides(bench, model, 1),
  ]);
  const row = {
    scenario: name,
    model: model.label,
    what: 'decode, 1 stream',
    unit: 'tokens/s',
  } as const;
  return [
    {
      ...row,
      ...between(results, inferno.name, 'llama-bench'),
      bar: { kind: 'ratio at least', value: model.tiny ? bars.rawTiny : bars.raw },
    },
    { ...row, ...between(results, inferno.name, peer.name) },
    ...libraryRows(bench, row, results),
  ];
}

export const singleStream: Scenario = { name, models: ['160m', 'tinyllama-1.1b', 'stories260K', 'nano'], measure };
