/**
 * Each connection is an open file on both sides: the server is a process of its own, and a limit below 11,000 open files
 * (`ulimit -n`) skips the test with a message.
 */
import assert from 'node:assert/strict';
import { execSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { describe, it } from 'node:test';
import { startServerProcess } from '../support/with-server.js';
import { frame, opcodes, RawSocket } from '../websocket/raw-frames.js';
import { SocketClient } from '../websocket/socket-client.js';

const count = 10_000;

function openFileLimit(): number {
  const limit = execSync('ulimit -n', { encoding: 'utf8', shell: '/bin/sh' }).trim();
  return limit === 'unlimited' ? Infinity : Number(limit);
}

const skip = openFileLimit() < count + 1000 && `it needs ${String(count + 1000)} open files; see ulimit -n`;

/** Of Linux; undefined elsewhere. */
function residentMebibytes(pid: number): number | undefined {
  try {
    const kibibytes = /VmRSS:\s+(\d+)/u.exec(readFileSync(`/proc/${String(pid)}/status`, 'utf8'))?.[1];
    return Math.round(Number(kibibytes) / 1024);
  } catch {
    return undefined;
  }
}

describe('10,000 idle WebSockets', { skip }, () => {
  it('are held, each still answers, and others are served meanwhile', { timeout: 300_000 }, async (context) => {
    await using server = await startServerProcess(['--parallel', '4']);
    const before = residentMebibytes(server.pid);
    const sockets: RawSocket[] = [];
    // In groups: the accept queue of the kernel is finite.
    for (let from = 0; from < count; from += 200) {
      const group = Array.from({ length: 200 }, () => RawSocket.open(server.port, 'permessage-deflate'));
      sockets.push(...(await Promise.all(group)));
    }
    const status = (await (await fetch(`${server.url}/metrics/queue/status`)).json()) as {
      readonly websocket: { readonly connections: number };
    };
    assert.equal(status.websocket.connections, count);
    const after = residentMebibytes(server.pid);
    context.diagnostic(`resident memory: ${String(before)} MiB before, ${String(after)} MiB with them`);

    const client = await SocketClient.open(server);
    client.chat('a', { messages: [{ role: 'user', content: 'Hello' }], max_tokens: 50, ignore_eos: true });
    assert.equal((await client.done('a')).usage?.completion_tokens, 50);
    await client.close();

    for (const raw of sockets) raw.write(frame(opcodes.text, '{"type":"ping","payload":"there?"}'));
    for (const raw of sockets) {
      await raw.until('a pong', () => raw.frames.length > 1);
      assert.equal(raw.messages[1]?.['payload'], 'there?');
    }
    // Half of them vanish, the server closes the others.
    for (const raw of sockets.slice(0, count / 2)) raw.socket.destroy();
    const stopped = server.stop();
    await Promise.all(sockets.map((raw) => raw.closed()));
    assert.equal(await stopped, 0);
    const last = sockets.at(-1)?.frames.at(-1);
    assert.deepEqual([last?.opcode, last?.payload.readUInt16BE(0)], [opcodes.close, 1001]);
  });
});
