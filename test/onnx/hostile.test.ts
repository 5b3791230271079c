import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, describe, it } from 'node:test';
import { fileURLToPath } from 'node:url';
import { floats } from '../../fixtures/onnx/constants.js';
import { decode, encode } from '../../fixtures/onnx/messages.js';
import { addModel, addWithDefaultModel, fillModel, gatherModel } from '../../fixtures/onnx/small-graphs.js';
import { emberGguf } from '../../fixtures/onnx/ember.js';
import { openOnnxModel } from '../../lib/onnx/open-onnx-model.js';
import { Tensor } from '../../lib/onnx/tensor.js';

const child = fileURLToPath(new URL('hostile-child.ts', import.meta.url));
let folder: string;

before(async () => {
  folder = await mkdtemp(join(tmpdir(), 'inferno-hostile-'));
});

after(async () => {
  await rm(folder, { recursive: true, force: true });
});

async function file(name: string, content: Uint8Array | string): Promise<string> {
  const path = join(folder, name);
  await writeFile(path, content);
  return path;
}

interface Outcome {
  readonly opened: number;
  readonly ran: number;
  readonly refused: number;
  readonly faults: readonly string[];
}

/** In a process of its own, which must live to say how it went. */
async function tryout(from: number, to: number): Promise<Outcome> {
  const args = ['--import', 'tsx', child, String(from), String(to)];
  const running = spawn(process.execPath, args, { stdio: ['ignore', 'pipe', 'pipe'] });
  let output = '';
  let complaints = '';
  running.stdout.setEncoding('utf8').on('data', (text: string) => (output += text));
  running.stderr.setEncoding('utf8').on('data', (text: string) => (complaints = (complaints + text).slice(-500)));
  const [code, signal] = (await once(running, 'close')) as [number | null, NodeJS.Signals | null];
  assert.equal(signal ?? code, 0, `It ended at ${complaints}`);
  return JSON.parse(output) as Outcome;
}

describe('hostile models', () => {
  it('run when nothing was done to them', async () => {
    const { opened, ran, faults } = await tryout(0, 1);
    assert.equal(opened, 13);
    assert.ok(ran >= 2 * opened, String(ran));
    assert.deepEqual(faults, []);
  });

  it('never crash in 5,200 mutations, and errors have a code and a sentence', async (t) => {
    const { opened, ran, refused, faults } = await tryout(1, 401);
    t.diagnostic(`${String(opened)} opened, ${String(ran)} runs, ${String(refused)} refusals`);
    assert.deepEqual(faults.slice(0, 10), []);
    // Mutations that hit a name change nothing, and most others are refused: neither may be all there is.
    assert.ok(opened > 500 && ran > 500 && refused > 2000);
  });

  it('are refused as files: nothing, a piece, another format, a folder', async () => {
    const whole = addModel();
    const code = 'invalid_model_file';
    await assert.rejects(openOnnxModel(await file('empty.onnx', '')), { code });
    await assert.rejects(openOnnxModel(await file('half.onnx', whole.subarray(0, whole.length / 2))), { code });
    await assert.rejects(openOnnxModel(await file('text.onnx', 'This is no model.\n'.repeat(100))), { code });
    await assert.rejects(openOnnxModel(await file('zeros.onnx', new Uint8Array(100_000))), { code });
    await assert.rejects(openOnnxModel(emberGguf), { code });
    await assert.rejects(openOnnxModel(join(folder, 'missing.onnx')), { code: 'file_not_found' });
    await assert.rejects(openOnnxModel(folder), (error: { code?: string }) => error.code !== undefined);
  });

  it('do not read weights from outside their own folder', async () => {
    const model = decode('ModelProto', addWithDefaultModel());
    for (const location of ['../../../../../../../../etc/passwd', '/etc/passwd', '/dev/zero', 'missing.bin']) {
      const [weight] = model.graph.initializer;
      assert.ok(weight !== undefined);
      const outside = {
        ...{ name: weight.name ?? '', dims: [2], data_type: 1, data_location: 1 },
        external_data: [{ key: 'location', value: location }],
      };
      const hostile = encode('ModelProto', { ...model, graph: { ...model.graph, initializer: [outside] } });
      await assert.rejects(
        openOnnxModel(await file('outside.onnx', hostile)),
        { code: 'invalid_model_file' },
        location,
      );
    }
  });

  it('are refused when they say that their weights are endless', async () => {
    const model = decode('ModelProto', addWithDefaultModel());
    for (const dims of [[2 ** 40], [2 ** 31, 2 ** 31], [-1], [-2, -1], [2 ** 52, 2 ** 52, 2 ** 52]]) {
      const weight = { ...floats([2], [1, 2]), name: 'b', dims };
      const hostile = encode('ModelProto', { ...model, graph: { ...model.graph, initializer: [weight] } });
      await assert.rejects(openOnnxModel(hostile), { code: 'invalid_model_file' }, dims.join());
    }
  });

  it('that ask for more memory than there is fail with out_of_memory, and go on working', async () => {
    await using model = await openOnnxModel(fillModel());
    const shape = (...sizes: bigint[]) => ({ shape: new Tensor('int64', BigInt64Array.from(sizes)) });
    await assert.rejects(model.run(shape(2n ** 45n)), { code: 'out_of_memory' });
    await assert.rejects(model.run(shape(2n ** 40n, 2n ** 40n)), {
      code: /^(out_of_memory|run_failed|invalid_tensor)$/u,
    });
    await assert.rejects(model.run(shape(-5n)), { code: /^(run_failed|invalid_tensor)$/u });
    const { y } = await model.run(shape(2n, 3n));
    assert.deepEqual(y?.dims, [2, 3]);
  });

  it('fail with invalid_tensor when an index lies outside', async () => {
    await using model = await openOnnxModel(gatherModel());
    const x = new Tensor('float32', new Float32Array(6), [3, 2]);
    const at = (index: bigint) => ({ x, index: new Tensor('int64', BigInt64Array.of(index), []) });
    await assert.rejects(model.run(at(3n)), { code: 'invalid_tensor' });
    await assert.rejects(model.run(at(-9_000_000_000n)), { code: 'invalid_tensor' });
    assert.deepEqual((await model.run(at(2n)))['y']?.dims, [2]);
  });
});
