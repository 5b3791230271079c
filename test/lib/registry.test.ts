import assert from 'node:assert/strict';
import { copyFileSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, describe, it } from 'node:test';
import { InfernoError, listModels, loadModel, modelsDirectory } from '../../lib/index.js';
import { resolveModel } from '../../lib/models/registry.js';
import { firstTestModel } from '../support/with-model.js';

describe('models by id', () => {
  const saved = process.env['INFERNO_MODELS_DIR'];
  let folder = '';
  before(() => {
    folder = mkdtempSync(join(tmpdir(), 'inferno-models-'));
    process.env['INFERNO_MODELS_DIR'] = folder;
    for (const name of ['Tiny Stories (v1).GGUF', 'tiny-stories-v1-.gguf', 'big-00001-of-00002.gguf']) {
      copyFileSync(firstTestModel().path, join(folder, name));
    }
    writeFileSync(join(folder, 'big-00002-of-00002.gguf'), 'the second part');
    writeFileSync(join(folder, 'notes.txt'), 'no model');
    mkdirSync(join(folder, 'nested'));
  });
  after(() => {
    rmSync(folder, { recursive: true });
    if (saved === undefined) delete process.env['INFERNO_MODELS_DIR'];
    else process.env['INFERNO_MODELS_DIR'] = saved;
  });

  it('come from the models directory, with ids that are safe anywhere and never collide', async () => {
    assert.equal(modelsDirectory(), folder);
    const ids = (await listModels()).map((model) => model.id).filter((id) => id !== 'ember');
    assert.deepEqual(ids, ['tiny-stories-v1-', 'big-00001-of-00002', 'tiny-stories-v1--2']);
    for (const { id, path, sizeBytes, parameterCount } of await listModels()) {
      assert.match(id, /^[a-z0-9_-][a-z0-9._-]*$/u);
      assert.equal((await resolveModel(id)).path, path);
      assert.ok(sizeBytes > 0 && parameterCount > 0);
    }
  });

  it('load by id', async () => {
    await using model = await loadModel('tiny-stories-v1-', { contextSize: 128, parallel: 1 });
    assert.equal(model.info.architecture, 'llama');
  });

  it('an unknown id names the nearest, and is never a path', async () => {
    await assert.rejects(resolveModel('tiny-storys-v1-'), (error: unknown) => {
      assert.ok(InfernoError.isInstance(error));
      assert.equal(error.code, 'model_not_found');
      assert.match(error.message, /Did you mean tiny-stories-v1-\?/u);
      assert.match(error.remedy, /big-00001-of-00002/u);
      return true;
    });
    for (const id of ['notes.txt', 'nested', '../secret', '.', '', 'TINY-STORIES-V1-', '__proto__', 'package.json']) {
      await assert.rejects(resolveModel(id), { code: 'model_not_found' });
    }
    await assert.rejects(loadModel('package.json'), { code: 'model_not_found' });
  });

  it('a directory that is not there holds none', async () => {
    process.env['INFERNO_MODELS_DIR'] = join(folder, 'none');
    const ids = (await listModels()).map((model) => model.id);
    process.env['INFERNO_MODELS_DIR'] = folder;
    assert.deepEqual(
      ids.filter((id) => id !== 'ember'),
      [],
    );
  });
});
