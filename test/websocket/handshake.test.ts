import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import type { ServerOptions } from '../../lib/server/index.js';
import { eventually, startServer, startServerProcess, type TestServer } from '../support/with-server.js';
import { postText, RawConnection } from '../server/raw-connection.js';
import { RawSocket } from './raw-frames.js';
import { SocketClient } from './socket-client.js';

const load = { parallel: 1 };

async function statusOf(server: TestServer, headers: readonly string[], host?: string): Promise<number> {
  const raw = await RawSocket.handshake(server.port, headers, host);
  raw.socket.destroy();
  return raw.status;
}

describe('the upgrade', () => {
  it('takes inferno.v1, or no subprotocol, and refuses unknown ones with 400', async () => {
    await using server = await startServer({ load });
    const cases: readonly (readonly [string | undefined, number, string | undefined])[] = [
      [undefined, 101, undefined],
      ['inferno.v1', 101, 'inferno.v1'],
      ['inferno.v9, inferno.v1', 101, 'inferno.v1'],
      ['inferno.v2', 400, undefined],
      ['chat', 400, undefined],
      ['inferno.key.x', 400, undefined],
      ['inferno.key.x, inferno.v1', 101, 'inferno.v1'],
    ];
    for (const [offered, status, chosen] of cases) {
      const raw = await RawSocket.handshake(
        server.port,
        offered === undefined ? [] : [`Sec-WebSocket-Protocol: ${offered}`],
      );
      assert.equal(raw.status, status, offered);
      assert.equal(/sec-websocket-protocol: (.*)/iu.exec(raw.head)?.[1]?.trim(), chosen, offered);
      raw.socket.destroy();
    }
  });

  it('needs version 13, and what is no upgrade gets 426', async () => {
    await using server = await startServer({ load });
    const raw = await RawSocket.handshake(server.port, ['Sec-WebSocket-Version: 8']);
    assert.equal(raw.status, 426);
    assert.match(raw.head, /sec-websocket-version: 13/iu);
    raw.socket.destroy();
    const response = await fetch(`${server.url}/ws/stream`);
    assert.equal(response.status, 426);
    assert.equal(response.headers.get('upgrade'), 'websocket');
    assert.equal(((await response.json()) as { error: { code: string } }).error.code, 'upgrade_required');
    assert.equal((await fetch(`${server.url}/ws/stream`, { method: 'POST' })).status, 405);
  });

  it('asks for the key: as a header, or as a subprotocol where headers cannot be set', async () => {
    const keys = ['plain-key', 'with/odd=characters%'];
    await using server = await startServer({ load, apiKeys: keys });
    assert.equal(await statusOf(server, []), 401);
    assert.equal(await statusOf(server, ['Authorization: Bearer wrong']), 401);
    assert.equal(await statusOf(server, ['Sec-WebSocket-Protocol: inferno.v1, inferno.key.wrong']), 401);
    assert.equal(await statusOf(server, ['Sec-WebSocket-Protocol: inferno.v1, inferno.key.%zz']), 401);
    assert.equal(await statusOf(server, [`Authorization: Bearer ${keys[0] ?? ''}`]), 101);
    for (const key of keys) {
      const client = await SocketClient.open(server, {}, ['inferno.v1', `inferno.key.${encodeURIComponent(key)}`]);
      assert.equal(client.ws.protocol, 'inferno.v1');
      await client.close();
    }
  });

  it('lets a key ask for what is its own', async () => {
    const priorities = { keys: { gold: { max: 'vip' as const } } };
    await using server = await startServer({ load, apiKeys: ['gold', 'other'], priorities });
    for (const [key, type] of [
      ['gold', 'done'],
      ['other', 'error'],
    ] as const) {
      const client = await SocketClient.open(server, {
        headers: { authorization: `Bearer ${key}`, 'x-inferno-priority': 'vip' },
      });
      client.complete('a', { prompt: 'Once', max_tokens: 2 });
      assert.equal((await client.ended('a')).type, type);
      client.complete('b', { prompt: 'Once', max_tokens: 2, priority: 'low' });
      await client.done('b');
      await client.close();
    }
  });

  it('checks the origin of pages: its own host, those of the option cors, and no others', async () => {
    const own = (server: TestServer): string => `Origin: http://localhost:${String(server.port)}`;
    const ask = async (server: TestServer, origin: string): Promise<number> => {
      const raw = await RawSocket.handshake(server.port, [origin], `localhost:${String(server.port)}`);
      raw.socket.destroy();
      return raw.status;
    };
    await using closed = await startServer({ load });
    assert.equal(await ask(closed, own(closed)), 101);
    for (const origin of ['http://evil.example', 'null', 'http://localhost:1', 'not a url', 'file://']) {
      assert.equal(await ask(closed, `Origin: ${origin}`), 403, origin);
    }
    await using listed = await startServer({ load, cors: ['https://app.example'] });
    assert.equal(await ask(listed, 'Origin: https://app.example'), 101);
    assert.equal(await ask(listed, 'Origin: https://app.example.evil'), 403);
    assert.equal(await ask(listed, own(listed)), 101);
    await using open = await startServer({ load, cors: true });
    assert.equal(await ask(open, 'Origin: https://any.example'), 101);
  });

  it('is refused with 503 past the limit of connections, and slots come back', async () => {
    await using server = await startServer({ load, webSocket: { maxConnections: 2 } });
    const first = await SocketClient.open(server);
    const second = await SocketClient.open(server);
    for (let i = 0; i < 3; i++) {
      const raw = await RawSocket.handshake(server.port, []);
      assert.equal(raw.status, 503);
      assert.match(raw.head, /retry-after/iu);
      raw.socket.destroy();
    }
    second.ws.terminate();
    await eventually('the slot is free', async () => (await statusOf(server, [])) === 101);
    await first.close();
  });

  it('negotiates compression unless it is off', async () => {
    for (const compression of ['shared', 'dedicated', 'off'] as const) {
      await using server = await startServer({ load, webSocket: { compression } });
      const raw = await RawSocket.handshake(server.port, ['Sec-WebSocket-Extensions: permessage-deflate']);
      assert.equal(/permessage-deflate/iu.test(raw.head), compression !== 'off');
      raw.socket.destroy();
      const client = await SocketClient.open(server);
      const payload = 'again and again '.repeat(200);
      for (let i = 0; i < 3; i++) assert.equal((await client.pong(`${payload}${String(i)}`)).type, 'pong');
      client.complete('a', { prompt: 'Once', max_tokens: 20, ignore_eos: true });
      await client.done('a');
      await client.close();
    }
  });

  it('refuses options out of range', async () => {
    const wrong: Required<ServerOptions>['webSocket'][] = [
      { maxStreams: 0 },
      { idleTimeoutSeconds: 7 },
      { resumeGraceMs: 1.5 },
      { resumeGraceMs: -1 },
    ];
    for (const webSocket of wrong) await assert.rejects(startServer({ load, webSocket }), RangeError);
  });
});

