import assert from 'node:assert/strict';
import { test } from 'node:test';
import { encoderModel } from '../../fixtures/onnx/encoder.js';
import { addModel } from '../../fixtures/onnx/small-graphs.js';
import { openOnnxSession } from '../../lib/onnx/open-onnx-model.js';
import { SequenceBatcher } from '../../lib/onnx/sequence-batcher.js';

const shape = { layers: 2, width: 32, heads: 4, feedForward: 64, vocabulary: 100, positions: 64, seed: 1 };

function sequences(count: number): Int32Array[] {
  return Array.from({ length: count }, (_, i) =>
    Int32Array.from({ length: (i % 9) + 1 }, (_, at) => (i * 7 + at) % 100),
  );
}

function farthest(a: Float32Array, b: Float32Array): number {
  return a.reduce((most, value, at) => Math.max(most, Math.abs(value - (b[at] ?? Infinity))), 0);
}

async function rowOf(batcher: SequenceBatcher, ids: Int32Array): Promise<Float32Array> {
  const [row] = await batcher.submit([{ ids }]).promise;
  assert.ok(row);
  return row;
}

async function openBatcher(options: ConstructorParameters<typeof SequenceBatcher>[1]): Promise<SequenceBatcher> {
  const session = await openOnnxSession(encoderModel(shape, { kind: 'hidden' }));
  return new SequenceBatcher(session, options);
}

test('a sequence gets the same row alone and among others of every length', async () => {
  const batcher = await openBatcher({ pooling: 'mean', normalize: true });
  const inputs = sequences(60);
  const together = await Promise.all(inputs.map((ids) => rowOf(batcher, ids)));
  assert.ok(batcher.status().batches < inputs.length, 'they shared runs');
  for (const [index, ids] of inputs.entries()) {
    const alone = await rowOf(batcher, ids);
    assert.ok(farthest(alone, together[index] ?? new Float32Array()) < 1e-5);
    assert.ok(Math.abs(Math.hypot(...alone) - 1) < 1e-5);
  }
  const { paddedTokens, tokens } = batcher.status();
  assert.ok(paddedTokens >= tokens);
  await batcher.close();
});

test('pooling, dimensions and unpooled rows are what they say', async () => {
  const ids = Int32Array.of(5, 6, 7);
  const rowsBatcher = await openBatcher({ pooling: 'none' });
  const rows = await rowOf(rowsBatcher, ids);
  assert.equal(rows.length, 3 * shape.width);
  const row = (at: number) => rows.subarray(at * shape.width, (at + 1) * shape.width);
  for (const [pooling, wanted] of [
    ['cls', row(0)],
    ['last', row(2)],
  ] as const) {
    const batcher = await openBatcher({ pooling });
    assert.ok(farthest(await rowOf(batcher, ids), wanted) < 1e-6);
    await batcher.close();
  }
  const cut = await openBatcher({ pooling: 'cls', dimensions: 8, normalize: true });
  const short = await rowOf(cut, ids);
  assert.equal(short.length, 8);
  assert.ok(Math.abs(Math.hypot(...short) - 1) < 1e-5);
  await Promise.all([rowsBatcher.close(), cut.close()]);
});

test('one bad sequence of a batch fails alone', async () => {
  const batcher = await openBatcher({ maxLength: 16 });
  const results = await Promise.allSettled([
    rowOf(batcher, Int32Array.of(1, 2)),
    rowOf(batcher, Int32Array.of(1, 20_000)),
    rowOf(batcher, new Int32Array(17)),
    rowOf(batcher, new Int32Array(0)),
    rowOf(batcher, Int32Array.of(3, 4)),
  ]);
  const codes = results.map((result) =>
    result.status === 'fulfilled' ? 'ok' : (result.reason as { readonly code: string }).code,
  );
  assert.equal(codes[0], 'ok');
  assert.ok(codes[1] === 'invalid_tensor' || codes[1] === 'run_failed', codes[1]);
  assert.deepEqual(codes.slice(2), ['context_length_exceeded', 'empty_prompt', 'ok']);
  await batcher.close();
});

test('a request is one row for each of its sequences, in their order, or the error of the first that fails', async () => {
  const batcher = await openBatcher({ maxLength: 16 });
  const inputs = sequences(40).map((ids) => ({ ids }));
  const rows = await batcher.submit(inputs).promise;
  assert.equal(rows.length, 40);
  for (const [index, { ids }] of inputs.entries()) {
    assert.ok(farthest(await rowOf(batcher, ids), rows[index] ?? new Float32Array()) < 1e-5);
  }
  const bad = batcher.submit([...inputs, { ids: new Int32Array(17) }, ...inputs]);
  await assert.rejects(bad.promise, { code: 'context_length_exceeded' });
  assert.deepEqual(await batcher.submit([]).promise, []);
  await batcher.close();
});

test('types that are not as many as tokens are refused', async () => {
  const batcher = await openBatcher({});
  const input = { ids: Int32Array.of(1, 2), typeIds: Int32Array.of(0) };
  assert.throws(() => batcher.submit([input]), { name: 'TypeError' });
  await batcher.close();
});

test('a cancelled request rejects before it reached the engine and after, and closing ends the others', async () => {
  const batcher = await openBatcher({});
  const early = batcher.submit([{ ids: Int32Array.of(1) }]);
  early.cancel();
  await assert.rejects(early.promise, { code: 'cancelled' });
  // More work than can be done before the next line.
  const many = Array.from({ length: 4000 }, () => ({ ids: new Int32Array(60).fill(7) }));
  const late = batcher.submit(many);
  await new Promise((resolve) => setImmediate(resolve));
  late.cancel();
  await assert.rejects(late.promise, { code: 'cancelled' });
  late.cancel();
  const ends = Promise.allSettled(sequences(200).map((ids) => rowOf(batcher, ids)));
  await batcher.close();
  for (const end of await ends) {
    if (end.status === 'rejected') assert.equal((end.reason as { readonly code: string }).code, 'cancelled');
  }
  await assert.rejects(rowOf(batcher, Int32Array.of(1)), { code: 'model_unloaded' });
});

test('a graph that is not over tokens is refused', async () => {
  const session = await openOnnxSession(addModel());
  assert.throws(() => new SequenceBatcher(session), { code: 'unsupported_model' });
  await session.close();
});
