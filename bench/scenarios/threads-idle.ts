/** The adaptive number of threads against the best fixed one. Nothing is bound to a core. */
import { availableParallelism } from 'node:os';
import { alternate, between, sideNamed, type Bench, type Scenario } from '../bench.js';
import { fastest, type Comparison } from '../comparison.js';
import { decodeTrial } from '../decode-trial.js';
import type { BenchModel } from '../models.js';
import { inferno } from '../peers/inferno.js';

const name = 'threads-idle';
const bar = { kind: 'ratio at least', value: 0.97 } as const;

/** 1, 2, 4, … and all. */
function fixedCounts(cores: number): number[] {
  const counts = [];
  for (let count = 1; count < cores; count *= 2) counts.push(count);
  return [...counts, cores];
}

async function compare(bench: Bench, model: BenchModel, streams: number): Promise<Comparison> {
  const what = streams === 1 ? '1 stream' : `${String(streams)} streams`;
  const fixed = fixedCounts(availableParallelism()).map((threads) => ({
    name: `--threads ${String(threads)}`,
    threads,
  }));
  const sides = [{ name: 'adaptive', threads: 'default' as const }, ...fixed].map((side) => ({
    name: side.name,
    run: () => decodeTrial(bench, inferno, model, { streams, threads: side.threads, pinned: false }),
  }));
  const results = await alternate(bench, `${name}, ${model.label}, ${what}`, sides);
  const best = fastest(fixed.map((side) => sideNamed(results, side.name)));
  return {
    scenario: name,
    model: model.label,
    what: `decode, ${what}, adaptive threads`,
    unit: 'tokens/s',
    ...between(results, 'adaptive', best.name),
    bar,
  };
}

async function measure(bench: Bench, model: BenchModel): Promise<Comparison[]> {
  return [await compare(bench, model, 1), await compare(bench, model, 16)];
}

export const threadsIdle: Scenario = { name, models: ['nano', '160m', 'tinyllama-1.1b'], measure };
