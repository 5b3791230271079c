/** A GPU backend at work: Vulkan on whatever device is there, Mesa's software device (lavapipe) included. */
import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { before, describe, it } from 'node:test';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';

const root = fileURLToPath(new URL('../..', import.meta.url));
/** Where `npm run build:native -- --vulkan` and `npm run make:backend -- vulkan` put it. */
const folders = [join(root, 'build/Release'), join(root, 'build-vulkan/Release')];
const folder = folders.find((candidate) => existsSync(join(candidate, 'libggml-vulkan.so')));

const program = `
  const { loadModel, systemInfo, devices } = await import('./lib/index.ts');
  const options = JSON.parse(process.argv[1]);
  if (systemInfo().devices.every(({ backend }) => backend !== 'Vulkan')) {
    console.log(JSON.stringify({ missing: systemInfo().backends }));
    process.exit(0);
  }
  const model = await loadModel('ember', { parallel: 2, contextSize: 512, ...options });
  const questions = ['What is Inferno?', 'Tell me a short story.', 'What is 2 + 3?', 'Hello!'];
  const texts = [];
  for (const content of questions) {
    const { text } = await model.chat([{ role: 'user', content }], { maxTokens: 32, temperature: 0 });
    texts.push(text);
  }
  const { gpuLayers } = model.info;
  await model.unload();
  console.log(JSON.stringify({ texts, gpuLayers, names: (await devices()).map(({ name }) => name) }));
`;

interface Answer {
  readonly missing?: readonly string[];
  readonly texts: readonly string[];
  readonly gpuLayers: { readonly offloaded: number; readonly total: number };
  readonly names: readonly string[];
}

/** In a process of its own: backends are loaded once, and these variables must be there before. */
async function answer(options: object): Promise<Answer> {
  // Software devices are taken only when they are named.
  const env = { ...process.env, INFERNO_BACKENDS: folder, GGML_VK_VISIBLE_DEVICES: '0' };
  const args = ['--import', 'tsx', '--input-type=module', '-e', program, JSON.stringify(options)];
  const { stdout } = await promisify(execFile)(process.execPath, args, { cwd: root, env });
  return JSON.parse(stdout) as Answer;
}

describe('the Vulkan backend', { skip: folder === undefined && 'no libggml-vulkan.so was built here' }, () => {
  let onCpu: Answer;
  before(async () => {
    onCpu = await answer({ devices: [] });
  });

  it('takes all layers when they fit, and says the same as the CPU', async (test) => {
    if (onCpu.missing !== undefined) {
      test.skip(`no Vulkan device; loaded: ${onCpu.missing.join(', ')}`);
      return;
    }
    assert.equal(onCpu.gpuLayers.offloaded, 0);
    const onGpu = await answer({ gpuLayers: 'auto' });
    assert.ok(onGpu.names.includes('Vulkan0'));
    assert.equal(onGpu.gpuLayers.offloaded, onGpu.gpuLayers.total);
    assert.deepEqual(onGpu.texts, onCpu.texts);
  });

  it('takes as many layers as it is told, by name', async (test) => {
    if (onCpu.missing !== undefined) {
      test.skip('no Vulkan device');
      return;
    }
    const split = await answer({ gpuLayers: 2, devices: ['Vulkan0'], mainGpu: 0 });
    assert.equal(split.gpuLayers.offloaded, 2);
    assert.deepEqual(split.texts, onCpu.texts);
  });
});
