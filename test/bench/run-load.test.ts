/** The load generator against a real server, and against servers that misbehave. */
import assert from 'node:assert/strict';
import type { Socket } from 'node:net';
import { after, before, describe, it } from 'node:test';
import { HttpTransport } from '../../lib/bench/load/http-transport.js';
import type { OpenAiApi } from '../../lib/bench/load/openai-stream.js';
import { gapsOf, timeToFirstToken } from '../../lib/bench/load/request-record.js';
import { runLoad, type LoadOptions, type LoadProgress, type LoadResult } from '../../lib/bench/load/run-load.js';
import { startServer, type TestServer } from '../support/with-server.js';
import { chunk, piece, RawServer, streamHead, wholeStream } from './raw-server.js';

const request = { prompt: 'Once upon a time', maxTokens: 8 };
const one = { arrivals: { kind: 'constant', perSecond: 1000 }, requests: 1 } as const;

async function loadOf(
  url: string,
  options: Partial<LoadOptions> = {},
  api: OpenAiApi = 'completions',
): Promise<LoadResult> {
  const transport = new HttpTransport({ url, api });
  return runLoad({ transport, requestAt: () => request, timeoutMs: 30_000, ...one, ...options });
}

/** What comes of one request to a server that behaves like this. */
async function oneAgainst(
  behave: (socket: Socket, number: number) => void,
  options: Partial<LoadOptions> = {},
): Promise<LoadResult & { readonly server: RawServer }> {
  await using server = new RawServer(behave);
  return { ...(await loadOf(await server.listen(), options)), server };
}

describe('a load on a real server', () => {
  let server: TestServer;
  before(async () => {
    server = await startServer({ load: { contextSize: 8192, parallel: 8 } });
  });
  after(async () => {
    await server.settled();
    await server[Symbol.asyncDispose]();
  });

  for (const api of ['completions', 'chat'] as const) {
    it(`of ${api} brings every token at its time, however requests arrive`, async () => {
      for (const arrivals of [
        { kind: 'poisson', perSecond: 200, seed: 1 },
        { kind: 'constant', perSecond: 200 },
        { kind: 'closed', concurrency: 5 },
      ] as const) {
        const { summary, records } = await loadOf(server.url, { arrivals, requests: 20 }, api);
        assert.deepEqual([summary.requests, summary.succeeded, summary.failed, summary.errors], [20, 20, 0, {}]);
        assert.deepEqual([summary.tokens, records.length], [160, 20]);
        assert.deepEqual([summary.firstTokenMs?.count, summary.endToEndMs?.count], [20, 20]);
        for (const record of records) {
          const { intendedAt, sentAt, firstByteAt, tokenTimes, endedAt } = record;
          const times = [intendedAt, sentAt ?? -1, firstByteAt ?? -1, ...tokenTimes, endedAt];
          assert.deepEqual(
            times,
            [...times].sort((a, b) => a - b),
          );
          assert.deepEqual([record.status, record.outcome, record.tokens], [200, 'ok', 8]);
          assert.ok((record.promptTokens ?? 0) > 0);
        }
      }
      await server.settled();
    });
  }

  it('keeps no more open than a closed loop may have, and uses its connections again', async () => {
    let most = 0;
    const onProgress = ({ open }: LoadProgress): void => {
      most = Math.max(most, open);
    };
    const { records } = await loadOf(server.url, {
      arrivals: { kind: 'closed', concurrency: 3 },
      requests: 12,
      onProgress,
    });
    const events = records.flatMap(({ intendedAt, endedAt }) => [
      { at: intendedAt, change: 1 },
      { at: endedAt, change: -1 },
    ]);
    // Where one ends at the moment the next begins, the end comes first.
    events.sort((a, b) => a.at - b.at || a.change - b.change);
    let open = 0;
    for (const { change } of events) {
      open += change;
      assert.ok(open <= 3);
    }
    assert.ok(most <= 3);
  });

  it('does not count the warm-up, and returns no more records than asked for', async () => {
    const seen: number[] = [];
    const { summary, records } = await loadOf(server.url, {
      requests: 10,
      warmUpRequests: 4,
      keepRecords: 2,
      onRecord: ({ index }) => seen.push(index),
    });
    assert.equal(summary.requests, 6);
    assert.equal(records.length, 2);
    assert.ok(records.every(({ index }) => index >= 4));
    assert.equal(seen.length, 10);
  });

  it('leaves as planned, which is no failure, and frees the sequences', async () => {
    const requestAt = (index: number): typeof request & { cancelAfterPieces: number } => {
      return { ...request, maxTokens: 1000, cancelAfterPieces: index % 4 };
    };
    const { summary, records } = await loadOf(server.url, { requests: 12, requestAt });
    assert.deepEqual([summary.cancelled, summary.failed, summary.succeeded], [12, 0, 0]);
    for (const { index, tokenTimes } of records) assert.equal(tokenTimes.length, index % 4);
    await server.settled();
  });

  it('stops when told to: what is open is cut off and does not count', async () => {
    const stop = new AbortController();
    const { summary } = await loadOf(server.url, {
      requests: 1000,
      arrivals: { kind: 'closed', concurrency: 2 },
      requestAt: (index) => {
        // With two at once, the first four have ended when the sixth is sent.
        if (index === 5)
          setImmediate(() => {
            stop.abort();
          });
        return { ...request, maxTokens: index < 4 ? 4 : 100_000 };
      },
      signal: stop.signal,
    });
    assert.deepEqual([summary.requests, summary.succeeded, summary.aborted], [4, 4, 2]);
    await server.settled();
  });

  it('tells how it is going, and how it was at the end', async () => {
    const told: LoadProgress[] = [];
    await loadOf(server.url, { requests: 5, onProgress: (progress) => told.push(progress) });
    const last = told.at(-1);
    assert.deepEqual([last?.sent, last?.open, last?.ended, last?.failed, last?.tokens], [5, 0, 5, 0, 40]);
  });

  it('reports refusals by their status, with the words of the first', async () => {
    const { summary } = await loadOf(server.url, { requests: 3, requestAt: () => ({ ...request, maxTokens: -1 }) });
    assert.deepEqual(summary.errors, { 'http 400': 3 });
    assert.match(summary.firstFailures['http 400'] ?? '', /max_tokens/u);
    assert.equal(summary.firstTokenMs, undefined);
  });

  it('says that the generator was late when it was, and counts from the intended time all the same', async () => {
    const blockMs = 120;
    setTimeout(() => {
      const until = performance.now() + blockMs;
      while (performance.now() < until);
    }, 50);
    const arrivals = { kind: 'constant', perSecond: 100 } as const;
    const { summary, records } = await loadOf(server.url, { arrivals, requests: 30 });
    for (const record of records) {
      assert.ok((record.sentAt ?? 0) >= record.intendedAt);
      assert.equal(timeToFirstToken(record), (record.tokenTimes[0] ?? 0) - record.intendedAt);
    }
    // The first that was meant to be sent during the block is late by all of it but the 10 ms to the one before.
    assert.ok((summary.generator.latenessMs?.max ?? 0) >= blockMs - 10);
    assert.ok(summary.generator.limits.length > 0);
    assert.ok(summary.generator.cpuLoad > 0);
  });
});

