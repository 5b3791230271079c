import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';
import { startServer, type TestServer } from '../support/with-server.js';
import type { ErrorBody, TextAnswer } from './openai-shapes.js';
import { postText, RawConnection, type RawAnswer } from './raw-connection.js';

const maxBodyBytes = 20_000;
const path = '/v1/completions';
const head = (...lines: string[]): string =>
  `${['POST /v1/completions HTTP/1.1', 'Host: localhost', 'Content-Type: application/json', ...lines].join('\r\n')}\r\n\r\n`;
const codeOf = (answer: RawAnswer): string => (JSON.parse(answer.body) as ErrorBody).error.code;

describe('requests as bytes', () => {
  let server: TestServer;
  before(async () => {
    server = await startServer({ limits: { maxBodyBytes, bodyTimeoutMs: 1000 } });
  });
  after(async () => {
    await server.settled();
    await server[Symbol.asyncDispose]();
  });

  const isAlive = async (): Promise<void> => {
    const response = await fetch(`${server.url}/health`);
    assert.equal(response.status, 200);
    await response.text();
  };

  it('answers a body declared too large 413, takes it, and goes on with the connection', async () => {
    const connection = await RawConnection.open(server.port);
    connection.send(head(`Content-Length: ${String(maxBodyBytes + 1)}`));
    const answer = await connection.answer();
    assert.deepEqual([answer.status, codeOf(answer)], [413, 'body_too_large']);
    connection.send('x'.repeat(maxBodyBytes + 1));
    connection.send('GET /health HTTP/1.1\r\nHost: localhost\r\n\r\n');
    await connection.until('{"status":"ok"');
    connection.destroy();
  });

  it('closes the connection when far too much is declared', async () => {
    const connection = await RawConnection.open(server.port);
    connection.send(head('Content-Length: 99999999999'));
    const answer = await connection.answer();
    assert.equal(answer.status, 413);
    assert.equal(answer.headers['connection'], 'close');
    await connection.closed();
  });

  it('answers a chunked body that grows too large 413', async () => {
    const connection = await RawConnection.open(server.port);
    connection.send(head('Transfer-Encoding: chunked'));
    const chunk = `${(10_000).toString(16)}\r\n${'x'.repeat(10_000)}\r\n`;
    connection.send(chunk.repeat(4));
    connection.send('0\r\n\r\n');
    assert.equal((await connection.answer()).status, 413);
    connection.destroy();
  });

  it('does not read a chunked body without end', async () => {
    const connection = await RawConnection.open(server.port);
    connection.send(head('Transfer-Encoding: chunked'));
    const chunk = `${(10_000).toString(16)}\r\n${'x'.repeat(10_000)}\r\n`;
    const feed = setInterval(() => {
      if (connection.isClosed) clearInterval(feed);
      else connection.send(chunk);
    }, 1);
    await connection.closed();
    clearInterval(feed);
    await isAlive();
  });

  it('reads a chunked body, and one in many pieces', async () => {
    const body = JSON.stringify({ prompt: 'Once — é 漢', max_tokens: 2, ignore_eos: true });
    const bytes = Buffer.from(body);
    const chunked = await RawConnection.open(server.port);
    chunked.send(head('Transfer-Encoding: chunked'));
    for (const byte of bytes)
      chunked.send(Buffer.concat([Buffer.from('1\r\n'), Buffer.from([byte]), Buffer.from('\r\n')]));
    chunked.send('0\r\n\r\n');
    const answer = await chunked.answer();
    assert.equal(answer.status, 200);
    assert.equal((JSON.parse(answer.body) as TextAnswer).usage?.completion_tokens, 2);
    chunked.destroy();

    const pieces = await RawConnection.open(server.port);
    const request = postText(path, { prompt: 'Once — é 漢', max_tokens: 2 });
    // The request line in one piece: this uWebSockets.js takes a cut one for another version of HTTP.
    const afterLine = request.indexOf('\r\n') + 2;
    pieces.send(request.slice(0, afterLine));
    for (const byte of Buffer.from(request.slice(afterLine))) {
      pieces.send(Buffer.from([byte]));
      if (byte === 0x2c) await new Promise((resolve) => setImmediate(resolve));
    }
    assert.equal((await pieces.answer()).status, 200);
    pieces.destroy();
  });

  it('answers a body that does not arrive 408 and closes', async () => {
    const connection = await RawConnection.open(server.port);
    connection.send(`${head('Content-Length: 100')}{"prompt":`);
    const answer = await connection.answer();
    assert.deepEqual([answer.status, codeOf(answer)], [408, 'request_timeout']);
    await connection.closed();
  });

  it('sends 100 Continue to who waits for it', async () => {
    const body = JSON.stringify({ prompt: 'Once', max_tokens: 1 });
    const connection = await RawConnection.open(server.port);
    connection.send(head('Expect: 100-continue', `Content-Length: ${String(body.length)}`));
    await connection.until('HTTP/1.1 100 Continue\r\n\r\n');
    connection.send(body);
    await connection.until('"object":"text_completion"');
    connection.destroy();
  });

  it('refuses what is not HTTP/1.1 and closes, without harm to others', async () => {
    for (const bytes of [
      'GET /health HTTP/1.0\r\n\r\n',
      '\u0000\u0001\u0002\r\n\r\n',
      'GET /health SPDY/3\r\n\r\n',
      'OPTIONS * HTTP/1.1\r\nHost: localhost\r\n\r\n',
      head('Content-Length: -4'),
      head('Content-Length: 4', 'Transfer-Encoding: chunked'),
      head('Transfer-Encoding: chunked').concat('zz\r\n'),
    ]) {
      const connection = await RawConnection.open(server.port);
      connection.send(bytes);
      await connection.closed();
      assert.doesNotMatch(connection.received, /^HTTP\/1.1 2/, bytes);
    }
    await isAlive();
  });

  it('answers requests sent at once in order, or closes; it never mixes answers', async () => {
    const connection = await RawConnection.open(server.port);
    connection.send('GET /health HTTP/1.1\r\nHost: localhost\r\n\r\n'.repeat(20));
    while (connection.received.split('{"status":"ok"').length < 21) {
      await new Promise((resolve) => connection.socket.once('data', resolve));
    }
    connection.destroy();

    // A generation cannot be answered at once: a second request behind it ends the connection and cancels the first.
    const behind = await RawConnection.open(server.port);
    behind.send(postText(path, { prompt: 'Once', max_tokens: 900, ignore_eos: true }).repeat(2));
    await behind.closed();
    await server.settled();
  });

  it('keeps ids that are sane and replaces the others', async () => {
    const idFor = async (sent: string): Promise<string | undefined> => {
      const connection = await RawConnection.open(server.port);
      connection.send(`GET /health HTTP/1.1\r\nHost: localhost\r\nX-Request-Id: ${sent}\r\n\r\n`);
      const answer = await connection.answer();
      connection.destroy();
      return answer.headers['x-request-id'];
    };
    assert.equal(await idFor('abc-1.2:3_4'), 'abc-1.2:3_4');
    assert.match((await idFor('<script>')) ?? '', /^req_\w{29}$/);
    assert.match((await idFor('x'.repeat(500))) ?? '', /^req_\w{29}$/);
  });

  it('survives header sections that are too large', async () => {
    const many = await RawConnection.open(server.port);
    many.send(`GET /health HTTP/1.1\r\nHost: localhost\r\n${'a: b\r\n'.repeat(5000)}`);
    const long = await RawConnection.open(server.port);
    for (let i = 0; i < 20; i++) {
      long.send(`${i === 0 ? 'GET /health HTTP/1.1\r\nHost: localhost\r\nA: ' : ''}${'b'.repeat(10_000)}`);
      await new Promise((resolve) => setImmediate(resolve));
    }
    await isAlive();
    many.destroy();
    long.destroy();
  });
});
