/** 32 embedding requests at the same moment: Inferno's batcher, and onnxruntime-node one by one and all at once. */
import { dirname } from 'node:path';
import { alternate, between, type Bench, type Scenario } from '../bench.js';
import type { Comparison } from '../comparison.js';
import type { BenchModel } from '../models.js';
import { embeddingSides, type EmbeddingRate } from '../onnx/embeddings.js';
import { measureOnnx } from '../onnx/measure.js';

const name = 'onnx-embeddings';
const concurrent = 32;
const tolerance = 1e-3;

/** Speeds of sides that do not give the same are not compared. */
function checkAgreement(vectors: readonly (readonly number[])[]): void {
  const [first = []] = vectors;
  for (const vector of vectors) {
    const differs =
      vector.length !== first.length || vector.some((value, at) => Math.abs(value - (first[at] ?? NaN)) > tolerance);
    if (differs) throw new Error('The sides give different vectors.');
  }
}

async function measure(bench: Bench, model: BenchModel): Promise<Comparison[]> {
  const vectors: (readonly number[])[] = [];
  const sides = embeddingSides.map((side) => ({
    name: side,
    run: async () => {
      const work = { kind: 'embeddings', side, folder: dirname(model.path), concurrent, rounds: model.rounds } as const;
      const { perSecond, first } = (await measureOnnx(bench.children, work)) as EmbeddingRate;
      vectors.push(first);
      return { value: perSecond };
    },
  }));
  const results = await alternate(bench, `${name}, ${model.label}`, sides);
  checkAgreement(vectors);
  const row = { scenario: name, model: model.label, what: '32 embeddings at once', unit: 'requests/s' } as const;
  const [own, oneByOne, atOnce] = embeddingSides;
  return [
    { ...row, ...between(results, own, oneByOne), bar: { kind: 'ratio at least', value: 3 } },
    { ...row, ...between(results, own, atOnce), bar: { kind: 'ratio above', value: 1 } },
  ];
}

export const onnxEmbeddings: Scenario = { name, models: ['embedder-mean', 'bert-tiny', 'minilm'], measure };
