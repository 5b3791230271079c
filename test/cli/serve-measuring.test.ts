import assert from 'node:assert/strict';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, it } from 'node:test';
import { startServerProcess } from '../support/with-server.js';
import { runCli } from './cli-process.js';

const headers = { 'content-type': 'application/json', 'accept-encoding': 'gzip' };
const body = JSON.stringify({ prompt: 'Once', max_tokens: 400, ignore_eos: true });

describe('what inferno serve measures', () => {
  it('keeps what is usual in the file that was named', async () => {
    const folder = mkdtempSync(join(tmpdir(), 'inferno-baseline-'));
    try {
      const file = join(folder, 'baseline.json');
      await using server = await startServerProcess(['--profile-baseline', file]);
      const answer = await fetch(`${server.url}/v1/completions`, { method: 'POST', headers, body });
      await answer.text();
      assert.equal(answer.headers.get('content-encoding'), 'gzip');
      const saved = await fetch(`${server.url}/metrics/profiles/baseline`, { method: 'POST', headers });
      assert.equal(saved.status, 200);
      const { format } = JSON.parse(readFileSync(file, 'utf8')) as { readonly format: string };
      assert.equal(format, 'inferno-profile-baseline');
    } finally {
      rmSync(folder, { recursive: true });
    }
  });

  it('is nothing, and nothing is compressed, when both are switched off', async () => {
    await using server = await startServerProcess(['--no-profiling', '--no-compression']);
    const answer = await fetch(`${server.url}/v1/completions`, { method: 'POST', headers, body });
    await answer.text();
    assert.deepEqual([answer.status, answer.headers.get('content-encoding')], [200, null]);
    assert.equal((await fetch(`${server.url}/metrics/profiles/recent`)).status, 404);
    assert.equal((await fetch(`${server.url}/metrics`)).status, 404);
    assert.equal((await fetch(`${server.url}/health`)).status, 200);
  });

  it('cannot be both', async () => {
    const { code, stderr } = await runCli(['serve', '--no-profiling', '--profile-baseline', 'a.json']);
    assert.equal(code, 2);
    assert.match(stderr, /--no-profiling and --profile-baseline exclude each other/u);
  });
});
