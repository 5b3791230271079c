import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { completionsPath, sendEndless, startBusyServer, untilQueued } from '../support/busy-server.js';
import { startServer } from '../support/with-server.js';
import type { ErrorBody } from './openai-shapes.js';

const short = { prompt: 'Once', max_tokens: 1 };

async function errorOf(response: Response): Promise<ErrorBody['error']> {
  return ((await response.json()) as ErrorBody).error;
}

describe('a deadline', () => {
  it('that passes while the request waits is a 504, whole or streamed, before anything is computed', async () => {
    await using server = await startBusyServer();
    const { tokensPrefilled } = server.model.stats();
    const answers = await Promise.all([
      server.post(completionsPath, { ...short, deadline_ms: 50 }),
      server.post(completionsPath, { ...short, deadline_ms: 50, stream: true }),
      server.post(completionsPath, short, { 'X-Inferno-Deadline-Ms': '50' }),
      server.post(completionsPath, { ...short, deadline_ms: 60_000 }, { 'X-Inferno-Deadline-Ms': '50' }),
      server.post('/v1/chat/completions', { messages: [{ role: 'user', content: 'Hi' }], deadline_ms: 50 }),
    ]);
    for (const answer of answers) {
      assert.equal(answer.status, 504);
      const { code, type } = await errorOf(answer);
      assert.deepEqual([code, type], ['deadline_exceeded', 'server_error']);
    }
    assert.equal(server.model.stats().tokensPrefilled, tokensPrefilled);
    assert.equal(server.model.queueStatus().expired, answers.length);
  });

  it('that is met changes nothing', async () => {
    await using server = await startServer();
    const answer = await server.post(completionsPath, { ...short, deadline_ms: 30_000 });
    assert.equal(answer.status, 200);
  });

  it('ends nothing that has started', async () => {
    await using server = await startServer({ load: { contextSize: 4096 } });
    const body = { prompt: 'Once', max_tokens: 1200, ignore_eos: true, deadline_ms: 200 };
    const answer = await server.post(completionsPath, body);
    assert.equal(answer.status, 200);
    const { usage } = (await answer.json()) as { usage: { completion_tokens: number } };
    assert.equal(usage.completion_tokens, 1200);
  });

  it('that what waits makes hopeless is refused at once, with the estimate', async () => {
    await using server = await startBusyServer({ load: { scheduling: { policy: 'fifo' } } });
    await sendEndless(server, 50, { estimated_tokens: 30_000 });
    await untilQueued(server, 50);
    const answer = await server.post(completionsPath, { ...short, deadline_ms: 1000 });
    assert.equal(answer.status, 504);
    const { code, message } = await errorOf(answer);
    assert.equal(code, 'deadline_exceeded');
    assert.match(message, /expected to start in \d+ ms at the earliest, but must have started in \d+ ms/);
    assert.equal(server.model.queueStatus().expired, 0);
  });
});
