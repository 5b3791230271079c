import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';
import OpenAI from 'openai';
import { startServer, type TestServer } from '../support/with-server.js';

const messages = [{ role: 'user' as const, content: 'Once upon a time' }];
const greedy = { model: 'tiny', messages, temperature: 0, max_tokens: 20 };

describe('the openai client, unmodified', () => {
  let server: TestServer;
  let client: OpenAI;
  before(async () => {
    server = await startServer({ apiKeys: ['test-key'] });
    client = new OpenAI({ baseURL: `${server.url}/v1`, apiKey: 'test-key', maxRetries: 0 });
  });
  after(async () => {
    await server.settled();
    await server[Symbol.asyncDispose]();
  });

  it('completes a chat', async () => {
    const answer = await client.chat.completions.create(greedy);
    assert.equal(answer.choices[0]?.finish_reason, 'length');
    assert.ok((answer.choices[0].message.content?.length ?? 0) > 0);
    assert.equal(answer.usage?.completion_tokens, 20);
    assert.match(answer._request_id ?? '', /^req_/);
  });

  it('streams a chat with usage', async () => {
    const whole = await client.chat.completions.create(greedy);
    const stream = await client.chat.completions.create({
      ...greedy,
      stream: true,
      stream_options: { include_usage: true },
    });
    let text = '';
    let completionTokens: number | undefined;
    for await (const chunk of stream) {
      text += chunk.choices[0]?.delta.content ?? '';
      completionTokens = chunk.usage?.completion_tokens ?? completionTokens;
    }
    assert.equal(text, whole.choices[0]?.message.content);
    assert.equal(completionTokens, 20);
  });

  it('gathers a stream with its own helper', async () => {
    const runner = client.chat.completions.stream({ ...greedy, seed: 3, temperature: 0.9 });
    let deltas = '';
    runner.on('content', (delta) => {
      deltas += delta;
    });
    const final = await runner.finalChatCompletion();
    assert.equal(final.choices.length, 1);
    assert.equal(deltas, final.choices[0]?.message.content);
    const two = await client.chat.completions.stream({ ...greedy, n: 2 }).finalChatCompletion();
    assert.deepEqual(
      two.choices.map((choice) => choice.finish_reason),
      ['length', 'length'],
    );
  });

  it('takes tools, logprobs and a response format', async () => {
    const answer = await client.chat.completions.create({
      ...greedy,
      max_tokens: 40,
      logprobs: true,
      top_logprobs: 2,
      tools: [{ type: 'function', function: { name: 'look', parameters: { type: 'object', properties: {} } } }],
      response_format: {
        type: 'json_schema',
        json_schema: {
          name: 'answer',
          schema: { type: 'object', properties: { n: { type: 'integer' } }, required: ['n'] },
        },
      },
    });
    assert.ok((answer.choices[0]?.logprobs?.content?.length ?? 0) > 0);
    assert.match(answer.choices[0]?.message.content ?? '', /^\s*\{/);
  });

  it('completes and streams text', async () => {
    const request = { model: 'tiny', prompt: 'Once upon a time', temperature: 0, max_tokens: 12 };
    const whole = await client.completions.create(request);
    let text = '';
    for await (const chunk of await client.completions.create({ ...request, stream: true })) {
      text += chunk.choices[0]?.text ?? '';
    }
    assert.equal(text, whole.choices[0]?.text);
  });

  it('lists and retrieves models', async () => {
    const ids: string[] = [];
    for await (const model of client.models.list()) ids.push(model.id);
    assert.deepEqual(ids, ['tiny']);
    assert.equal((await client.models.retrieve('tiny')).object, 'model');
    await assert.rejects(client.models.retrieve('gpt-9'), OpenAI.NotFoundError);
  });

  it('gets its own classes of errors', async () => {
    await assert.rejects(client.chat.completions.create({ ...greedy, temperature: 9 }), (error) => {
      assert.ok(error instanceof OpenAI.BadRequestError);
      assert.equal(error.code, 'invalid_argument');
      assert.equal(error.param, 'temperature');
      assert.equal(error.type, 'invalid_request_error');
      assert.match(error.requestID ?? '', /^req_/);
      return true;
    });
    await assert.rejects(client.chat.completions.create({ ...greedy, model: 'gpt-9' }), OpenAI.NotFoundError);
    const stranger = new OpenAI({ baseURL: `${server.url}/v1`, apiKey: 'wrong', maxRetries: 0 });
    await assert.rejects(stranger.models.list(), OpenAI.AuthenticationError);
  });

  it('aborts a stream, which frees the sequence', async () => {
    const stream = await client.chat.completions.create({ ...greedy, max_tokens: 900, stream: true });
    for await (const chunk of stream) {
      assert.equal(chunk.object, 'chat.completion.chunk');
      stream.controller.abort();
      break;
    }
    await server.settled();
  });

  it('sees a failure in the middle of a stream as an error, not as an end', async () => {
    await using closing = await startServer({ load: { contextSize: 8192, parallel: 1 } });
    const other = new OpenAI({ baseURL: `${closing.url}/v1`, apiKey: 'none', maxRetries: 0 });
    const stream = await other.completions.create({
      model: 'tiny',
      prompt: 'Once',
      max_tokens: 8000,
      stream: true,
      ...{ ignore_eos: true },
    });
    await assert.rejects(
      async () => {
        let closed: Promise<void> | undefined;
        for await (const chunk of stream) {
          assert.notEqual(chunk.choices[0]?.finish_reason, 'stop');
          closed ??= closing.server.close({ drainMs: 1 });
        }
      },
      (error) => error instanceof OpenAI.APIError && error.code === 'shutting_down',
    );
  });
});
