import assert from 'node:assert/strict';
import { once } from 'node:events';
import { createBrotliDecompress, createGunzip, createInflate } from 'node:zlib';
import http from 'node:http';
import type { IncomingMessage } from 'node:http';
import type { Readable } from 'node:stream';
import { after, before, describe, it } from 'node:test';
import { decompress } from 'fzstd';
import { acceptedEncodings } from '../../lib/server/compression/accept-encoding.js';
import { EventClient } from '../sse/event-client.js';
import { startServer, type TestServer } from '../support/with-server.js';
import { SocketClient } from '../websocket/socket-client.js';

describe('Accept-Encoding', () => {
  const cases: readonly (readonly [header: string, best: string | undefined, identity: boolean])[] = [
    ['', undefined, true],
    ['gzip, deflate, br', 'br', true],
    ['gzip, deflate, br, zstd', 'zstd', true],
    ['gzip;q=1.0, br;q=0.5', 'gzip', true],
    ['GZIP', 'gzip', true],
    ['x-gzip', 'gzip', true],
    ['vibrate', undefined, true],
    ['br;q=0', undefined, true],
    ['*', 'zstd', true],
    ['*;q=0', undefined, false],
    ['zstd;q=0, *;q=0.3', 'br', true],
    ['identity;q=0', undefined, false],
    ['identity;q=0, gzip;q=0.1', 'gzip', false],
    ['identity, gzip;q=0.5', undefined, true],
    ['identity;q=0.5, gzip', 'gzip', true],
    ['gzip;q=2', undefined, true],
    [' gzip ; q=0.8 , deflate ; q = 0.9 ', 'deflate', true],
    [',,;q=1,', undefined, true],
  ];
  for (const [header, best, identity] of cases) {
    it(`${JSON.stringify(header)} means ${best ?? 'none'}`, () => {
      assert.deepEqual(acceptedEncodings(header), { best, identity });
    });
  }
});

const prompt = { prompt: 'Once upon a time', max_tokens: 60, temperature: 0, ignore_eos: true };

async function post(server: TestServer, body: unknown, accept: string): Promise<IncomingMessage> {
  return new Promise((resolve, reject) => {
    const headers = { 'content-type': 'application/json', 'accept-encoding': accept };
    const request = http.request(`${server.url}/v1/completions`, { method: 'POST', headers }, resolve);
    request.on('error', reject);
    request.end(JSON.stringify(body));
  });
}

const decoders = { gzip: createGunzip, deflate: createInflate, br: createBrotliDecompress } as const;

async function textOf(response: IncomingMessage): Promise<string> {
  const encoding = response.headers['content-encoding'];
  const bytes: Buffer[] = [];
  const source =
    encoding === 'gzip' || encoding === 'deflate' || encoding === 'br' ? response.pipe(decoders[encoding]()) : response;
  for await (const piece of source) bytes.push(piece as Buffer);
  return Buffer.from(encoding === 'zstd' ? decompress(Buffer.concat(bytes)) : Buffer.concat(bytes)).toString();
}

/** What differs between two answers to the same request. */
function withoutIdentity(text: string): string {
  return text.replaceAll(/"id":"[^"]*"|"created":\d+|"timings":\{[^}]*\}/gu, '');
}

describe('compressed answers', () => {
  let server: TestServer;
  before(async () => {
    server = await startServer();
  });
  after(async () => {
    await server.settled();
    await server[Symbol.asyncDispose]();
  });

  for (const encoding of ['zstd', 'br', 'gzip', 'deflate']) {
    it(`say the same in ${encoding}, streamed and whole`, async () => {
      for (const body of [
        { ...prompt, stream: true },
        { ...prompt, logprobs: 3 },
      ]) {
        const plain = await post(server, body, 'identity');
        assert.equal(plain.headers['content-encoding'], undefined);
        const compressed = await post(server, body, encoding);
        assert.equal(compressed.headers['content-encoding'], encoding);
        assert.equal(compressed.headers.vary, 'accept-encoding');
        const streams = 'stream' in body;
        const [a, b] = [await textOf(plain), await textOf(compressed)];
        if (!streams) assert.equal(withoutIdentity(b), withoutIdentity(a));
        else assert.equal(answerOf(b), answerOf(a));
      }
    });
  }

  it('say the same in every encoding of every kind of stream as over a WebSocket and whole', async () => {
    const { text: whole } = (
      JSON.parse(await textOf(await post(server, prompt, 'identity'))) as { choices: { text: string }[] }
    ).choices[0] ?? { text: '' };
    assert.ok(whole.length > 60);
    const client = await SocketClient.open(server);
    client.complete('a', prompt);
    await client.done('a');
    assert.equal(client.text('a'), whole);
    await client.close();
    for (const encoding of ['identity', 'gzip', 'deflate', 'br', 'zstd']) {
      const sent = encoding === 'identity' ? undefined : encoding;
      const openAi = await post(server, { ...prompt, stream: true }, encoding);
      assert.equal(openAi.headers['content-encoding'], sent);
      assert.equal(answerOf(await textOf(openAi)), whole);
      const query = { prompt: prompt.prompt, max_tokens: '60', temperature: '0', ignore_eos: 'true' };
      const headers = { 'accept-encoding': encoding };
      for (const options of [
        { query, headers },
        { body: prompt, headers },
      ]) {
        const events = await EventClient.open(server, options);
        assert.equal(events.response.headers['content-encoding'], sent);
        await events.over();
        assert.deepEqual([events.text(), events.events.at(-1)?.name], [whole, 'done'], encoding);
      }
    }
  });

  it('arrive while they are generated', async () => {
    for (const encoding of ['br', 'gzip', 'deflate'] as const) {
      const response = await post(server, { ...prompt, max_tokens: 2000, stream: true, user: 'live' }, encoding);
      const decoder = response.pipe(decoders[encoding]());
      const first = await firstOf(decoder);
      assert.match(first.toString(), /^data: \{/u);
      // Had it waited for the end, nothing would be left to cancel.
      assert.ok(server.model.stats().sequencesBusy > 0);
      response.destroy();
      await server.settled();
    }
  });

  it('are refused to who takes nothing that we send', async () => {
    const response = await post(server, prompt, 'identity;q=0, compress');
    assert.equal(response.statusCode, 406);
    assert.match(await textOf(response), /"code":"not_acceptable"/u);
  });

  it('stay plain where they are small, unless that is refused', async () => {
    const small = { ...prompt, max_tokens: 1 };
    assert.equal((await post(server, small, 'gzip')).headers['content-encoding'], undefined);
    assert.equal((await post(server, small, 'gzip, identity;q=0')).headers['content-encoding'], 'gzip');
  });

  it('are switched off by an option', async () => {
    await using off = await startServer({ compression: false });
    const response = await post(off, { ...prompt, stream: true }, 'gzip');
    assert.equal(response.headers['content-encoding'], undefined);
    assert.match(await textOf(response), /\[DONE\]/u);
  });
});

/** The text of a streamed completion. */
function answerOf(events: string): string {
  assert.match(events, /data: \[DONE\]\n\n$/u);
  const texts = [...events.matchAll(/^data: (\{.*\})$/gmu)].map(([, json = '']) => {
    const { choices } = JSON.parse(json) as { choices: { text: string }[] };
    return choices[0]?.text ?? '';
  });
  return texts.join('');
}

async function firstOf(stream: Readable): Promise<Buffer> {
  const [bytes] = (await once(stream, 'data')) as [Buffer];
  return bytes;
}
