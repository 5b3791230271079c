/** The Responses API with OpenAI's own client, unmodified. */
import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';
import OpenAI from 'openai';
import { zodTextFormat } from 'openai/helpers/zod';
import { z } from 'zod';
import { startServer, toolTemplate, type TestServer } from '../support/with-server.js';

const asked = { model: 'tiny', input: 'Once upon a time', temperature: 0, max_output_tokens: 16 };
const weather: OpenAI.Responses.FunctionTool = {
  type: 'function',
  name: 'get_weather',
  strict: true,
  parameters: {
    type: 'object',
    properties: { city: { enum: ['Rome', 'Oslo'] }, days: { type: 'integer', minimum: 1, maximum: 3 } },
    required: ['city', 'days'],
    additionalProperties: false,
  },
};
const forced = {
  ...{ ...asked, tools: [weather], tool_choice: 'required' as const, parallel_tool_calls: false },
  max_output_tokens: 200,
};

describe('the responses of the openai client', () => {
  let server: TestServer;
  let client: OpenAI;
  before(async () => {
    server = await startServer({ apiKeys: ['test-key', 'other-key'], load: { chatTemplate: toolTemplate } });
    client = new OpenAI({ baseURL: `${server.url}/v1`, apiKey: 'test-key', maxRetries: 0 });
  });
  after(async () => {
    await server.settled();
    await server[Symbol.asyncDispose]();
  });

  it('come whole', async () => {
    const response = await client.responses.create({ ...asked, instructions: 'Tell stories.', metadata: { a: 'b' } });
    assert.match(response.id, /^resp_\w+$/u);
    assert.deepEqual([response.object, response.status], ['response', 'incomplete']);
    assert.deepEqual(response.incomplete_details, { reason: 'max_output_tokens' });
    assert.notEqual(response.output_text, '');
    assert.equal(response.usage?.output_tokens, 16);
    assert.equal(response.usage.total_tokens, response.usage.input_tokens + 16);
    assert.deepEqual([response.instructions, response.metadata], ['Tell stories.', { a: 'b' }]);
    assert.ok(Math.abs(response.created_at - Date.now() / 1000) < 60);
  });

  it('come in events that make up the same response', async () => {
    const whole = await client.responses.create(asked);
    const stream = client.responses.stream(asked);
    let text = '';
    const types: string[] = [];
    const numbers: number[] = [];
    stream.on('event', (event) => {
      types.push(event.type);
      numbers.push(event.sequence_number);
    });
    stream.on('response.output_text.delta', ({ delta }) => (text += delta));
    const response = await stream.finalResponse();
    assert.equal(text, whole.output_text);
    assert.equal(response.output_text, whole.output_text);
    assert.equal(response.usage?.output_tokens, 16);
    assert.deepEqual(types.slice(0, 4), [
      ...['response.created', 'response.in_progress', 'response.output_item.added', 'response.content_part.added'],
    ]);
    assert.deepEqual(types.slice(-4), [
      ...[
        'response.output_text.done',
        'response.content_part.done',
        'response.output_item.done',
        'response.incomplete',
      ],
    ]);
    assert.deepEqual(
      numbers,
      numbers.map((_, index) => index),
    );
  });

  it('call functions, whole and streamed, and take what they answered', async () => {
    const response = await client.responses.create(forced);
    assert.equal(response.status, 'completed');
    const [call, ...others] = response.output.filter((item) => item.type === 'function_call');
    assert.ok(call !== undefined && others.length === 0 && call.name === 'get_weather');
    const input = JSON.parse(call.arguments) as { readonly city: string; readonly days: number };
    assert.ok(['Rome', 'Oslo'].includes(input.city) && input.days >= 1 && input.days <= 3);
    let streamed = '';
    const stream = client.responses.stream(forced);
    stream.on('response.function_call_arguments.delta', ({ delta }) => (streamed += delta));
    const again = await stream.finalResponse();
    assert.equal(streamed, call.arguments);
    assert.equal(again.output.find((item) => item.type === 'function_call')?.arguments, call.arguments);
    const result = { type: 'function_call_output' as const, call_id: call.call_id, output: 'Sunny.' };
    const next = await client.responses.create({
      ...{ ...asked, tools: [weather], previous_response_id: response.id, input: [result] },
    });
    assert.equal(next.previous_response_id, response.id);
    const by = await client.responses.create({
      ...{ ...asked, tools: [weather], input: [{ role: 'user', content: asked.input }, call, result] },
    });
    assert.equal(next.output_text, by.output_text);
  });

  it('are parsed by the helper for structured output', async () => {
    const format = z.object({ name: z.enum(['Ann', 'Bob']), age: z.number().int().min(1).max(99) });
    const response = await client.responses.parse({
      ...{ ...asked, max_output_tokens: 200, text: { format: zodTextFormat(format, 'person') } },
    });
    assert.ok(format.safeParse(response.output_parsed).success, response.output_text);
  });

  it('are kept, listed with what they were asked, and forgotten', async () => {
    const first = await client.responses.create(asked);
    const { output_text: text, ...kept } = await client.responses.retrieve(first.id);
    assert.equal(text, first.output_text);
    assert.equal(kept.id, first.id);
    const second = await client.responses.create({ ...asked, input: 'And then?', previous_response_id: first.id });
    const items = await client.responses.inputItems.list(second.id);
    assert.deepEqual(
      items.data.map((item) => ('role' in item ? item.role : item.type)),
      ['user', 'assistant', 'user'],
    );
    const stranger = new OpenAI({ baseURL: `${server.url}/v1`, apiKey: 'other-key', maxRetries: 0 });
    await assert.rejects(stranger.responses.retrieve(first.id), OpenAI.NotFoundError);
    const stolen = stranger.responses.create({ ...asked, previous_response_id: first.id });
    await assert.rejects(stolen, /There is no stored response/u);
    await client.responses.delete(first.id);
    await assert.rejects(client.responses.retrieve(first.id), OpenAI.NotFoundError);
    const unkept = await client.responses.create({ ...asked, store: false });
    await assert.rejects(client.responses.retrieve(unkept.id), OpenAI.NotFoundError);
  });

  it('continue a conversation as if it had been sent whole', async () => {
    const first = await client.responses.create(asked);
    const next = await client.responses.create({ ...asked, input: 'And then?', previous_response_id: first.id });
    const whole = await client.responses.create({
      ...asked,
      input: [
        { role: 'user', content: asked.input },
        { role: 'assistant', content: first.output_text },
        { role: 'user', content: 'And then?' },
      ],
    });
    assert.equal(next.output_text, whole.output_text);
    assert.equal(next.usage?.input_tokens, whole.usage?.input_tokens);
    const [item] = first.output;
    const referred = await client.responses.create({
      ...asked,
      input: [
        { role: 'user', content: asked.input },
        { type: 'item_reference', id: item?.id ?? '' },
        { role: 'user', content: 'And then?' },
      ],
    });
    assert.equal(referred.output_text, whole.output_text);
  });

  it('have log probabilities when they are included', async () => {
    const include = ['message.output_text.logprobs' as const];
    const response = await client.responses.create({ ...asked, include, top_logprobs: 2 });
    const [item] = response.output;
    const part = item?.type === 'message' ? item.content[0] : undefined;
    assert.ok(part?.type === 'output_text');
    assert.equal(part.logprobs?.length, 16);
    assert.equal(part.logprobs[0]?.top_logprobs.length, 2);
    assert.equal(part.logprobs.map(({ token }) => token).join(''), part.text);
  });

  it('say what is wrong with a request, all of it', async () => {
    const wrong = { ...asked, temperature: 9, input: [{ role: 'user', content: [{ type: 'input_image' }] }] };
    await assert.rejects(client.responses.create(wrong as never), (error) => {
      assert.ok(error instanceof OpenAI.BadRequestError);
      assert.match(error.message, /for input\[0\]\.content\[0\].* for temperature|for temperature.* for input\[0\]/u);
      return true;
    });
    await assert.rejects(client.responses.create({ ...asked, background: true }), /Background work is switched off/u);
    const search = client.responses.create({ ...asked, tools: [{ type: 'web_search' }] });
    await assert.rejects(search, /this server calls no tools of its own/u);
  });

  it('free their sequence when their client leaves', async () => {
    const abort = new AbortController();
    const body = { ...asked, max_output_tokens: 900, ignore_eos: true, stream: true as const };
    const stream = await client.responses.create(body, { signal: abort.signal });
    for await (const event of stream) if (event.type === 'response.output_text.delta') break;
    abort.abort();
    await server.settled();
  });
});
