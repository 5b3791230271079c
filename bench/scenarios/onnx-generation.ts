/** Text from a decoder graph: Inferno's engine, and the usual loop around onnxruntime-node, 1 and 16 streams. */
import { dirname } from 'node:path';
import { alternate, between, type Bench, type Scenario } from '../bench.js';
import type { Comparison } from '../comparison.js';
import type { BenchModel } from '../models.js';
import { generationSides } from '../onnx/generation.js';
import { measureOnnx } from '../onnx/measure.js';

const name = 'onnx-generation';

async function measureStreams(bench: Bench, model: BenchModel, streams: number): Promise<Comparison> {
  const { tokens, rounds, batchRounds } = model;
  const what = `decode, ${String(streams)} stream${streams === 1 ? '' : 's'}`;
  const sides = generationSides.map((side) => ({
    name: side,
    run: async () => {
      const length = { streams, tokens, rounds: streams === 1 ? rounds : batchRounds };
      const work = { kind: 'generation', side, folder: dirname(model.path), ...length } as const;
      return { value: (await measureOnnx(bench.children, work)) as number };
    },
  }));
  const results = await alternate(bench, `${name}, ${what}`, sides);
  const [own, peer] = generationSides;
  return { scenario: name, model: model.label, what, unit: 'tokens/s', ...between(results, own, peer) };
}

async function measure(bench: Bench, model: BenchModel): Promise<Comparison[]> {
  return [await measureStreams(bench, model, 1), await measureStreams(bench, model, 16)];
}

export const onnxGeneration: Scenario = { name, models: ['ember'], measure };
