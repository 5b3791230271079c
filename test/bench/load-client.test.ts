/** The client process against a real server. */
import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';
import { LoadClient } from '../../bench/client.js';
import { decodeWork } from '../../bench/decode-rate.js';
import { decodeRequest } from '../../bench/decode-trial.js';
import { ChildProcesses } from '../../bench/processes.js';
import { completionRequest } from '../../bench/completion-request.js';
import { longestGapMs } from '../../bench/token-gaps.js';
import { wholeAnswers } from '../../bench/whole-answer.js';
import { startServer, type TestServer } from '../support/with-server.js';

const capMs = 60_000;

describe('the client', () => {
  let server: TestServer;
  let children: ChildProcesses;
  let client: LoadClient;
  before(async () => {
    server = await startServer({ load: { contextSize: 32_768, parallel: 5 } });
    children = new ChildProcesses();
    client = await LoadClient.start(children);
  });
  after(async () => {
    await children[Symbol.asyncDispose]();
    await server.settled();
    await server[Symbol.asyncDispose]();
  });

  it('counts the tokens the server was asked for, of every stream', async () => {
    const requests = [0, 1, 2, 3].map((stream) => decodeRequest(stream, 40));
    const { streams, clientLoad } = await client.streams({ port: server.port, requests, capMs });
    assert.deepEqual(
      streams.map((stream) => [stream.status, stream.completionTokens, stream.failure]),
      requests.map(() => [200, 40, null]),
    );
    const work = decodeWork(streams, 40);
    assert.equal(work.tokens, 4 * 39);
    assert.ok(work.ms > 0 && clientLoad > 0);
    for (const { sentAt, textTimes, finishedAt } of streams) {
      const times = [sentAt, ...textTimes, finishedAt ?? 0];
      assert.deepEqual(
        times,
        [...times].sort((a, b) => a - b),
      );
    }
  });

  it('reports what the server refuses', async () => {
    const request = { path: '/v1/completions', body: { prompt: 'Once', max_tokens: -1 } };
    const { streams } = await client.streams({ port: server.port, requests: [request], capMs });
    assert.equal(streams[0]?.status, 400);
    assert.match(streams[0].failure ?? '', /max_tokens/u);
    assert.throws(() => decodeWork(streams, 1), /max_tokens/u);
  });

  it('cuts off what takes too long', async () => {
    const requests = [decodeRequest(0, 1_000_000)];
    const { streams } = await client.streams({ port: server.port, requests, capMs: 200 });
    assert.equal(streams[0]?.completionTokens, null);
    assert.throws(() => decodeWork(streams, 1_000_000), /did not come to its end/u);
    await server.settled();
  });

  it('sends a late request while streams run, and then cuts them off', async () => {
    const requests = [decodeRequest(0, 30_000), decodeRequest(1, 30_000)];
    const late = { afterPieces: 5, request: decodeRequest(2, 3) };
    const result = await client.streams({ port: server.port, requests, capMs, late });
    assert.equal(result.late?.completionTokens, 3);
    // Pieces are what the socket delivers: a loaded machine may cut an event in two, so five of them need not be five events.
    for (const { textTimes } of result.streams) assert.ok((textTimes[0] ?? Infinity) <= result.late.sentAt);
    assert.ok(longestGapMs(result.streams, result.late) > 0);
    await server.settled();
  });

  it('sends each request at its time, and no more at once than asked for', async () => {
    const requests = [0, 0, 0, 0, 150].map((atMs, stream) => ({ atMs, request: decodeRequest(stream, 20) }));
    const { answers, startedAt, clientLoad } = await client.load({ port: server.port, requests, atOnce: 2, capMs });
    const whole = wholeAnswers(answers, [20, 20, 20, 20, 20]);
    assert.ok(clientLoad > 0);
    const sent = whole.map(({ sentAt }) => sentAt);
    // The first is late by its connecting, so that only the start counts; a timer may be a millisecond early.
    assert.ok((sent[4] ?? 0) - startedAt >= 149);
    for (const at of sent) {
      // The server's last words are the usage, behind the finish: what is sent then counts as after the end.
      const open = whole.filter(({ sentAt, finishedAt }) => sentAt <= at && finishedAt > at).length;
      assert.ok(open <= 2, `${String(open)} at once`);
    }
  });

  it('reads the text and what of the prompt was cached', async () => {
    const request = completionRequest({ prompt: 'Once upon a time', tokens: 12 });
    const { answers } = await client.load({ port: server.port, requests: [{ atMs: 0, request }], atOnce: 1, capMs });
    const [answer] = answers;
    const { text } = await server.model.complete('Once upon a time', {
      maxTokens: 12,
      temperature: 0,
      ignoreEos: true,
    });
    assert.equal(answer?.text, text);
    assert.ok(answer.cachedTokens !== null && answer.cachedTokens < (answer.promptTokens ?? 0));
  });

  it('runs loads of the generator side by side, until the counted one has ended', async () => {
    const request = { prompt: 'Once upon a time', maxTokens: 12 };
    const [counted, beside] = await client.generate({
      port: server.port,
      keepRecords: 3,
      loads: [
        { arrivals: { kind: 'closed', concurrency: 2 }, requests: [request], count: 8 },
        { arrivals: { kind: 'poisson', perSecond: 50, seed: 1 }, requests: [request], durationMs: 600_000 },
      ],
    });
    assert.deepEqual([counted?.summary.succeeded, counted?.summary.tokens, counted?.records.length], [8, 96, 3]);
    assert.deepEqual([beside?.summary.failed, (beside?.summary.spanMs ?? Infinity) < 600_000], [0, true]);
    await server.settled();
  });

  it('does not send what had to wait too long', async () => {
    const requests = [0, 1].map((stream) => ({ atMs: 0, request: decodeRequest(stream, 1_000_000) }));
    const { answers } = await client.load({ port: server.port, requests, atOnce: 1, capMs: 200 });
    assert.equal(answers.length, 1);
    assert.throws(() => wholeAnswers(answers, [1_000_000, 1_000_000]), /Only 1 of 2/u);
    await server.settled();
  });

  it(
    'sees when the server stops computing for a client that has gone',
    { skip: process.platform === 'linux' ? false : 'reads /proc' },
    async () => {
      // The server is this process, which has other things to do: what is proven is that the end is seen.
      const request = decodeRequest(0, 1_000_000);
      const job = { port: server.port, pid: process.pid, request, afterPieces: 3, afterMs: 0, capMs };
      const result = await client.cancel(job);
      assert.equal(result.failure, null);
      assert.ok(result.events > 0);
      assert.ok(result.loadBefore > 0);
      assert.notEqual(result.stoppedAfterMs, null);
      await server.settled();
    },
  );

  it('does not take an answer that has ended for a cancelled one', async () => {
    const job = {
      port: server.port,
      pid: process.pid,
      request: decodeRequest(0, 2),
      afterPieces: 1,
      afterMs: 300,
      capMs,
    };
    assert.match((await client.cancel(job)).failure ?? '', /ended before the disconnect/u);
  });
});
