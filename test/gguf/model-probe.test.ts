import assert from 'node:assert/strict';
import { mkdtemp, readdir, readFile, rm, utimes, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, describe, it } from 'node:test';
import { probeModelFile } from '../../lib/api/model-probe.js';
import { ProbeCache } from '../../lib/api/probe-cache.js';
import { shapes } from '../../lib/gguf/shapes.js';
import { writeSyntheticModel } from '../../lib/gguf/synthetic.js';
import { nativeAddon, packageRoot } from '../../lib/native.js';

let directory: string;
let model: string;

before(async () => {
  directory = await mkdtemp(join(tmpdir(), 'inferno-probe-'));
  model = join(directory, 'model.gguf');
  const vocabularyPath = join(packageRoot(), 'native/vendor/llama.cpp/models/ggml-vocab-llama-spm.gguf');
  await writeSyntheticModel(model, { shape: { ...shapes.nano, layers: 1 }, vocabularyPath });
});

after(async () => {
  await rm(directory, { recursive: true, force: true });
});

function options(name: string) {
  const { probeExecutable, libraryDirectory } = nativeAddon();
  return { probeExecutable, libraryDirectory, cacheFile: join(directory, `${name}.json`) };
}

/** A program that runs the file it is given: how the process ends is then the file's doing, as with a hostile model. */
function dyingBy(name: string) {
  return { ...options(name), probeExecutable: process.execPath };
}

async function script(name: string, source: string): Promise<string> {
  const path = join(directory, `${name}.cjs`);
  await writeFile(path, source);
  return path;
}

describe('probeModelFile', () => {
  it('passes a sound model once, then from memory', async () => {
    const real = options('passes');
    await probeModelFile(model, real);
    // Nobody could run this; the file is remembered.
    await probeModelFile(model, { ...real, probeExecutable: join(directory, 'nothing') });
  });

  it('probes again when the file changed', async () => {
    const real = options('changes');
    await probeModelFile(model, real);
    await utimes(model, new Date(), new Date(Date.now() + 5000));
    await assert.rejects(probeModelFile(model, { ...real, probeExecutable: join(directory, 'nothing') }), {
      code: 'backend_missing',
    });
    await probeModelFile(model, real);
  });

  it('reports a clean refusal with the code and sentence of the check', async () => {
    const broken = join(directory, 'broken.gguf');
    await writeFile(broken, (await readFile(model)).subarray(0, 5000));
    await assert.rejects(probeModelFile(broken, options('refuses')), {
      code: 'invalid_model_file',
      message: /only \d+ bytes are left in the file/u,
    });
    await assert.rejects(probeModelFile(join(directory, 'missing.gguf'), options('refuses')), {
      code: 'file_not_found',
    });
    await assert.rejects(readFile(join(directory, 'refuses.json')), { code: 'ENOENT' });
  });

  it('turns the death of the process into an error that says how it died', async () => {
    const aborts = await script(
      'aborts',
      "console.error('ggml.c:1: GGML_ASSERT(false) failed'); process.kill(process.pid, 'SIGABRT'); setInterval(() => {}, 1000);",
    );
    await assert.rejects(probeModelFile(aborts, dyingBy('dies')), {
      code: 'invalid_model_file',
      message: /made llama\.cpp abort \((signal SIGABRT|exit code \d+): .*GGML_ASSERT\(false\) failed\)\.$/u,
    });
    const exits = await script('exits', 'process.exit(7)');
    await assert.rejects(probeModelFile(exits, dyingBy('dies')), { message: /abort \(exit code 7\)\.$/u });
    const silent = await script('silent', 'process.exit(2)');
    await assert.rejects(probeModelFile(silent, dyingBy('dies')), {
      code: 'invalid_model_file',
      message: 'llama.cpp refused the file without saying why.',
    });
  });

  it('ends the process and rejects with the reason when aborted', async () => {
    const endless = await script('endless', 'setInterval(() => {}, 1000)');
    const controller = new AbortController();
    const reason = new Error('enough');
    const probing = probeModelFile(endless, { ...dyingBy('aborted'), signal: controller.signal });
    setTimeout(() => {
      controller.abort(reason);
    }, 50);
    await assert.rejects(probing, reason);
    await assert.rejects(probeModelFile(model, { ...options('aborted'), signal: controller.signal }), reason);
  });
});

describe('ProbeCache', () => {
  it('takes damaged content for empty and repairs it', async () => {
    const file = join(directory, 'damaged.json');
    const cache = new ProbeCache(file);
    for (const content of [
      '',
      '{',
      'null',
      '[]',
      '{"format":2,"entries":[]}',
      '{"format":1,"entries":[1,{"path":2}]}',
    ]) {
      await writeFile(file, content);
      assert.equal(await cache.has('/a', 'key'), false);
      await cache.add('/a', 'key');
      assert.equal(await cache.has('/a', 'key'), true);
    }
  });

  it('keeps the newest 500 files, one entry each', async () => {
    const cache = new ProbeCache(join(directory, 'many.json'));
    for (let index = 0; index < 510; index++) await cache.add(`/model-${String(index)}`, 'old');
    await cache.add('/model-20', 'new');
    assert.equal(await cache.has('/model-9', 'old'), false);
    assert.equal(await cache.has('/model-10', 'old'), true);
    assert.equal(await cache.has('/model-20', 'old'), false);
    assert.equal(await cache.has('/model-20', 'new'), true);
  });

  it('stays whole under many writers at once', async () => {
    const folder = join(directory, 'shared');
    const file = join(folder, 'cache.json');
    await Promise.all(
      Array.from({ length: 40 }, (_, index) => new ProbeCache(file).add(`/model-${String(index)}`, 'key')),
    );
    const { entries } = JSON.parse(await readFile(file, 'utf8')) as { entries: unknown[] };
    assert.ok(entries.length >= 1);
    assert.deepEqual(await readdir(folder), ['cache.json']);
  });

  it('lives without a place to write to', async () => {
    const blocked = join(directory, 'file');
    await writeFile(blocked, '');
    const cache = new ProbeCache(join(blocked, 'cache.json'));
    await cache.add('/a', 'key');
    assert.equal(await cache.has('/a', 'key'), false);
  });
});
