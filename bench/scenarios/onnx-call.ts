/** What a call costs: a graph with nearly no work, through Inferno and through onnxruntime-node. */
import { alternate, between, type Bench, type Scenario } from '../bench.js';
import type { Comparison } from '../comparison.js';
import type { BenchModel } from '../models.js';
import { callSides } from '../onnx/calls.js';
import { measureOnnx } from '../onnx/measure.js';

const name = 'onnx-call';
const mostRatio = 0.5;

async function measure(bench: Bench, model: BenchModel): Promise<Comparison[]> {
  const calls = bench.quick ? 10_000 : 200_000;
  const sides = callSides.map((side) => ({
    name: side,
    run: async () => ({
      value: (await measureOnnx(bench.children, { kind: 'call-time', side, path: model.path, calls })) as number,
    }),
  }));
  const results = await alternate(bench, name, sides);
  const [run, runSync, peer] = callSides;
  return [run, runSync].map((side) => ({
    ...{ scenario: name, model: model.label, what: side.replace('inferno ', 'one '), unit: 'µs' as const },
    ...between(results, side, peer),
    bar: { kind: 'ratio at most', value: mostRatio },
  }));
}

export const onnxCall: Scenario = { name, models: ['add'], measure };
