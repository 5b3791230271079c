import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';
import fc from 'fast-check';
import { startServer, type TestServer } from '../support/with-server.js';
import { frame, opcodes, RawSocket } from './raw-frames.js';
import { SocketClient } from './socket-client.js';

const types = ['chat_request', 'completion_request', 'cancel', 'ack', 'credit', 'ping', 'resume', 'nothing'];
const ids = fc.constantFrom<unknown>('a', 'b', 'a b', '', 'x'.repeat(65), 7, null, {}, '\u2028');
const anything = fc.oneof({ depthSize: 'small' }, fc.jsonValue(), fc.constantFrom<unknown>(-1, 1e308, 2 ** 53, [], {}));
const body = fc.record(
  {
    prompt: fc.oneof(fc.constant('Once'), anything),
    messages: fc.oneof(fc.constant([{ role: 'user', content: 'Hello' }]), anything),
    max_tokens: fc.oneof(fc.constant(2), anything),
    stream: anything,
    n: anything,
    background: anything,
    priority: anything,
    dependencies: anything,
    response_format: anything,
  },
  { requiredKeys: ['max_tokens'] },
);
const message = fc.record(
  {
    type: fc.oneof(fc.constantFrom<unknown>(...types), anything),
    id: ids,
    data: fc.oneof(body, anything),
    ack: anything,
    sequence: anything,
    tokens: anything,
    bytes: anything,
    payload: anything,
    resume_token: anything,
    streams: anything,
  },
  { requiredKeys: ['type'] },
);

describe('a client that says anything', () => {
  let server: TestServer;
  before(async () => {
    server = await startServer({ limits: { maxBodyBytes: 100_000 } });
  });
  after(async () => {
    await server.settled();
    await server[Symbol.asyncDispose]();
  });

  it('in text gets clear errors, and its connection goes on', async () => {
    const client = await SocketClient.open(server);
    let count = 0;
    await fc.assert(
      fc.asyncProperty(
        fc.oneof(
          message.map((one) => JSON.stringify(one)),
          fc.string(),
          fc.json(),
        ),
        async (sent) => {
          client.send(sent);
          await client.pong(`after ${String(count++)}`);
        },
      ),
      { numRuns: 400 },
    );
    const errors = client.messages.flatMap(({ type, error, status }) => (type === 'error' ? [{ error, status }] : []));
    assert.ok(errors.length > 100);
    for (const { error, status } of errors) {
      assert.ok(error !== undefined && error.message !== '' && error.type !== '' && error.code !== 'internal_error');
      assert.ok(status !== undefined && status >= 400 && status < 504);
    }
    await client.close();
  });

  it('deeply nested or with a million faults gets an error soon', async () => {
    const client = await SocketClient.open(server);
    const nested = (levels: number): string => '['.repeat(levels) + ']'.repeat(levels);
    client.send(`{"type":"chat_request","id":"deep","data":${nested(90)}}`);
    assert.equal((await client.ended('deep')).error?.code, 'invalid_argument');
    // Not even parsed, so that nobody knows their ids.
    const unread = (count: number): Promise<unknown> =>
      client.until(`${String(count)} errors without an id`, () => {
        const errors = client.messages.filter(({ error, id }) => error?.code === 'invalid_json' && id === undefined);
        return errors.length === count ? errors : undefined;
      });
    client.send(`{"type":"chat_request","id":"deeper","data":{"messages":${nested(45_000)}}}`);
    await unread(1);
    client.send(`{"type":"chat_request","id":"cut","data":${'['.repeat(45_000)}`);
    await unread(2);
    client.send({ type: 'resume', resume_token: 'x', streams: Array<number>(20_000).fill(7) });
    client.send(
      `{"type":"chat_request","id":"many","data":{"messages":[${Array<string>(20_000).fill('7').join(',')}]}}`,
    );
    assert.equal((await client.ended('many')).error?.code, 'invalid_argument');
    client.send('{"__proto__":{"type":"ping"},"constructor":1,"type":"__proto__"}');
    await client.pong('it goes on');
    await client.close();
  });

  it('in frames gets an answer or loses its connection, and harms nobody', async () => {
    const other = await SocketClient.open(server);
    const frames = fc.array(
      fc.record({
        opcode: fc.oneof({ weight: 4, arbitrary: fc.constantFrom(0, 1, 2, 8, 9, 10) }, fc.integer({ min: 0, max: 15 })),
        payload: fc.oneof(
          fc.uint8Array({ maxLength: 200 }),
          fc.json().map((text) => Buffer.from(text)),
        ),
        fin: fc.boolean(),
        reserved: fc.oneof({ weight: 8, arbitrary: fc.constant(0) }, fc.integer({ min: 0, max: 7 })),
        masked: fc.oneof({ weight: 8, arbitrary: fc.constant(true) }, fc.boolean()),
      }),
      { minLength: 1, maxLength: 6 },
    );
    await fc.assert(
      fc.asyncProperty(frames, fc.boolean(), async (all, isCompressed) => {
        const raw = await RawSocket.open(server.port, isCompressed ? 'permessage-deflate' : '');
        for (const { opcode, payload, ...options } of all) raw.write(frame(opcode, Buffer.from(payload), options));
        raw.write(frame(opcodes.close));
        raw.socket.end();
        await raw.closed();
        for (const one of raw.messages.slice(1)) assert.ok(one['type'] === 'error' || one['type'] === 'pong');
      }),
      { numRuns: 150 },
    );
    await other.pong('still served');
    await other.close();
  });

  it('in bytes loses its connection, and harms nobody', async () => {
    await fc.assert(
      fc.asyncProperty(fc.uint8Array({ maxLength: 3000 }), async (bytes) => {
        const raw = await RawSocket.open(server.port);
        raw.write(Buffer.from(bytes));
        raw.socket.end();
        await raw.closed();
      }),
      { numRuns: 100 },
    );
    const client = await SocketClient.open(server);
    client.complete('a', { prompt: 'Once', max_tokens: 2 });
    await client.done('a');
    await client.close();
  });
});
