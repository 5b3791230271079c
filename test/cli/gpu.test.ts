import assert from 'node:assert/strict';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, it } from 'node:test';
import { devices } from '../../lib/index.js';
import { runCli } from './cli-process.js';

describe('gpu list', () => {
  it('says the same as the API, as a table and as JSON', async () => {
    const gpus = (await devices()).filter(({ kind }) => kind !== 'cpu');
    const [text, json] = await Promise.all([runCli(['gpu', 'list']), runCli(['gpu', 'list', '--json'])]);
    assert.equal(text.code, 0, text.stderr);
    assert.equal(json.code, 0, json.stderr);
    const listed = JSON.parse(json.stdout) as { readonly gpus: readonly { readonly description: string }[] };
    assert.deepEqual(
      listed.gpus.map(({ description }) => description),
      gpus.map(({ description }) => description),
    );
    for (const { description } of gpus) assert.ok(text.stdout.includes(description));
    if (gpus.length === 0) assert.match(text.stdout, /^There is no GPU: .*The CPU computes everything\.$/mu);
  });

  it('is a command of its own: `gpu` alone explains itself', async () => {
    const { code, stderr } = await runCli(['gpu']);
    assert.equal(code, 2);
    assert.match(stderr, /inferno gpu --help/u);
  });
});

describe('--device', () => {
  it('of a GPU that is not there is an error before anything is loaded', async () => {
    const { code, stderr } = await runCli(['run', '--device', 'CUDA7', 'Hello!']);
    assert.equal(code, 1);
    assert.match(stderr, /There is no GPU "CUDA7"/u);
  });

  it('none, with every other flag of placement, answers on the CPU', async () => {
    const flags = ['--device', 'none', '--gpu-layers', 'all', '--tensor-split', '3,1'];
    const { code, stdout, stderr } = await runCli(['run', ...flags, '--max-tokens', '4', 'Hello!']);
    assert.equal(code, 0, stderr);
    assert.notEqual(stdout.trim(), '');
  });

  it('flags that contradict each other or say nothing are errors', async () => {
    for (const flags of [
      ['--tensor-split', '0,0'],
      ['--tensor-split', '1,x'],
      ['--device', 'CUDA0,'],
      ['--gpu-layers', 'most'],
      ['--main-gpu', '0', '--tensor-split', '1,1'],
    ]) {
      const { code } = await runCli(['run', ...flags, 'Hello!']);
      assert.equal(code, 2, flags.join(' '));
    }
  });
});

describe('doctor', () => {
  it('says where the engine comes from and which variant fits the processor', async () => {
    const { stdout } = await runCli(['doctor']);
    assert.match(stdout, /^Engine +(?:prebuilt|built on this machine)/mu);
    assert.match(stdout, /^CPU backend +CPU, variant \w+/mu);
    assert.match(stdout, /^GPU backends +\S/mu);
  });

  it('says why a GPU backend that is there is not in use', { skip: process.platform === 'win32' }, async () => {
    const folder = mkdtempSync(join(tmpdir(), 'inferno-backends-'));
    try {
      writeFileSync(join(folder, 'libggml-hip.so'), 'no library');
      const { stdout, code } = await runCli(['doctor'], '', { INFERNO_BACKENDS: folder });
      assert.equal(code, 0);
      assert.ok(stdout.includes(`warning  GPU: the ROCm backend ${join(folder, 'libggml-hip.so')} is not in use: `));
      assert.match(stdout, /file too short|invalid ELF header|not a mach-o|slice is not valid/iu);
    } finally {
      rmSync(folder, { recursive: true });
    }
  });
});
