/**
 * A million runs of a small graph and some thousand with large outputs, which are freed by the garbage collector: what the
 * process holds must not grow with their number.
 */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { addModel } from '../../fixtures/onnx/small-graphs.js';
import { openOnnxModel } from '../../lib/onnx/open-onnx-model.js';
import { Tensor } from '../../lib/onnx/tensor.js';

const runs = Number(process.env['INFERNO_RUNS'] ?? 1_000_000);
const mebibyte = 1024 * 1024;
/** The heap breathes by more than that within a round. */
const allowedGrowth = 24 * mebibyte;

async function residentAfter(work: () => Promise<void>): Promise<number> {
  await work();
  globalThis.gc?.();
  return process.memoryUsage().rss;
}

test('memory is flat over a million runs', async () => {
  await using model = await openOnnxModel(addModel());
  const pair = new Tensor('float32', Float32Array.of(1, 2));
  const rounds = 10;
  const held: number[] = [];
  for (let round = 0; round < rounds; round++) {
    held.push(
      await residentAfter(async () => {
        for (let i = 0; i < runs / rounds; i++) await model.run({ a: pair, b: pair });
      }),
    );
  }
  console.log(`# resident MiB by round: ${held.map((bytes) => (bytes / mebibyte).toFixed(1)).join(' ')}`);
  // The first rounds fill caches of V8 and of the allocator.
  assert.ok((held.at(-1) ?? 0) - (held[2] ?? 0) < allowedGrowth);
});

test('memory is flat over outputs of megabytes', async () => {
  await using model = await openOnnxModel(addModel());
  const large = new Tensor('float32', new Float32Array(mebibyte / 2));
  const held: number[] = [];
  for (let round = 0; round < 6; round++) {
    held.push(
      await residentAfter(async () => {
        for (let i = 0; i < 300; i++) await model.run({ a: large, b: large });
      }),
    );
  }
  console.log(`# resident MiB by round: ${held.map((bytes) => (bytes / mebibyte).toFixed(1)).join(' ')}`);
  assert.ok((held.at(-1) ?? 0) - (held[2] ?? 0) < 8 * allowedGrowth);
});
