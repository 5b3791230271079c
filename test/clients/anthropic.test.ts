/** Anthropic's own client, unmodified. */
import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';
import Anthropic from '@anthropic-ai/sdk';
import { startServer, toolTemplate, type TestServer } from '../support/with-server.js';

const user = [{ role: 'user' as const, content: 'Once upon a time' }];
const extras = { ignore_eos: true };
const weather = {
  name: 'get_weather',
  description: 'Weather of a city.',
  input_schema: {
    type: 'object' as const,
    properties: { city: { enum: ['Rome', 'Oslo'] }, days: { type: 'integer', minimum: 1, maximum: 3 } },
    required: ['city', 'days'],
  },
};

describe('@anthropic-ai/sdk', () => {
  let server: TestServer;
  let client: Anthropic;
  before(async () => {
    server = await startServer({ apiKeys: ['test-key'], load: { chatTemplate: toolTemplate } });
    client = new Anthropic({ baseURL: server.url, apiKey: 'test-key', maxRetries: 0 });
  });
  after(async () => {
    await server.settled();
    await server[Symbol.asyncDispose]();
  });

  it('gets a message', async () => {
    const body = { model: 'tiny', max_tokens: 12, messages: user, system: 'Tell stories.', temperature: 0 };
    const message = await client.messages.create(body);
    assert.match(message.id, /^msg_\w+$/u);
    assert.deepEqual([message.type, message.role, message.model], ['message', 'assistant', 'tiny']);
    assert.deepEqual([message.stop_reason, message.stop_sequence], ['max_tokens', null]);
    assert.equal(message.usage.output_tokens, 12);
    const [block, ...others] = message.content;
    assert.ok(block?.type === 'text' && block.text !== '' && others.length === 0);
    const again = await client.messages.create(body);
    assert.ok((again.usage.cache_read_input_tokens ?? 0) > 0);
    const total = (usage: Anthropic.Usage): number => usage.input_tokens + (usage.cache_read_input_tokens ?? 0);
    assert.equal(total(again.usage), total(message.usage));
  });

  it('streams the same message', async () => {
    const body = { model: 'tiny', max_tokens: 20, messages: user, temperature: 0 };
    const whole = await client.messages.create(body);
    const stream = client.messages.stream(body);
    let text = '';
    const events: string[] = [];
    stream.on('text', (delta) => (text += delta));
    stream.on('streamEvent', ({ type }) => events.push(type));
    const message = await stream.finalMessage();
    assert.deepEqual(
      message.content.map((block) => block.type),
      ['text'],
    );
    assert.equal(text, whole.content[0]?.type === 'text' ? whole.content[0].text : undefined);
    assert.equal(message.usage.output_tokens, 20);
    assert.equal(message.stop_reason, 'max_tokens');
    assert.deepEqual(events.slice(0, 2), ['message_start', 'content_block_start']);
    assert.deepEqual(events.slice(-3), ['content_block_stop', 'message_delta', 'message_stop']);
  });

  it('gets a forced call, whole and streamed, and continues with its result', async () => {
    const body = {
      ...{ model: 'tiny', max_tokens: 200, messages: user, tools: [weather], temperature: 0 },
      tool_choice: { type: 'tool' as const, name: 'get_weather' },
    };
    const message = await client.messages.create(body);
    assert.equal(message.stop_reason, 'tool_use');
    const call = message.content.find((block) => block.type === 'tool_use');
    assert.ok(call?.name === 'get_weather');
    const input = call.input as { readonly city: string; readonly days: number };
    assert.ok(['Rome', 'Oslo'].includes(input.city) && input.days >= 1 && input.days <= 3);
    const streamed = await client.messages.stream(body).finalMessage();
    const streamedCall = streamed.content.find((block) => block.type === 'tool_use');
    assert.deepEqual(streamedCall?.input, input);
    const next = await client.messages.create({
      ...{ model: 'tiny', max_tokens: 4, tools: [weather] },
      messages: [
        ...user,
        { role: 'assistant', content: message.content },
        { role: 'user', content: [{ type: 'tool_result', tool_use_id: call.id, content: 'Sunny.' }] },
      ],
    });
    assert.equal(next.type, 'message');
  });

  it('stops at its sequences and continues what the assistant began', async () => {
    const begun = [...user, { role: 'assistant' as const, content: 'there was a' }];
    const body = { model: 'tiny', max_tokens: 40, messages: begun, temperature: 0 };
    const free = await client.messages.create(body);
    const text = free.content[0]?.type === 'text' ? free.content[0].text : '';
    const stop = text.slice(5, 9);
    const stopped = await client.messages.create({ ...body, stop_sequences: [stop] });
    assert.deepEqual([stopped.stop_reason, stopped.stop_sequence], ['stop_sequence', stop]);
    assert.equal(stopped.content[0]?.type === 'text' ? stopped.content[0].text : '', text.slice(0, text.indexOf(stop)));
  });

  it('counts tokens as a message does', async () => {
    const prompt = { model: 'tiny', messages: user, system: 'Tell stories.', tools: [weather] };
    const { input_tokens: counted } = await client.messages.countTokens(prompt);
    const { usage } = await client.messages.create({ ...prompt, max_tokens: 1 });
    assert.equal(counted, usage.input_tokens + (usage.cache_read_input_tokens ?? 0));
  });

  it('gets errors of its own kinds', async () => {
    const wrong = client.messages.create({ model: 'tiny', max_tokens: 0, messages: [] });
    await assert.rejects(wrong, (error) => {
      assert.ok(error instanceof Anthropic.BadRequestError);
      const { type, error: inner } = error.error as { type: string; error: { type: string; message: string } };
      assert.deepEqual([type, inner.type], ['error', 'invalid_request_error']);
      assert.match(inner.message, /for messages .* for max_tokens/u);
      return true;
    });
    const stranger = new Anthropic({ baseURL: server.url, apiKey: 'another', maxRetries: 0 });
    const body = { model: 'tiny', max_tokens: 1, messages: user };
    await assert.rejects(stranger.messages.create(body), Anthropic.AuthenticationError);
    await assert.rejects(client.messages.create({ ...body, model: 'none' }), Anthropic.NotFoundError);
    const image = { type: 'image' as const, source: { type: 'url' as const, url: 'https://example.com/a.png' } };
    const picture = client.messages.create({ ...body, messages: [{ role: 'user', content: [image] }] });
    await assert.rejects(picture, /this server takes no images/u);
  });

  it('frees the sequence when it leaves', async () => {
    const stream = client.messages.stream({ model: 'tiny', max_tokens: 900, messages: user, ...extras });
    for await (const event of stream) if (event.type === 'content_block_delta') break;
    stream.abort();
    await server.settled();
  });
});
