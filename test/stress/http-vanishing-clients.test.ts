import assert from 'node:assert/strict';
import { readdirSync, readFileSync } from 'node:fs';
import { describe, it } from 'node:test';
import { postText, RawConnection } from '../server/raw-connection.js';
import { eventually, startServer, startServerProcess } from '../support/with-server.js';

const path = '/v1/completions';
const request = postText(path, { prompt: 'Once upon a time', max_tokens: 100_000, ignore_eos: true, stream: true });

async function vanish(port: number, index: number): Promise<void> {
  const connection = await RawConnection.open(port);
  connection.send(request);
  if (index % 2 === 0)
    await Promise.race([connection.until('data: '), new Promise((resolve) => setTimeout(resolve, 50))]);
  connection.destroy();
}

async function vanishing(port: number, count: number): Promise<void> {
  for (let from = 0; from < count; from += 100) {
    await Promise.allSettled(Array.from({ length: 100 }, (_, i) => vanish(port, from + i)));
  }
}

describe('1,000 clients that start a stream and vanish', () => {
  it('leave no sequence busy and no connection open', { timeout: 300_000 }, async () => {
    await using server = await startServer();
    await vanishing(server.port, 1000);
    await server.settled();
    await eventually('all connections are closed', () => server.server.connections === 0);
  });

  const isLinux = process.platform === 'linux';
  it(
    'leave no file descriptor open and resident memory flat',
    { timeout: 300_000, skip: isLinux ? false : 'reads /proc' },
    async (context) => {
      await using server = await startServerProcess();
      const descriptors = (): number => readdirSync(`/proc/${String(server.pid)}/fd`).length;
      const residentKb = (): number =>
        Number(/VmRSS:\s+(\d+)/.exec(readFileSync(`/proc/${String(server.pid)}/status`, 'utf8'))?.[1]);
      const openAtRest = descriptors();
      // Three times to fill pools and heaps to their working size; what comes after must not add to it.
      await vanishing(server.port, 1000);
      await vanishing(server.port, 1000);
      await eventually('its descriptors are closed', () => descriptors() <= openAtRest);
      const before = residentKb();
      await vanishing(server.port, 1000);
      await eventually('its descriptors are closed again', () => descriptors() <= openAtRest);
      const grownKb = residentKb() - before;
      context.diagnostic(`resident memory grew by ${String(grownKb)} KiB`);
      assert.ok(grownKb < 32 * 1024, `grew by ${String(grownKb)} KiB`);
    },
  );
});
