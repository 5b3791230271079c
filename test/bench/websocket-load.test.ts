/** The load generator over WebSockets: frames by property, answers and misbehaviour by real sockets. */
import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { once } from 'node:events';
import { createServer, type AddressInfo, type Socket } from 'node:net';
import { after, before, describe, it } from 'node:test';
import fc from 'fast-check';
import { AnswerFault } from '../../lib/bench/load/http-answer.js';
import { runLoad, type LoadOptions, type LoadResult } from '../../lib/bench/load/run-load.js';
import { clientFrame, FrameReader, opcodes } from '../../lib/bench/load/websocket-frames.js';
import { WebSocketTransport } from '../../lib/bench/load/websocket-transport.js';
import { startServer, type TestServer } from '../support/with-server.js';

const request = { prompt: 'Once upon a time', maxTokens: 8 };

function readerOf(texts: string[], pings: string[] = []): FrameReader {
  return new FrameReader({
    onText: (text) => texts.push(text),
    onPing: (payload) => pings.push(payload.toString()),
    onClose: (code) => texts.push(`closed ${String(code)}`),
  });
}

/** As a server sends it: without a mask. */
function serverFrame(opcode: number, text: string, isFinal = true): Buffer {
  const payload = Buffer.from(text);
  const head =
    payload.length < 126
      ? Buffer.from([0, payload.length])
      : payload.length < 0x1_0000
        ? Buffer.from([0, 126, payload.length >> 8, payload.length & 0xff])
        : Buffer.concat([
            Buffer.from([0, 127, 0, 0, 0, 0]),
            Buffer.from(Uint32Array.of(payload.length).buffer).swap32(),
          ]);
  head[0] = (isFinal ? 0x80 : 0) | opcode;
  return Buffer.concat([head, payload]);
}

describe('WebSocket frames', () => {
  it('are found wherever TCP cut them, of all lengths, with control frames between fragments', () => {
    const long = 'é'.repeat(40_000);
    const bytes = Buffer.concat([
      serverFrame(opcodes.text, 'a'),
      serverFrame(opcodes.text, 'é'.repeat(100)),
      serverFrame(opcodes.text, 'first ', false),
      serverFrame(opcodes.ping, 'there?'),
      serverFrame(opcodes.continuation, 'second'),
      serverFrame(opcodes.text, long),
      serverFrame(opcodes.close, '\u0003\u0068'),
    ]);
    fc.assert(
      fc.property(fc.array(fc.nat(bytes.length - 1), { maxLength: 30 }), (places) => {
        const texts: string[] = [];
        const pings: string[] = [];
        const reader = readerOf(texts, pings);
        const cuts = [...new Set([0, ...places])].sort((a, b) => a - b);
        for (const [index, from] of cuts.entries()) reader.push(bytes.subarray(from, cuts[index + 1]), 0);
        assert.deepEqual(texts, ['a', 'é'.repeat(100), 'first second', long, 'closed 872']);
        assert.deepEqual(pings, ['there?']);
      }),
    );
  });

  it('of a client are masked and say what was put in', () => {
    for (const length of [0, 1, 125, 126, 65_535, 65_536]) {
      const payload = Buffer.alloc(length, 'x');
      const frame = clientFrame(opcodes.text, payload);
      const masked = frame.subarray(-length - 4);
      assert.equal((frame[1] ?? 0) & 0x80, 0x80);
      const unmasked = masked.subarray(4).map((byte, at) => byte ^ (masked[at % 4] ?? 0));
      assert.ok(payload.equals(unmasked));
    }
  });

  it('that no server sends are faults', () => {
    for (const bytes of [
      [0xc1, 0],
      [0x81, 0x80],
      [0x83, 0],
      [0x81, 127, 0, 0, 1, 0, 0, 0, 0, 0],
    ]) {
      assert.throws(() => {
        readerOf([]).push(Buffer.from(bytes), 0);
      }, AnswerFault);
    }
  });
});

async function loadOf(url: string, options: Partial<LoadOptions> = {}, streamsPerConnection = 4): Promise<LoadResult> {
  const transport = new WebSocketTransport({ url, api: 'completions', streamsPerConnection });
  const arrivals = { kind: 'closed', concurrency: 6 } as const;
  return runLoad({ transport, requestAt: () => request, timeoutMs: 30_000, arrivals, requests: 1, ...options });
}

