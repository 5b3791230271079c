/** More long beginnings than the sequences and the memory for them hold: is what was computed found again? */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { alternateMany, between, type Bench, type MeasuredMany, type Scenario } from '../bench.js';
import type { Comparison } from '../comparison.js';
import type { BenchModel } from '../models.js';
import { infernoWith } from '../peers/inferno.js';
import { llamaServer } from '../peers/llama-server.js';
import { promptsWithManyPrefixes } from '../prefix-prompts.js';
import { prefixMetrics, prefixTrial, type PrefixMetric, type PrefixTrial } from '../prefix-trial.js';

const name = 'many-prefixes';
/** No slower. */
const bar = { kind: 'ratio at most', value: 1 } as const;
const cacheMiB = 256;
const prefixTokens = 900;
const seed = 4;
const sizes = { full: { prefixes: 32, rounds: 4 }, quick: { prefixes: 12, rounds: 2 } };
const memoryFlags = ['--cache-ram', String(cacheMiB)];
const sides = { disk: `${String(cacheMiB)} MiB and disk`, memory: `${String(cacheMiB)} MiB, no disk` } as const;

/** Each run begins with an empty folder. */
async function withDisk(bench: Bench, model: BenchModel, trial: PrefixTrial): Promise<MeasuredMany<PrefixMetric>> {
  const folder = mkdtempSync(join(tmpdir(), 'inferno-bench-'));
  try {
    const kind = infernoWith(sides.disk, [...memoryFlags, '--cache-disk', folder]);
    return await prefixTrial(bench, kind, model, trial);
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

async function measure(bench: Bench, model: BenchModel): Promise<Comparison[]> {
  const peer = llamaServer(bench.tools);
  const { prefixes, rounds } = bench.quick ? sizes.quick : sizes.full;
  const prompts = promptsWithManyPrefixes({ prefixes, rounds, prefixTokens, seed });
  const trial: PrefixTrial = { prompts, tokens: 16, parallel: 8, contextSize: 1024 };
  const title = `${name}, ${model.label}`;
  const resultsOf = await alternateMany(bench, title, prefixMetrics, [
    { name: sides.disk, run: () => withDisk(bench, model, trial) },
    { name: peer.name, run: () => prefixTrial(bench, peer, model, trial) },
  ]);
  // Has no bar, and takes long: once is enough.
  const memoryOnly = infernoWith(sides.memory, memoryFlags);
  const extraOf = await alternateMany({ ...bench, runs: 1 }, title, prefixMetrics, [
    { name: sides.memory, run: () => prefixTrial(bench, memoryOnly, model, trial) },
  ]);
  const what = `${String(rounds)} rounds of ${String(prefixes)} prefixes of ${String(prefixTokens)} tokens, ${String(trial.parallel)} at once`;
  const row = { scenario: name, model: model.label };
  const rows = (side: string): [Comparison, Comparison] => {
    const results = (metric: PrefixMetric) => between([...resultsOf(metric), ...extraOf(metric)], side, peer.name);
    return [
      { ...row, what: `${what}, ${side}: total time`, unit: 's', ...results('total s') },
      { ...row, what: `${what}, ${side}: tokens prefilled`, unit: 'of the unique', ...results('prefilled') },
    ];
  };
  const [total, prefilled] = rows(sides.disk);
  return [{ ...total, bar }, prefilled, ...rows(sides.memory)];
}

export const manyPrefixes: Scenario = { name, models: ['160m'], measure };
