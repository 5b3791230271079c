import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { completionsPath, sendEndless, startBusyServer, untilQueued } from '../support/busy-server.js';
import { eventually, startServer, type TestServer } from '../support/with-server.js';
import { levelOf } from '../../lib/server/queue-load.js';
import type { ErrorBody } from './openai-shapes.js';
import type { RawConnection } from './raw-connection.js';

const short = { prompt: 'Once', max_tokens: 1 };

async function refusal(server: TestServer, fields: object): Promise<readonly [number, string]> {
  const response = await server.post(completionsPath, { ...short, ...fields });
  const { error } = (await response.json()) as ErrorBody;
  const seconds = Number(response.headers.get('retry-after'));
  assert.ok(Number.isInteger(seconds) && seconds >= 1 && seconds <= 600, `Retry-After: ${String(seconds)}`);
  return [response.status, error.code];
}

async function levelIn(server: TestServer): Promise<string> {
  const response = await fetch(`${server.url}/metrics/queue/status`);
  return ((await response.json()) as { level: string }).level;
}

describe('back-pressure at the queue', () => {
  it('has three levels by how full it is', () => {
    assert.deepEqual([0, 0.69, 0.7, 0.89, 0.9, 1].map(levelOf), [
      'healthy',
      'healthy',
      'elevated',
      'elevated',
      'critical',
      'critical',
    ]);
  });

  it('refuses low and normal from 0.9 on, high from 0.95, everybody when it is full', async () => {
    const load = { scheduling: { queueCapacity: 20 } };
    await using server = await startBusyServer({ load, priorities: { max: 'vip' } });
    const clients: RawConnection[] = [];
    assert.equal(await levelIn(server), 'healthy');
    clients.push(await sendEndless(server, 14));
    await untilQueued(server, 14);
    clients.push(await sendEndless(server, 4));
    await untilQueued(server, 18);
    // 18 of 20: critical.
    assert.deepEqual(await refusal(server, { priority: 'low' }), [503, 'overloaded']);
    assert.deepEqual(await refusal(server, {}), [503, 'overloaded']);
    assert.equal(await levelIn(server), 'critical');
    clients.push(await sendEndless(server, 1, { priority: 'high' }));
    await untilQueued(server, 19);
    // 19 of 20.
    assert.deepEqual(await refusal(server, { priority: 'high' }), [503, 'overloaded']);
    assert.equal((await fetch(`${server.url}/health/ready`)).status, 200);
    clients.push(await sendEndless(server, 1, { priority: 'vip' }));
    await untilQueued(server, 20);
    assert.deepEqual(await refusal(server, { priority: 'vip' }), [429, 'queue_full']);
    assert.deepEqual(await refusal(server, { priority: 'low' }), [429, 'queue_full']);
    for (const client of clients) client.destroy();
    await untilQueued(server, 0);
  });

  it('is not ready while the queue is full, but lives', async () => {
    await using server = await startBusyServer({ load: { scheduling: { queueCapacity: 2 } } });
    const waiting = await sendEndless(server, 2);
    await untilQueued(server, 2);
    const ready = await fetch(`${server.url}/health/ready`);
    assert.equal(ready.status, 503);
    assert.match(ready.headers.get('retry-after') ?? '', /^\d+$/);
    assert.equal(((await ready.json()) as ErrorBody).error.code, 'overloaded');
    const live = await fetch(`${server.url}/health`);
    assert.equal(live.status, 200);
    waiting.destroy();
    // The scheduler lets them go first, the server when their ends have been drained.
    await eventually(
      'the server is ready again',
      async () => (await fetch(`${server.url}/health/ready`)).status === 200,
    );
  });

  it('refuses a request of more generations than there is room for, and takes one that finds free sequences', async () => {
    const load = { parallel: 4, contextSize: 256, scheduling: { queueCapacity: 2 } };
    await using server = await startServer({ load });
    const fits = await server.post(completionsPath, { ...short, n: 6 });
    assert.equal(fits.status, 200);
    await fits.text();
    assert.deepEqual(await refusal(server, { n: 7 }), [429, 'queue_full']);
  });
});
