import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';
import { startServer, type TestServer } from '../support/with-server.js';
import type { ChatAnswer, ChatChunk, ErrorBody } from './openai-shapes.js';
import { chunksOf, eventsIn } from './raw-connection.js';

const path = '/v1/chat/completions';
const messages = [{ role: 'user', content: 'Once upon a time' }];
const greedy = { messages, temperature: 0, max_tokens: 24 };

describe('POST /v1/chat/completions', () => {
  let server: TestServer;
  before(async () => {
    server = await startServer();
  });
  after(async () => {
    await server.settled();
    await server[Symbol.asyncDispose]();
  });

  const answer = async (body: unknown): Promise<ChatAnswer> => {
    const response = await server.post(path, body);
    assert.equal(response.status, 200);
    return (await response.json()) as ChatAnswer;
  };
  const stream = async (body: object): Promise<ChatChunk[]> =>
    chunksOf<ChatChunk>(await server.post(path, { ...body, stream: true }));
  const textOf = (chunks: readonly ChatChunk[], index = 0): string =>
    chunks
      .flatMap(({ choices }) => choices)
      .filter((choice) => choice.index === index)
      .map(({ delta }) => delta.content ?? '')
      .join('');

  it('answers whole in the shape of OpenAI', async () => {
    const response = await server.post(path, { ...greedy, model: 'tiny' }, { 'x-request-id': 'test-1' });
    assert.match(response.headers.get('content-type') ?? '', /^application\/json/);
    assert.equal(response.headers.get('x-request-id'), 'test-1');
    assert.match(response.headers.get('openai-processing-ms') ?? '', /^\d+$/);
    const body = (await response.json()) as ChatAnswer;
    assert.match(body.id, /^chatcmpl-\w+$/);
    assert.equal(body.object, 'chat.completion');
    assert.ok(Math.abs(body.created - Date.now() / 1000) < 60);
    assert.equal(body.model, 'tiny');
    assert.match(body.system_fingerprint, /^b\d+\.\d+\.\d+-[0-9a-f]{10}$/);
    const [choice] = body.choices;
    assert.equal(body.choices.length, 1);
    assert.equal(choice?.message.role, 'assistant');
    assert.ok(choice.message.content.length > 0);
    assert.equal(choice.finish_reason, 'length');
    assert.equal(choice.logprobs, null);
    assert.equal(body.usage.completion_tokens, 24);
    assert.equal(body.usage.total_tokens, body.usage.prompt_tokens + 24);
  });

  it('says what an answer took as llama-server does, whole and beside the usage of a stream', async () => {
    const countsOf = ({ timings }: { readonly timings?: Record<string, number> }): unknown[] => {
      assert.ok((timings?.['predicted_ms'] ?? 0) > 0);
      return [timings?.['predicted_n'], (timings?.['cache_n'] ?? 0) + (timings?.['prompt_n'] ?? 0)];
    };
    const whole = (await (await server.post(path, greedy)).json()) as ChatAnswer & { timings: Record<string, number> };
    assert.deepEqual(countsOf(whole), [24, whole.usage.prompt_tokens]);
    const stream = { ...greedy, n: 2, stream: true, stream_options: { include_usage: true } };
    const lines = (await (await server.post(path, stream)).text())
      .split('\n')
      .filter((line) => line.startsWith('data: {'));
    const chunks = lines.map((line) => JSON.parse(line.slice(6)) as { timings?: Record<string, number> });
    assert.deepEqual(countsOf(chunks.at(-1) ?? {}), [48, whole.usage.prompt_tokens]);
    assert.ok(chunks.slice(0, -1).every(({ timings }) => timings === undefined));
  });

  it('streams the same text, in chunks of one shape', async () => {
    const whole = await answer(greedy);
    const response = await server.post(path, { ...greedy, stream: true });
    assert.equal(response.headers.get('content-type'), 'text/event-stream');
    assert.equal(response.headers.get('cache-control'), 'no-cache');
    assert.equal(response.headers.get('x-accel-buffering'), 'no');
    assert.match(response.headers.get('x-request-id') ?? '', /^req_\w+$/);
    const chunks = await chunksOf<ChatChunk>(response);
    assert.equal(textOf(chunks), whole.choices[0]?.message.content);
    assert.equal(new Set(chunks.map((chunk) => chunk.id)).size, 1);
    for (const chunk of chunks) {
      assert.equal(chunk.object, 'chat.completion.chunk');
      assert.equal(chunk.model, 'tiny');
      assert.equal(chunk.choices.length, 1);
      assert.ok(!('usage' in chunk));
    }
    assert.deepEqual(chunks[0]?.choices[0]?.delta, { role: 'assistant', content: '', refusal: null });
    assert.deepEqual(chunks.at(-1)?.choices[0], { index: 0, delta: {}, logprobs: null, finish_reason: 'length' });
    assert.ok(chunks.slice(0, -1).every((chunk) => chunk.choices[0]?.finish_reason === null));
  });

  it('reports usage in a last chunk without choices when asked', async () => {
    const whole = await answer(greedy);
    const chunks = await stream({ ...greedy, stream_options: { include_usage: true } });
    const last = chunks.pop();
    assert.deepEqual(last?.choices, []);
    assert.equal(last.usage?.completion_tokens, 24);
    assert.equal(last.usage.prompt_tokens, whole.usage.prompt_tokens);
    assert.ok(chunks.every((chunk) => chunk.usage === null));
  });

  it('makes n choices with seeds of their own, and the same ones again for the same seed', async () => {
    const sampled = { messages, max_tokens: 16, n: 3, seed: 7, temperature: 1 };
    const first = await answer(sampled);
    assert.deepEqual(
      first.choices.map((choice) => choice.index),
      [0, 1, 2],
    );
    assert.equal(new Set(first.choices.map((choice) => choice.message.content)).size, 3);
    assert.equal(first.usage.completion_tokens, 48);
    const single = await answer({ ...sampled, n: 1 });
    assert.equal(first.usage.prompt_tokens, single.usage.prompt_tokens);
    const chunks = await stream(sampled);
    for (const index of [0, 1, 2]) {
      assert.ok(textOf(chunks, index).length > 0);
      const finished = chunks.flatMap((chunk) => chunk.choices).filter((choice) => choice.index === index);
      assert.deepEqual(
        finished.map((choice) => choice.finish_reason).filter((reason) => reason !== null),
        ['length'],
      );
    }
  });

  it('ends at a stop string, which is not part of the text', async () => {
    const whole = await answer(greedy);
    const text = whole.choices[0]?.message.content ?? '';
    const stop = text.slice(10, 14);
    const expected = text.slice(0, text.indexOf(stop));
    for (const stopField of [stop, [stop, 'never to be seen']]) {
      const stopped = await answer({ ...greedy, stop: stopField });
      assert.equal(stopped.choices[0]?.message.content, expected);
      assert.equal(stopped.choices[0].finish_reason, 'stop');
      assert.equal(textOf(await stream({ ...greedy, stop: stopField })), expected);
    }
  });

  it('reports logprobs of every token, and the alternatives asked for', async () => {
    const body = await answer({ ...greedy, logprobs: true, top_logprobs: 3 });
    const entries = body.choices[0]?.logprobs?.content ?? [];
    assert.equal(entries.length, 24);
    for (const entry of entries) {
      assert.equal(entry.top_logprobs.length, 3);
      assert.ok(entry.logprob <= 0);
      // Greedy: the token is its own best alternative.
      assert.equal(entry.top_logprobs[0]?.token, entry.token);
      assert.ok(entry.bytes.every((byte) => byte >= 0 && byte < 256));
    }
    const streamed = await stream({ ...greedy, logprobs: true, top_logprobs: 3 });
    const inStream = streamed.flatMap((chunk) => chunk.choices[0]?.logprobs?.content ?? []);
    assert.deepEqual(
      inStream.map((entry) => entry.token),
      entries.map((entry) => entry.token),
    );
    assert.equal(textOf(streamed), body.choices[0]?.message.content);
  });

  it('keeps to a JSON schema', async () => {
    const schema = {
      type: 'object',
      properties: { ok: { type: 'boolean' } },
      required: ['ok'],
      additionalProperties: false,
    };
    const format = { type: 'json_schema', json_schema: { name: 'answer', strict: true, schema } };
    const body = await answer({ messages, temperature: 0, max_tokens: 64, response_format: format });
    const value = JSON.parse(body.choices[0]?.message.content ?? '') as { ok: unknown };
    assert.equal(typeof value.ok, 'boolean');
  });

  it('keeps to a grammar', async () => {
    const body = await answer({ messages, max_tokens: 32, grammar: 'root ::= "yes" | "no"' });
    assert.match(body.choices[0]?.message.content ?? '', /^(yes|no)$/);
    assert.equal(body.choices[0]?.finish_reason, 'stop');
  });

  it('takes text parts, tool definitions, developer messages and fields it does not know', async () => {
    const body = await answer({
      messages: [
        { role: 'developer', content: 'Be brief.' },
        {
          role: 'user',
          content: [
            { type: 'text', text: 'Once upon' },
            { type: 'text', text: ' a time' },
          ],
          name: 'ann',
        },
      ],
      max_completion_tokens: 5,
      max_tokens: 9,
      tools: [{ type: 'function', function: { name: 'look', parameters: { type: 'object', properties: {} } } }],
      tool_choice: 'auto',
      user: 'someone',
      metadata: { a: 'b' },
      store: false,
      made_up_field: [1, 2],
      stop: null,
      seed: null,
    });
    assert.equal(body.usage.completion_tokens, 5);
  });

  it('adds a bias to the logits', async () => {
    const user = { role: 'user' as const, content: 'Once upon a time' };
    // From the programmatic API: OpenAI's logprobs carry no ids, and a text alone may be tokenized otherwise.
    const direct = await server.model.chat([user], { temperature: 0, maxTokens: 1, logprobs: 0 });
    const [best] = direct.logprobs ?? [];
    assert.ok(best !== undefined);
    const textWith = async (bias: number): Promise<string | undefined> => {
      const body = await answer({ ...greedy, max_tokens: 1, logit_bias: { [String(best.id)]: bias } });
      return body.choices[0]?.message.content;
    };
    assert.equal(await textWith(0), direct.text);
    assert.notEqual(await textWith(-100), direct.text);
  });

  it('answers 400 before the first event when the prompt does not fit', async () => {
    const long = { messages: [{ role: 'user', content: 'word '.repeat(5000) }], stream: true };
    const response = await server.post(path, long);
    assert.equal(response.status, 400);
    const { error } = (await response.json()) as ErrorBody;
    assert.equal(error.code, 'context_length_exceeded');
    assert.equal(error.type, 'invalid_request_error');
  });

  it('answers 400 for a grammar that does not parse', async () => {
    const response = await server.post(path, { messages, grammar: 'root ::= (' });
    assert.equal(response.status, 400);
    assert.equal(((await response.json()) as ErrorBody).error.code, 'invalid_grammar');
  });

  it('answers an unknown model 404 and uses the first model when none is named', async () => {
    const response = await server.post(path, { ...greedy, model: 'gpt-9' });
    assert.equal(response.status, 404);
    const { error } = (await response.json()) as ErrorBody;
    assert.deepEqual([error.type, error.code, error.param], ['invalid_request_error', 'model_not_found', 'model']);
    assert.equal((await answer({ ...greedy, model: null })).model, 'tiny');
  });

  it('streams 24 requests at once, each its own text', async () => {
    const bodies = Array.from({ length: 24 }, (_, i) => ({
      messages: [{ role: 'user', content: `Story ${String(i)}` }],
      temperature: 0,
      max_tokens: 12,
    }));
    const alone: (string | undefined)[] = [];
    for (const body of bodies) alone.push((await answer(body)).choices[0]?.message.content);
    const together = await Promise.all(bodies.map(async (body) => textOf(await stream(body))));
    assert.deepEqual(together, alone);
  });

  it('separates events by blank lines only', async () => {
    const text = await (await server.post(path, { ...greedy, stream: true })).text();
    const events = eventsIn(text).map((event) => `data: ${event}\n\n`);
    assert.equal(text, events.join(''));
  });
});
