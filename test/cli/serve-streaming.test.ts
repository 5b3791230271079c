import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { EventClient } from '../sse/event-client.js';
import { startServerProcess } from '../support/with-server.js';
import { runCli } from './cli-process.js';

const body = { prompt: 'Once upon a time', max_tokens: 30, ignore_eos: true, temperature: 0, logprobs: 0 };

describe('how inferno serve streams', () => {
  it('is as its flags say: timeouts, keep-alive, resume, frames', async () => {
    await using server = await startServerProcess([
      ...['--inference-timeout', '77', '--token-timeout', '0', '--keep-alive', '5', '--resume-window', '9'],
      ...['--token-batching', '4', '--token-batching-delay', '60000'],
    ]);
    const client = await EventClient.open(server, { body });
    const { data } = await client.event('connection_info');
    assert.deepEqual(data.limits, {
      retained_messages: 1000,
      resume_grace_ms: 9000,
      keep_alive_ms: 5000,
      inference_timeout_ms: 77_000,
      token_timeout_ms: 0,
    });
    await client.event('done');
    const sizes = client.chunks.map((chunk) => chunk.data.data?.choices[0]?.logprobs?.tokens?.length ?? 0);
    assert.equal(Math.max(...sizes), 4);
  });

  it('is told in ranges only', async () => {
    for (const flags of [
      ['--inference-timeout', '-1'],
      ['--ack-timeout', '0'],
      ['--token-batching', '101'],
      ['--token-batching-delay', '0'],
    ]) {
      const { code, stderr } = await runCli(['serve', ...flags]);
      assert.equal(code, 2);
      assert.match(stderr, new RegExp(flags[0] ?? '', 'u'));
    }
  });
});