describe('the Host header', () => {
  const names = (port: number): readonly (readonly [string, boolean])[] => [
    ['localhost', true],
    [`localhost:${String(port)}`, true],
    [`LOCALHOST:${String(port)}`, true],
    ['127.0.0.1', true],
    ['[::1]:80', true],
    ['rebound.example', false],
    [`rebound.example:${String(port)}`, false],
    ['localhost.evil.example', false],
    ['127.0.0.1.evil.example', false],
  ];

  async function httpStatus(server: TestServer, host: string, request: 'GET' | 'POST'): Promise<number> {
    const connection = await RawConnection.open(server.port);
    const body = { prompt: 'Once', max_tokens: 1 };
    connection.send(
      request === 'GET'
        ? `GET /health HTTP/1.1\r\nHost: ${host}\r\n\r\n`
        : postText('/v1/completions', body).replace('Host: localhost', `Host: ${host}`),
    );
    const { status, body: text } = await connection.answer();
    if (status !== 200) assert.match(text, /host_not_allowed/u);
    connection.destroy();
    return status;
  }

  it('of a server on loopback names loopback: pages that were given its address are refused', async () => {
    await using server = await startServer({ load, cors: true });
    for (const [host, isAllowed] of names(server.port)) {
      assert.equal(await httpStatus(server, host, 'GET'), isAllowed ? 200 : 403, host);
      assert.equal(await httpStatus(server, host, 'POST'), isAllowed ? 200 : 403, host);
      assert.equal(await statusOf(server, [`Origin: http://${host}`], host), isAllowed ? 101 : 403, host);
    }
    assert.equal((await fetch(`${server.url}/nothing`)).status, 404);
  });

  it('may name what the command line allows', async () => {
    await using server = await startServerProcess(['--allowed-host', 'inferno.internal']);
    const ask = async (host: string): Promise<number> => {
      const raw = await RawSocket.handshake(server.port, [], host);
      raw.socket.destroy();
      return raw.status;
    };
    assert.deepEqual([await ask('inferno.internal:80'), await ask('other.internal')], [101, 403]);
  });

  it('may name what the option allows, with and without a port', async () => {
    await using server = await startServer({ load, allowedHosts: ['inferno.internal', 'fd00::1'] });
    for (const host of ['inferno.internal', 'Inferno.Internal:8080', '[fd00::1]:8080', 'localhost']) {
      assert.equal(await httpStatus(server, host, 'GET'), 200, host);
    }
    assert.equal(await httpStatus(server, 'other.internal', 'GET'), 403);
    await using any = await startServer({ load, allowedHosts: ['*'] });
    assert.equal(await httpStatus(any, 'whatever.example', 'GET'), 200);
  });
});
