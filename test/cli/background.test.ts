import assert from 'node:assert/strict';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, describe, it } from 'node:test';
import { eventually } from '../support/with-server.js';
import { runCli, startCli, type CliProcess } from './cli-process.js';

const urlLine = /^Inferno listens on (http:\/\/127\.0\.0\.1:\d+)$/mu;

describe('serve with background work', () => {
  let folder: string;
  before(async () => {
    folder = await mkdtemp(join(tmpdir(), 'inferno-state-'));
  });
  after(async () => {
    await rm(folder, { recursive: true, force: true });
  });

  async function start(flags: readonly string[], environment: NodeJS.ProcessEnv = {}): Promise<[CliProcess, string]> {
    const cli = startCli(['serve', '--port', '0', ...flags], environment);
    const [, url = ''] = await cli.waitForOutput(urlLine);
    return [cli, url];
  }

  async function stop(cli: CliProcess): Promise<string> {
    cli.child.kill('SIGTERM');
    const { code, stderr } = await cli.end();
    assert.equal(code, 0, stderr);
    return stderr;
  }

  async function submit(url: string): Promise<string> {
    const response = await fetch(`${url}/v1/completions`, {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify({ prompt: 'Once upon a time', max_tokens: 4, background: true }),
    });
    assert.equal(response.status, 202);
    return ((await response.json()) as { readonly id: string }).id;
  }

  async function completed(url: string, id: string): Promise<void> {
    await eventually('the request is completed', async () => {
      const found = (await (await fetch(`${url}/v1/background/${id}`)).json()) as { readonly status: string };
      return found.status === 'completed';
    });
  }

  it('--background keeps it in the user state folder, from one process to the next', async () => {
    const environment = { XDG_STATE_HOME: folder, LOCALAPPDATA: folder, HOME: folder };
    const [first, firstUrl] = await start(['--background'], environment);
    const id = await submit(firstUrl);
    await completed(firstUrl, id);
    assert.doesNotMatch(await stop(first), /warning/u);
    const [second, secondUrl] = await start(['--background'], environment);
    await completed(secondUrl, id);
    await stop(second);
  });

  it('a folder that another process uses is named with what to do, and ends it with 1', async () => {
    const journal = join(folder, 'shared');
    const [holder] = await start(['--journal', journal]);
    const result = await runCli(['serve', '--port', '0', '--journal', journal]);
    assert.match(result.stderr, /^error: .*shared.*in use/mu);
    assert.match(result.stderr, /choose another folder/u);
    assert.deepEqual([result.stdout, result.code], ['', 1]);
    await stop(holder);
  });

  it('damaged files are reported once, and what is good in them is kept', async () => {
    const journal = join(folder, 'damaged');
    const [first, firstUrl] = await start(['--journal', journal]);
    const id = await submit(firstUrl);
    await completed(firstUrl, id);
    first.child.kill('SIGKILL');
    await first.end();
    await writeFile(join(journal, 'journal-000000000009.checkpoint'), 'not a checkpoint');
    const [second, secondUrl] = await start(['--journal', journal]);
    await completed(secondUrl, id);
    const warnings = await stop(second);
    assert.equal(warnings.match(/^warning: /gmu)?.length, 1, warnings);
  });
});
