import assert from 'node:assert/strict';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, describe, it } from 'node:test';
import { pathToFileURL } from 'node:url';
import { inspectModelFile, loadModel, quantizationTypes, quantizeModel, systemInfo } from '../../lib/index.js';
import { firstTestModel } from '../support/with-model.js';

const { path, prompts } = firstTestModel();

describe('loadModel', () => {
  it('loads a path or a file URL and describes the model', async () => {
    await using model = await loadModel(path, { contextSize: 256, parallel: 3, batchSize: 64 });
    await using same = await loadModel(pathToFileURL(path), { contextSize: 256, parallel: 3, batchSize: 64 });
    const { info } = model;
    assert.deepEqual([info.contextSize, info.parallel, info.batchSize], [256, 3, 64]);
    assert.equal(info.architecture, 'llama');
    assert.ok(info.parameterCount > 100_000 && info.layerCount > 0 && info.headCount > 0 && info.vocabularySize > 100);
    assert.ok(Object.isFrozen(info));
    assert.deepEqual(same.info, info);
  });

  it('chooses what was not said', async () => {
    await using model = await loadModel(path);
    const { contextSize, parallel, batchSize } = model.info;
    assert.ok(contextSize >= 128 && parallel >= 1 && parallel <= 64 && batchSize > 0);
  });

  it('reports progress, rising to 1', async () => {
    const fractions: number[] = [];
    await using model = await loadModel(path, { parallel: 1, onProgress: (fraction) => fractions.push(fraction) });
    assert.equal(fractions.at(-1), 1);
    assert.deepEqual(
      fractions,
      fractions.toSorted((a, b) => a - b),
    );
    assert.equal(new Set(fractions).size, fractions.length);
    assert.equal(model.stats().sequencesBusy, 0);
  });

  it('rejects with what onProgress throws', async () => {
    const error = new Error('from the callback');
    const onProgress = (): void => {
      throw error;
    };
    await assert.rejects(loadModel(path, { onProgress }), error);
  });

  it('rejects with the reason of a signal that aborts before or while loading', async () => {
    const reason = new Error('changed my mind');
    await assert.rejects(loadModel(path, { signal: AbortSignal.abort(reason) }), reason);
    const abort = new AbortController();
    const loading = loadModel(path, {
      signal: abort.signal,
      onProgress: () => {
        abort.abort(reason);
      },
    });
    await assert.rejects(loading, reason);
    const soon = new AbortController();
    const other = loadModel(path, { signal: soon.signal });
    soon.abort(reason);
    await assert.rejects(other, reason);
  });

  it('says what is wrong with a name', async () => {
    await assert.rejects(loadModel('no/such.gguf'), { code: 'file_not_found' });
    await assert.rejects(loadModel('no-such-model'), { code: 'model_not_found' });
    await assert.rejects(
      loadModel(5 as unknown as string),
      /TypeError: Expected a path, a file URL or a model id for pathOrId but received 5/u,
    );
    await assert.rejects(loadModel(''), TypeError);
  });
});

describe('files', () => {
  let folder = '';
  before(() => {
    folder = mkdtempSync(join(tmpdir(), 'inferno-files-'));
  });
  after(() => {
    rmSync(folder, { recursive: true });
  });

  it('that are no models are refused without harm', async () => {
    for (const [name, content] of [
      ['text.gguf', 'This is no model.'],
      ['empty.gguf', ''],
      ['magic.gguf', 'GGUF'],
    ] as const) {
      const file = join(folder, name);
      writeFileSync(file, content);
      await assert.rejects(loadModel(file), { code: 'invalid_model_file' });
      await assert.rejects(inspectModelFile(file), { code: 'invalid_model_file' });
    }
    await assert.rejects(loadModel(join(folder, '.gguf/')), { name: 'InfernoError' });
  });

  it('are described without being loaded', async () => {
    const summary = await inspectModelFile(path);
    assert.equal(summary.architecture, 'llama');
    assert.ok(summary.parameterCount > 100_000 && summary.tensorCount > 10 && summary.vocabularySize > 100);
    assert.deepEqual(await inspectModelFile(pathToFileURL(path)), summary);
    await assert.rejects(
      inspectModelFile(5 as unknown as string),
      /TypeError: Expected a path or a file URL for path/u,
    );
  });

  it('are quantized into smaller ones that answer', async () => {
    assert.ok(quantizationTypes().includes('Q4_K_M') && quantizationTypes().includes('Q8_0'));
    const output = join(folder, 'small.gguf');
    await quantizeModel(path, output, { type: 'Q8_0' });
    const [before, after] = await Promise.all([inspectModelFile(path), inspectModelFile(output)]);
    assert.equal(after.parameterCount, before.parameterCount);
    await using model = await loadModel(output, { contextSize: 128, parallel: 1 });
    const { usage } = await model.complete(prompts[0] ?? '', { temperature: 0, maxTokens: 8 });
    assert.equal(usage.completionTokens, 8);
  });

  it('are not quantized to what does not exist', async () => {
    const output = join(folder, 'never.gguf');
    await assert.rejects(
      quantizeModel(path, output, { type: 'Q4_KM' }),
      /TypeError: .* 'Q4_KM' .*Did you mean Q4_K_M\?/u,
    );
    await assert.rejects(quantizeModel(path, output, { type: 'F16', treads: 2 } as never), /did you mean threads\?/u);
    await assert.rejects(quantizeModel('no/such.gguf', output, { type: 'F16' }), { code: 'file_not_found' });
  });
});

describe('systemInfo', () => {
  it('names the engine, the processor backend and at least one device', () => {
    const info = systemInfo();
    assert.match(info.llamaVersion, /\d/u);
    assert.match(info.cpuBackend, /CPU/u);
    assert.ok(info.availableCores >= 1);
    assert.ok(info.devices.some((device) => device.kind === 'cpu' && device.memoryTotalBytes > 0));
  });
});
