import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { postText, RawConnection } from '../server/raw-connection.js';
import { startServerProcess } from '../support/with-server.js';

const path = '/v1/completions';
const starts = [
  '',
  'POST /v1/comp',
  'POST /v1/completions HTTP/1.1\r\nHost: localhost\r\nContent-Le',
  postText(path, { prompt: 'x' }).slice(0, -3),
];

async function openAll(count: number, open: (index: number) => Promise<RawConnection>): Promise<RawConnection[]> {
  const connections: RawConnection[] = [];
  // In groups: the accept queue of the kernel is finite.
  for (let from = 0; from < count; from += 200) {
    const group = Array.from({ length: Math.min(200, count - from) }, (_, i) => open(from + i));
    connections.push(...(await Promise.all(group)));
  }
  return connections;
}

async function healthTimesMs(url: string, count: number): Promise<number[]> {
  const times: number[] = [];
  for (let i = 0; i < count; i++) {
    const start = performance.now();
    const response = await fetch(`${url}/health`);
    await response.text();
    assert.equal(response.status, 200);
    times.push(performance.now() - start);
  }
  return times.sort((a, b) => a - b);
}

describe('4,000 half-open connections and 500 clients that never read', () => {
  it('leave /health answering', { timeout: 300_000 }, async (context) => {
    await using server = await startServerProcess(['--parallel', '16']);
    // The first fetch of a process loads what it is made of, which takes longer than any answer.
    await healthTimesMs(server.url, 1);
    const silent = await openAll(4000, async (i) => {
      const connection = await RawConnection.open(server.port);
      connection.send(starts[i % starts.length] ?? '');
      return connection;
    });
    const deaf = await openAll(500, async () => {
      const connection = await RawConnection.open(server.port);
      connection.socket.pause();
      connection.send(postText(path, { prompt: 'Once', max_tokens: 400, stream: true, ignore_eos: true }));
      return connection;
    });
    const times = await healthTimesMs(server.url, 200);
    const at = (part: number): string => (times[Math.floor(times.length * part)] ?? NaN).toFixed(2);
    const quick = times.filter((time) => time < 10).length;
    const share = `${String(quick)} of ${String(times.length)} under 10 ms`;
    context.diagnostic(`/health: median ${at(0.5)} ms, p95 ${at(0.95)} ms, p99 ${at(0.99)} ms, ${share}`);
    for (const connection of [...silent, ...deaf]) connection.destroy();
    assert.equal(await server.stop(), 0);
  });
});