describe('an open loop', () => {
  it('does not wait for a server that stalls: later requests are sent, and charged for the stall', async () => {
    const waiting: Socket[] = [];
    // Nothing is answered before all have come; a client that waits for answers would wait for ever.
    const { summary, records } = await oneAgainst(
      (socket) => {
        waiting.push(socket);
        if (waiting.length === 10) for (const each of waiting) each.write(wholeStream(3));
      },
      { arrivals: { kind: 'constant', perSecond: 50 }, requests: 10 },
    );
    assert.equal(summary.succeeded, 10);
    const times = [...records].sort((a, b) => a.index - b.index).map((record) => timeToFirstToken(record) ?? 0);
    // Sent 20 ms apart and answered together: each waited 20 ms less than the one before, but for jitter of the answers.
    const span = (times[0] ?? 0) - (times[9] ?? 0);
    assert.ok(span > 0 && times.every((time) => time > 0));
  });

  it('gives up sending while too many are open, and says so', async () => {
    const { summary } = await oneAgainst(() => undefined, { requests: 20, maxOpen: 5, timeoutMs: 1500 });
    assert.deepEqual(summary.errors, { 'not sent': 15, timeout: 5 });
  });
});

describe('a server that', () => {
  it('closes before it answers is `closed`', async () => {
    const { summary } = await oneAgainst((socket) => socket.end());
    assert.deepEqual(summary.errors, { closed: 1 });
  });

  it('closes in mid-stream is `closed`, with the tokens that came', async () => {
    const { summary, records } = await oneAgainst((socket) => socket.end(streamHead() + piece('a') + piece('b')));
    assert.deepEqual(summary.errors, { closed: 1 });
    assert.deepEqual([records[0]?.tokens, records[0]?.tokenTimes.length], [2, 2]);
    assert.equal(summary.endToEndMs, undefined);
  });

  it('resets the connection is `closed`', async () => {
    const { summary } = await oneAgainst((socket) => socket.resetAndDestroy());
    assert.deepEqual(summary.errors, { closed: 1 });
  });

  it('stops in mid-stream runs into the timeout', async () => {
    const { summary, records } = await oneAgainst((socket) => socket.write(streamHead() + piece('a')), {
      timeoutMs: 1000,
    });
    assert.deepEqual([summary.errors, records[0]?.tokens], [{ timeout: 1 }, 1]);
  });

  it('is not there is `connect`', async () => {
    const server = new RawServer(() => undefined);
    const url = await server.listen();
    await server[Symbol.asyncDispose]();
    const { summary } = await loadOf(url, { requests: 3 });
    assert.deepEqual(summary.errors, { connect: 3 });
  });

  for (const [what, bytes] of [
    ['speaks no HTTP', 'SSH-2.0-OpenSSH_9.2\r\n'],
    ['sends a chunk without a size', `${streamHead()}zz\r\n`],
    ['sends a head without end', `HTTP/1.1 200 OK\r\n${'x-a: b\r\n'.repeat(10_000)}`],
    ['sends JSON that is none', `${streamHead()}${chunk('{"choices":[')}0\r\n\r\n`],
    ['sends JSON of another shape', `${streamHead()}${chunk('{"choices":7}')}0\r\n\r\n`],
    ['answers without a stream', 'HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\n{}'],
  ] as const) {
    it(`${what} is \`protocol\``, async () => {
      const { summary } = await oneAgainst((socket) => socket.write(bytes), { timeoutMs: 5000 });
      assert.deepEqual(summary.errors, { protocol: 1 });
    });
  }

  it('reports an error in mid-stream is `server`, in its words', async () => {
    const error = chunk(JSON.stringify({ error: { message: 'out of memory' } }));
    const { summary } = await oneAgainst((socket) => socket.write(`${streamHead()}${piece('a')}${error}0\r\n\r\n`));
    assert.deepEqual([summary.errors, summary.firstFailures], [{ server: 1 }, { server: 'out of memory' }]);
  });

  it('ends its stream without a reason is `incomplete`', async () => {
    const { summary } = await oneAgainst((socket) => socket.write(`${streamHead()}${piece('a')}0\r\n\r\n`));
    assert.deepEqual(summary.errors, { incomplete: 1 });
  });

  it('says everything one byte at a time is understood', async () => {
    const { summary, records } = await oneAgainst((socket) => {
      for (const byte of Buffer.from(wholeStream(3))) socket.write(Buffer.of(byte));
    });
    assert.deepEqual([summary.succeeded, records[0]?.tokens, gapsOf(records[0] ?? assert.fail()).length], [1, 3, 2]);
  });

  it('ends its answer by closing, with interim answers and CRLF in its events, is understood', async () => {
    const event = 'data:{"choices":[{"text":"a","finish_reason":"stop"}]}\r\n\r\n';
    const text = `HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 200 OK\r\n\r\n: hello\r\n\r\nevent: x\r\n${event}`;
    const { summary } = await oneAgainst((socket) => socket.end(text));
    assert.deepEqual([summary.succeeded, summary.tokens], [1, 1]);
  });

  it('keeps connections open gets many requests on one, and a fresh one for a request it closed on', async () => {
    const arrivals = { kind: 'closed', concurrency: 1 } as const;
    const kept = await oneAgainst((socket) => socket.write(wholeStream(2)), { arrivals, requests: 6 });
    assert.deepEqual([kept.summary.succeeded, kept.server.connections], [6, 1]);
    const closing = await oneAgainst(
      (socket, number) => {
        if (number === 3) socket.destroy();
        else socket.write(wholeStream(2));
      },
      { arrivals, requests: 6 },
    );
    assert.deepEqual([closing.summary.succeeded, closing.server.connections], [6, 2]);
  });

  it('leaves nothing open when the load is over', async () => {
    await using server = new RawServer((socket, number) => {
      if (number % 2 === 0) socket.write(wholeStream(1));
    });
    const { summary } = await loadOf(await server.listen(), { requests: 6, timeoutMs: 1000 });
    assert.deepEqual([summary.succeeded, summary.errors], [3, { timeout: 3 }]);
    while (server.openConnections > 0) await new Promise((resolve) => setTimeout(resolve, 5));
  });
});

describe('options that make no sense', () => {
  it('are refused before anything is sent', async () => {
    for (const url of ['localhost:8080', 'https://127.0.0.1', 'ws://127.0.0.1']) {
      assert.throws(() => new HttpTransport({ url, api: 'chat' }), TypeError);
    }
    const url = 'http://127.0.0.1:9';
    await assert.rejects(loadOf(url, { requests: 0 }), RangeError);
    await assert.rejects(loadOf(url, { arrivals: { kind: 'closed', concurrency: 0 } }), RangeError);
    await assert.rejects(loadOf(url, { arrivals: { kind: 'closed', concurrency: 9 }, maxOpen: 8 }), RangeError);
    const transport = new HttpTransport({ url, api: 'chat' });
    await assert.rejects(runLoad({ transport, requestAt: () => request, arrivals: one.arrivals }), RangeError);
  });
});
