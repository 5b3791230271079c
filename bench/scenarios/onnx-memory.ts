/** Whether calls keep memory: what the process has after a million of them, and had after the first tenth. */
import type { Bench, Scenario } from '../bench.js';
import type { Comparison } from '../comparison.js';
import type { BenchModel } from '../models.js';
import { callSides, type MemoryOverCalls } from '../onnx/calls.js';
import { measureOnnx } from '../onnx/measure.js';

const name = 'onnx-memory';
const mebibyte = 2 ** 20;
/** What heaps move by themselves. A leak of ten bytes a call would be 9 MiB. */
const tolerated = 4;

async function measure(bench: Bench, model: BenchModel): Promise<Comparison[]> {
  const calls = bench.quick ? 100_000 : 1_000_000;
  const comparisons: Comparison[] = [];
  for (const side of callSides.slice(0, 2)) {
    const work = { kind: 'call-memory', side, path: model.path, calls } as const;
    const { bytes } = (await measureOnnx(bench.children, work)) as MemoryOverCalls;
    const [first = NaN] = bytes;
    comparisons.push({
      ...{ scenario: name, model: model.label, unit: 'MiB', metric: 'rss growth' },
      what: `${side.replace('inferno ', '')}: growth from call ${String(calls / 10)} to ${String(calls)}`,
      subject: { name: 'inferno', values: [((bytes.at(-1) ?? NaN) - first) / mebibyte] },
      bar: { kind: 'at most', value: tolerated },
    });
  }
  return comparisons;
}

export const onnxMemory: Scenario = { name, models: ['add'], measure };