describe('a load over WebSockets', () => {
  let server: TestServer;
  before(async () => {
    server = await startServer({ load: { contextSize: 8192, parallel: 8 } });
  });
  after(async () => {
    await server.settled();
    await server[Symbol.asyncDispose]();
  });

  for (const api of ['completions', 'chat'] as const) {
    it(`brings every token of ${api}, of many streams on few connections`, async () => {
      const transport = new WebSocketTransport({ url: server.url, api, streamsPerConnection: 4 });
      const { summary, records } = await loadOf(server.url, { transport, requests: 24 });
      assert.deepEqual([summary.succeeded, summary.tokens, summary.errors], [24, 24 * 8, {}]);
      for (const { tokenTimes, sentAt, firstByteAt, endedAt, promptTokens } of records) {
        const times = [sentAt ?? -1, firstByteAt ?? -1, ...tokenTimes, endedAt];
        assert.deepEqual(
          times,
          [...times].sort((a, b) => a - b),
        );
        assert.ok(tokenTimes.length > 0 && (promptTokens ?? 0) > 0);
      }
    });
  }

  it('leaves single streams of a connection, and the server frees them', async () => {
    const requestAt = (): typeof request & { cancelAfterPieces: number } => {
      return { ...request, maxTokens: 5000, cancelAfterPieces: 2 };
    };
    const { summary } = await loadOf(server.url, { requestAt, requests: 12 });
    assert.deepEqual([summary.cancelled, summary.failed], [12, 0]);
    await server.settled();
  });

  it('reports refusals by their status', async () => {
    const requestAt = (): typeof request => ({ ...request, maxTokens: -1 });
    const { summary } = await loadOf(server.url, { requestAt, requests: 2 });
    assert.deepEqual(summary.errors, { 'http 400': 2 });
  });
});

describe('a server without WebSockets', () => {
  async function against(onUpgrade: (socket: Socket, accept: string) => void): Promise<LoadResult> {
    const sockets = new Set<Socket>();
    const server = createServer((socket) => {
      sockets.add(socket);
      socket.on('error', () => undefined);
      socket.once('data', (head: Buffer) => {
        const key = /sec-websocket-key: (\S+)/iu.exec(head.toString())?.[1] ?? '';
        onUpgrade(socket, createHash('sha1').update(`${key}258EAFA5-E914-47DA-95CA-C5AB0DC85B11`).digest('base64'));
      });
    });
    server.listen(0, '127.0.0.1');
    await once(server, 'listening');
    try {
      const { port } = server.address() as AddressInfo;
      return await loadOf(`http://127.0.0.1:${String(port)}`, { timeoutMs: 1000 });
    } finally {
      for (const socket of sockets) socket.destroy();
      server.close();
    }
  }
  const upgrade = (accept: string): string =>
    `HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Accept: ${accept}\r\n\r\n`;

  for (const [what, kind, behave] of [
    ['answers 404', 'http 404', (socket) => socket.end('HTTP/1.1 404 Not Found\r\nContent-Length: 0\r\n\r\n')],
    ['closes', 'closed', (socket) => socket.destroy()],
    ['does not know the key', 'protocol', (socket) => socket.write(upgrade('nonsense'))],
    ['is silent after the handshake', 'timeout', (socket, accept) => socket.write(upgrade(accept))],
    [
      'sends no JSON',
      'protocol',
      (socket, accept) => socket.write(Buffer.concat([Buffer.from(upgrade(accept)), serverFrame(1, '{')])),
    ],
    [
      'closes with a code',
      'closed',
      (socket, accept) => socket.write(Buffer.concat([Buffer.from(upgrade(accept)), serverFrame(8, '\u0003\u0068')])),
    ],
  ] as readonly (readonly [string, string, (socket: Socket, accept: string) => void])[]) {
    it(`${what}: \`${kind}\``, async () => {
      const { summary } = await against(behave);
      assert.deepEqual(summary.errors, { [kind]: 1 });
    });
  }
});
