import assert from 'node:assert/strict';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, it } from 'node:test';
import { runCli, startCli } from './cli-process.js';

async function startServer(...flags: readonly string[]): Promise<AsyncDisposable & { readonly url: string }> {
  const cli = startCli(['serve', '--port', '0', '--ctx-size', '256', ...flags]);
  const [, url = ''] = await cli.waitForOutput(/^Inferno listens on (\S+)$/mu);
  await cli.waitForOutput(/^Ready:/mu);
  return { url, [Symbol.asyncDispose]: () => cli[Symbol.asyncDispose]() };
}

async function statusOf(url: string, priority: string, key?: string): Promise<number> {
  const response = await fetch(`${url}/v1/completions`, {
    method: 'POST',
    headers: {
      'content-type': 'application/json',
      'x-inferno-priority': priority,
      ...(key === undefined ? {} : { authorization: `Bearer ${key}` }),
    },
    body: JSON.stringify({ prompt: 'Once', max_tokens: 1 }),
  });
  await response.text();
  return response.status;
}

describe('serve: who may ask for which priority', () => {
  it('everybody on this machine for everything, unless told otherwise', async () => {
    await using server = await startServer();
    assert.equal(await statusOf(server.url, 'vip'), 200);
  });

  it('--max-priority lowers that', async () => {
    await using server = await startServer('--max-priority', 'normal');
    assert.deepEqual([await statusOf(server.url, 'normal'), await statusOf(server.url, 'high')], [200, 403]);
  });

  it('--vip-key names who may ask for vip', async () => {
    await using server = await startServer('--api-key', 'plain', '--vip-key', 'gold');
    assert.equal(await statusOf(server.url, 'vip', 'gold'), 200);
    assert.equal(await statusOf(server.url, 'high', 'plain'), 200);
    assert.equal(await statusOf(server.url, 'vip', 'plain'), 403);
    assert.equal(await statusOf(server.url, 'low'), 401);
  });
});

describe('serve: flags of the scheduler', () => {
  it('reach the engine', async () => {
    const folder = await mkdtemp(join(tmpdir(), 'inferno-cache-'));
    try {
      const cacheFlags = ['--cache-ram', '1', '--cache-disk', folder, '--cache-disk-mib', '2'];
      const otherFlags = ['--speculation', 'off', '--target-latency-ms', '500', '--draft-max', '4'];
      const flags = ['--scheduling', 'fifo', '--queue-capacity', '5', ...cacheFlags, ...otherFlags];
      await using server = await startServer(...flags);
      const response = await fetch(`${server.url}/metrics/queue/status`);
      const [model] = ((await response.json()) as { models: { policy: string; capacity: number; cache: object }[] })
        .models;
      assert.deepEqual([model?.policy, model?.capacity], ['fifo', 5]);
      const cache = model?.cache as { memory_limit_bytes: number; disk_limit_bytes: number };
      assert.deepEqual([cache.memory_limit_bytes, cache.disk_limit_bytes], [1024 * 1024, 2 * 1024 * 1024]);
    } finally {
      await rm(folder, { recursive: true, force: true });
    }
  });

  for (const flags of [
    ['--scheduling', 'lifo'],
    ['--max-priority', 'top'],
    ['--queue-capacity', '0'],
    ['--cache-ram', '-2'],
    ['--cache-disk', ' '],
    ['--speculation', 'on'],
    ['--draft-max', '17'],
  ]) {
    it(`refuses ${flags.join(' ')}`, async () => {
      const { code, stderr } = await runCli(['serve', ...flags]);
      assert.equal(code, 2);
      assert.ok(stderr.includes(flags[0] ?? ''), stderr);
    });
  }
});
