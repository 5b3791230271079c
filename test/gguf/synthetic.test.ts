import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { mkdtemp, open, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, describe, it } from 'node:test';
import { fileURLToPath } from 'node:url';
import { inspectModelFile, loadModel } from '../../lib/index.js';
import { randomWeights, toBfloat16, toFloat16 } from '../../lib/gguf/random-weights.js';
import { readGguf } from '../../lib/gguf/reader.js';
import { shapes } from '../../lib/gguf/shapes.js';
import type { ModelShape, ShapeName } from '../../lib/gguf/shapes.js';
import { writeSyntheticModel } from '../../lib/gguf/synthetic.js';
import { tensorBytes } from '../../lib/gguf/tensor-types.js';

const vocabularyOf = (name: string): string =>
  fileURLToPath(new URL(`../../native/vendor/llama.cpp/models/ggml-vocab-${name}.gguf`, import.meta.url));

let directory: string;

before(async () => {
  directory = await mkdtemp(join(tmpdir(), 'inferno-synthetic-'));
});

after(async () => {
  await rm(directory, { recursive: true, force: true });
});

async function make(name: string, shape: ModelShape, options: { seed?: number; type?: 'F16' | 'F32' | 'BF16' } = {}) {
  const path = join(directory, name);
  await writeSyntheticModel(path, { shape, vocabularyPath: vocabularyOf(shape.vocabulary), ...options });
  return path;
}

async function digest(path: string): Promise<string> {
  return createHash('sha256')
    .update(await readFile(path))
    .digest('hex');
}

/** The exact value of a half-precision number. */
function fromFloat16(bits: number): number {
  const sign = bits >> 15 === 0 ? 1 : -1;
  const exponent = (bits >> 10) & 31;
  const mantissa = bits & 1023;
  if (exponent === 31) return mantissa === 0 ? sign * Infinity : NaN;
  return sign * (exponent === 0 ? mantissa * 2 ** -24 : (1 + mantissa / 1024) * 2 ** (exponent - 15));
}

describe('random weights', () => {
  it('round to the nearest half-precision number', () => {
    for (let bits = 0; bits < 0x7c00; bits++) {
      const value = fromFloat16(bits);
      assert.equal(toFloat16(value), bits);
      assert.equal(toFloat16(-value), bits | 0x8000);
      const middle = (value + fromFloat16(bits + 1)) / 2;
      // Halfway goes to the even neighbour. The float32 in between is exact, except at the top, which becomes infinite.
      assert.equal(toFloat16(middle), bits % 2 === 0 ? bits : bits + 1);
    }
  });

  it('round to the nearest BF16 number', () => {
    assert.deepEqual(
      [1, -2, 3.140625, 1 + 2 ** -8, 1 + 3 * 2 ** -8].map(toBfloat16),
      [0x3f80, 0xc000, 0x4049, 0x3f80, 0x3f82],
    );
  });

  it('are normally distributed with the deviation asked for', () => {
    const count = 500_000;
    const values: number[] = [];
    for (const piece of randomWeights('F32', count, 0.5, 7, 'name')) {
      for (const value of new Float32Array(piece.slice().buffer)) values.push(value);
    }
    assert.equal(values.length, count);
    const mean = values.reduce((sum, value) => sum + value, 0) / count;
    const deviation = Math.sqrt(values.reduce((sum, value) => sum + (value - mean) ** 2, 0) / count);
    const beyondTwo = values.filter((value) => Math.abs(value) > 1).length / count;
    assert.ok(Math.abs(mean) < 0.005, `mean ${String(mean)}`);
    assert.ok(Math.abs(deviation - 0.5) < 0.005, `deviation ${String(deviation)}`);
    assert.ok(Math.abs(beyondTwo - 0.0455) < 0.003, `beyond two deviations ${String(beyondTwo)}`);
  });
});

describe('writeSyntheticModel', () => {
  it('gives the same file for the same seed and another for another', async () => {
    const first = await digest(await make('a.gguf', shapes.nano, { seed: 3 }));
    assert.equal(await digest(await make('b.gguf', shapes.nano, { seed: 3 })), first);
    assert.notEqual(await digest(await make('c.gguf', shapes.nano, { seed: 4 })), first);
  });

  it('writes every tensor at its place and the vocabulary byte for byte', async () => {
    const path = await make('layout.gguf', shapes.nano);
    const model = await readGguf(path);
    const vocabulary = await readGguf(vocabularyOf('llama-spm'));
    for (const [key, entry] of vocabulary.metadata) {
      if (!key.startsWith('tokenizer.')) continue;
      assert.deepEqual(model.metadata.get(key)?.verbatim.bytes, entry.verbatim.bytes, key);
    }
    const last = model.tensors.at(-1);
    assert.ok(last);
    const file = await open(path);
    const { size } = await file.stat();
    await file.close();
    assert.ok(size - (last.offset + tensorBytes(last.type, last.dimensions)) < model.alignment);
  });

  it('refuses a shape whose numbers do not divide', async () => {
    await assert.rejects(make('bad.gguf', { ...shapes.nano, heads: 3 }), /64, 3 and 4/u);
  });

  it('makes a smaller model of each named shape that loads and generates', async () => {
    for (const name of Object.keys(shapes) as ShapeName[]) {
      const shape: ModelShape = shapes[name];
      // Two layers show what is particular about a shape; the width would only take time.
      const small = { ...shape, layers: 2, embeddingLength: shape.heads * 8, feedForwardLength: 64 };
      const path = await make(`${name}.gguf`, small, { type: 'F32' });
      const summary = await inspectModelFile(path);
      assert.equal(summary.architecture, shape.architecture);
      await using model = await loadModel(path, { contextSize: 64, parallel: 1, probe: false });
      const result = await model.complete('Hello', { maxTokens: 3, temperature: 0, ignoreEos: true });
      assert.equal(result.usage.completionTokens, 3);
    }
  });
});
