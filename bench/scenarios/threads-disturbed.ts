/** One stream while another process keeps a core busy. Nothing else is bound to a core. */
import { alternate, between, type Bench, type Measured, type Scenario } from '../bench.js';
import type { Comparison } from '../comparison.js';
import { decodeTrial, type DecodeTrial } from '../decode-trial.js';
import type { BenchModel } from '../models.js';
import { inferno } from '../peers/inferno.js';
import { llamaBench } from '../peers/llama-bench.js';
import { llamaServer } from '../peers/llama-server.js';
import { startBusyLoop } from '../processes.js';
import type { ServerKind } from '../server-kind.js';

const name = 'threads-disturbed';
const bars = { raw: 0.5, server: 20 };
/** A server that has collapsed would take minutes. */
const capMs = 20_000;

/** All choices are the server's own. */
const trial: DecodeTrial = { streams: 1, threads: 'default', pinned: false, capMs, defaultParallel: true };

async function disturbed(bench: Bench, kind: ServerKind, model: BenchModel): Promise<Measured> {
  const busy = await startBusyLoop(bench.children, bench.cores.client);
  try {
    return await decodeTrial(bench, kind, model, trial);
  } finally {
    await busy.stop();
  }
}

async function measure(bench: Bench, model: BenchModel): Promise<Comparison[]> {
  const { children, tools } = bench;
  const peer = llamaServer(tools);
  const idle = 'llama-bench, 1 thread, idle machine';
  const raw = { modelPath: model.path, tokens: model.tokens, rounds: model.rounds, threads: 1 };
  const results = await alternate(bench, `${name}, ${model.label}`, [
    { name: idle, run: async () => ({ value: await llamaBench(children, tools, raw) }) },
    { name: inferno.name, run: () => disturbed(bench, inferno, model) },
    { name: peer.name, run: () => disturbed(bench, peer, model) },
  ]);
  const row = {
    scenario: name,
    model: model.label,
    what: 'decode, 1 stream, one core busy',
    unit: 'tokens/s',
  } as const;
  return [
    { ...row, ...between(results, inferno.name, idle), bar: { kind: 'ratio at least', value: bars.raw } },
    { ...row, ...between(results, inferno.name, peer.name), bar: { kind: 'ratio at least', value: bars.server } },
  ];
}

export const threadsDisturbed: Scenario = { name, models: ['160m'], measure };
