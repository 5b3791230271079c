import assert from 'node:assert/strict';
import { mkdtemp, rm, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { Worker } from 'node:worker_threads';
import * as graphs from '../../fixtures/onnx/small-graphs.js';
import { elementTypes } from '../../lib/native-onnx-types.js';
import { openOnnxModel } from '../../lib/onnx/open-onnx-model.js';
import type { OnnxValue } from '../../lib/onnx/onnx-value.js';
import { Tensor } from '../../lib/onnx/tensor.js';

const pair = new Tensor('float32', Float32Array.of(1, 2));
const manyRounds = new Tensor('int64', BigInt64Array.of(1_000_000n), []);
const matrix = new Tensor('float32', new Float32Array(256 * 256), [256, 256]);

test('a graph runs by the names of its inputs, at once and off this thread', async () => {
  await using model = await openOnnxModel(graphs.addModel());
  assert.deepEqual(
    model.inputs.map(({ name, type, dims }) => ({ name, type, dims })),
    ['a', 'b'].map((name) => ({ name, type: 'float32', dims: ['n'] })),
  );
  assert.equal(model.metadata['author'], 'Inferno');
  assert.deepEqual(model.runSync({ a: pair, b: pair })['sum']?.data, Float32Array.of(2, 4));
  for (let i = 0; i < 20; i++) {
    const { sum } = await model.run({ a: pair, b: pair });
    assert.deepEqual(sum?.dims, [2]);
    assert.deepEqual(sum.data, Float32Array.of(2, 4));
  }
  assert.equal(model.queueStatus().ranInline + model.queueStatus().finished, 21);
});

test('every fault of the feeds and outputs is in one error', async () => {
  await using model = await openOnnxModel(graphs.addModel());
  const feeds = { a: new Tensor('int32', Int32Array.of(1), [1, 1]), c: pair };
  await assert.rejects(model.run(feeds, { outputs: ['difference'] }), (error: Error) => {
    for (const part of [
      'input a must be float32[n] but is int32[1, 1]',
      'input b',
      'no input c',
      'no output difference',
    ])
      assert.ok(error.message.includes(part), `${part} in ${error.message}`);
    return (error as { code?: string }).code === 'invalid_tensor';
  });
  assert.throws(() => model.runSync({}), { code: 'invalid_tensor' });
});

test('outputs are written into the memory that the caller gives', async () => {
  await using model = await openOnnxModel(graphs.addModel());
  const sum = new Tensor('float32', new Float32Array(2));
  assert.equal(model.runSync({ a: pair, b: pair }, { sum })['sum'], sum);
  assert.deepEqual(sum.data, Float32Array.of(2, 4));
});

test('large outputs lie in memory of the engine and outlive their model', async () => {
  const model = await openOnnxModel(graphs.addModel());
  const length = 100_000;
  const ones = new Tensor('float32', new Float32Array(length).fill(1));
  const { sum } = await model.run({ a: ones, b: ones });
  await model.close();
  assert.equal(
    (sum?.data as Float32Array).reduce((total, value) => total + value, 0),
    2 * length,
  );
});

test('texts, with NUL and beyond ASCII, and sequences come through', async () => {
  await using strings = await openOnnxModel(graphs.stringsModel());
  const texts = { a: new Tensor('string', ['x\0y', 'ä']), b: new Tensor('string', ['']) };
  assert.deepEqual((await strings.run(texts))['joined']?.data, ['x\0y', 'ä', '']);
  await using sequence = await openOnnxModel(graphs.sequenceModel());
  const x = new Tensor('float32', Float32Array.of(1, 2, 3, 4), [2, 2]);
  const { parts } = await sequence.run<OnnxValue>({ x });
  assert.deepEqual(
    (parts as Tensor[]).map(({ data }) => data),
    [Float32Array.of(1, 2), Float32Array.of(3, 4)],
  );
});

test('4-bit integers are two in a byte, the first one below', async () => {
  await using unpack = await openOnnxModel(graphs.castModel('int4', 'int32'));
  const x = new Tensor('int4', Uint8Array.of(0xe1, 0x03), [3]);
  assert.deepEqual((await unpack.run({ x }))['y']?.data, Int32Array.of(1, -2, 3));
});

test('a default may be left out or replaced', async () => {
  await using model = await openOnnxModel(graphs.addWithDefaultModel());
  assert.deepEqual(model.runSync({ a: pair })['sum']?.data, Float32Array.of(11, 22));
  assert.deepEqual(model.runSync({ a: pair, b: pair })['sum']?.data, Float32Array.of(2, 4));
});

test('a run is stopped by its signal, its deadline and the end of its model', async () => {
  const model = await openOnnxModel(graphs.slowModel());
  const feeds = { rounds: manyRounds, x: matrix };
  const controller = new AbortController();
  // Which of the two ends first is open, so both are watched from the start.
  const both = [1, 2].map(() => assert.rejects(model.run(feeds, { signal: controller.signal }), { message: 'enough' }));
  controller.abort(new Error('enough'));
  await Promise.all(both);
  await assert.rejects(model.run(feeds, { deadlineMs: 20 }), { code: 'deadline_exceeded' });
  const last = assert.rejects(model.run(feeds), { code: 'cancelled' });
  await model.close();
  await last;
  await model.close();
  await assert.rejects(model.run(feeds), { code: 'model_unloaded' });
});

test('an execution provider that is not there is named with those that are', async () => {
  await assert.rejects(openOnnxModel(graphs.addModel(), { providers: ['abacus'] }), (error: Error) => {
    assert.match(error.message, /abacus.*cpu/u);
    return (error as { code?: string }).code === 'provider_missing';
  });
  await using model = await openOnnxModel(graphs.addModel(), { providers: ['cpu'], threads: 1 });
  assert.deepEqual(model.runSync({ a: pair, b: pair })['sum']?.data, Float32Array.of(2, 4));
});

test('a link to a model finds its data beside itself, and what is no model is refused', async () => {
  const folder = await mkdtemp(join(tmpdir(), 'inferno-onnx-'));
  try {
    await writeFile(join(folder, 'add.onnx'), graphs.addModel());
    await symlink(join(folder, 'add.onnx'), join(folder, 'link.onnx'));
    await using model = await openOnnxModel(join(folder, 'link.onnx'));
    assert.equal(model.inputs.length, 2);
    await writeFile(join(folder, 'text.onnx'), 'not a model');
    await assert.rejects(openOnnxModel(join(folder, 'text.onnx')), { code: 'invalid_model_file' });
    await assert.rejects(openOnnxModel(join(folder, 'none.onnx')), { code: 'file_not_found' });
    await assert.rejects(openOnnxModel(folder), { code: 'invalid_model_file' });
  } finally {
    await rm(folder, { recursive: true });
  }
});

test('a worker that ends while its model runs ends cleanly', async () => {
  const source = `
    require('tsx/cjs');
    const { openOnnxModel } = require('./lib/onnx/open-onnx-model.ts');
    const { slowModel } = require('./fixtures/onnx/small-graphs.ts');
    const { Tensor } = require('./lib/onnx/tensor.ts');
    openOnnxModel(slowModel()).then((model) => {
      const x = new Tensor('float32', new Float32Array(65536), [256, 256]);
      model.run({ rounds: new Tensor('int64', BigInt64Array.of(1000000n), []), x }).catch(() => {});
      require('node:worker_threads').parentPort.postMessage('runs');
    });`;
  const worker = new Worker(source, { eval: true });
  await new Promise<void>((resolve, reject) => {
    worker.once('message', () => {
      resolve();
    });
    worker.once('error', reject);
  });
  await worker.terminate();
});

test('tensors refuse data that does not fit their type and dimensions', () => {
  assert.equal(elementTypes.length, 23);
  assert.throws(() => new Tensor('float32', Int32Array.of(1) as unknown as Float32Array), TypeError);
  assert.throws(() => new Tensor('float32', Float32Array.of(1), [2]), /length 2/u);
  assert.throws(() => new Tensor('float32', Float32Array.of(1), [-1]), TypeError);
  assert.throws(() => new Tensor('float31' as 'float32', Float32Array.of(1)), /float32/u);
});
