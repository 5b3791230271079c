import assert from 'node:assert/strict';
import { copyFile, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, describe, it } from 'node:test';
import { testModelPath } from '../support/with-server.js';
import { runCli, startCli, type CliProcess } from './cli-process.js';

interface ListedModel {
  readonly id: string;
  readonly state: string;
  readonly pinned: boolean;
  readonly ttl_seconds: number;
}

let folder = '';
before(async () => {
  folder = await mkdtemp(join(tmpdir(), 'inferno-models-'));
  await copyFile(testModelPath(), join(folder, 'Story Teller.gguf'));
  await writeFile(join(folder, 'damaged.gguf'), 'GGUF');
});
after(async () => {
  await rm(folder, { recursive: true });
});

const urlLine = /^Inferno listens on (http:\S+)$/mu;

async function start(...flags: readonly string[]): Promise<CliProcess> {
  const cli = startCli(['serve', '--port', '0', '--models-dir', folder, ...flags]);
  await cli.waitForOutput(/^Ready:/mu);
  return cli;
}

function urlOf(cli: CliProcess): string {
  return urlLine.exec(cli.stdout)?.[1] ?? '';
}

async function listed(url: string): Promise<readonly ListedModel[]> {
  return ((await (await fetch(`${url}/v1/models`)).json()) as { readonly data: readonly ListedModel[] }).data;
}

async function complete(url: string, model: string): Promise<Response> {
  const body = JSON.stringify({ model, prompt: 'Once upon a time', max_tokens: 4 });
  return fetch(`${url}/v1/completions`, { method: 'POST', headers: { 'content-type': 'application/json' }, body });
}

async function stop(cli: CliProcess): Promise<void> {
  cli.child.kill('SIGTERM');
  const result = await cli.end();
  assert.equal(result.code, 0, result.stderr);
}

describe('serve with a models directory', () => {
  it('--model-autoload serves every usable file there, loaded at its first request', async () => {
    await using cli = await start('--model-autoload', '--pin', 'story-teller');
    const url = urlOf(cli);
    assert.match(cli.stdout, /^Ready: ember$/mu);
    assert.deepEqual(
      (await listed(url)).map(({ id, state, pinned, ttl_seconds: ttl }) => [id, state, pinned, ttl]),
      [
        ['ember', 'loaded', false, 0],
        ['story-teller', 'unloaded', true, 300],
      ],
    );
    assert.equal((await complete(url, 'story-teller')).status, 200);
    assert.match(cli.stderr, /Loaded story-teller/u);
    assert.equal((await listed(url))[1]?.state, 'loaded');
    await stop(cli);
  });

  it('serves only what is named without that flag, by the ids of the folder', async () => {
    await using cli = await start('--model', 'story-teller', '--model-ttl', '60');
    const url = urlOf(cli);
    assert.deepEqual(
      (await listed(url)).map(({ id, state, ttl_seconds: ttl }) => [id, state, ttl]),
      [['story-teller', 'loaded', 60]],
    );
    assert.equal((await complete(url, 'ember')).status, 404);
    await stop(cli);
  });

  it('two models in a budget for one take turns', async () => {
    const sizes = ['--ctx-size', '32768', '--parallel', '8', '--batch-size', '64'];
    await using cli = await start('--model-autoload', '--memory-budget', '80', ...sizes);
    const url = urlOf(cli);
    for (const id of ['ember', 'story-teller', 'ember']) {
      assert.equal((await complete(url, id)).status, 200);
      const states = (await listed(url)).filter(({ state }) => state === 'loaded');
      assert.deepEqual(
        states.map((model) => model.id),
        [id],
      );
    }
    await stop(cli);
  });
});

describe('serve with models that cannot be served', () => {
  it('a pin of what is not served names the nearest id, with 2', async () => {
    const result = await runCli(['serve', '--port', '0', '--pin', 'embr']);
    assert.match(result.stderr, /embr.*Did you mean ember\?/u);
    assert.equal(result.code, 2);
  });

  it('a model that does not fit into the budget ends it with 1, saying what it needs', async () => {
    const result = await runCli(['serve', '--port', '0', '--memory-budget', '1']);
    assert.match(result.stderr, /^error: The model "ember" needs \d+ MiB, but only 1 MiB/mu);
    assert.match(result.stderr, /--memory-budget/u);
    assert.equal(result.code, 1);
  });
});
