import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';
import { startServer, toolTemplate, type TestServer } from '../support/with-server.js';
import { eventsOf } from './event-texts.js';
import type { ErrorBody, UsageJson } from './openai-shapes.js';

interface ToolCallJson {
  readonly id: string;
  readonly type: string;
  readonly function: { readonly name: string; readonly arguments: string };
}

interface ToolAnswer {
  readonly choices: readonly {
    readonly message: { readonly content: string | null; readonly tool_calls?: readonly ToolCallJson[] };
    readonly finish_reason: string;
  }[];
  readonly usage: UsageJson & { readonly completion_tokens_details: Readonly<Record<string, number>> };
}

interface ToolChunk {
  readonly choices: readonly {
    readonly delta: {
      readonly content?: string | null;
      readonly tool_calls?: readonly {
        readonly index: number;
        readonly id?: string;
        readonly type?: string;
        readonly function: { readonly name?: string; readonly arguments?: string };
      }[];
    };
    readonly finish_reason: string | null;
  }[];
}

const chat = '/v1/chat/completions';
const messages = [{ role: 'user', content: 'What is the weather like in Paris?' }];

function tool(name: string, properties: Readonly<Record<string, unknown>>): Record<string, unknown> {
  const parameters = { type: 'object', properties, required: Object.keys(properties), additionalProperties: false };
  return { type: 'function', function: { name, description: 'Does it', parameters } };
}

const tools = [
  tool('get_weather', { city: { type: 'string', maxLength: 12 }, unit: { enum: ['celsius', 'fahrenheit'] } }),
  tool('get_time', { zone: { type: 'integer', minimum: -12, maximum: 14 } }),
];

/** Greedy, so that the streamed answer and the whole one are the same. */
const request = { messages, tools, temperature: 0, max_tokens: 200, parallel_tool_calls: false };

describe('tools of chats', () => {
  let server: TestServer;
  before(async () => {
    server = await startServer({ load: { chatTemplate: toolTemplate } });
  });
  after(async () => {
    await server.settled();
    await server[Symbol.asyncDispose]();
  });

  const ask = async (body: Readonly<Record<string, unknown>>): Promise<ToolAnswer> => {
    const response = await server.post(chat, { ...request, ...body });
    const text = await response.text();
    assert.equal(response.status, 200, text);
    return JSON.parse(text) as ToolAnswer;
  };

  const stream = async (body: Readonly<Record<string, unknown>>): Promise<ToolChunk[]> => {
    const response = await server.post(chat, { ...request, ...body, stream: true });
    const events = eventsOf(await response.text());
    assert.equal(events.pop(), '[DONE]');
    return events.map((event) => JSON.parse(event) as ToolChunk);
  };

  it('forces a call of a named function, whose arguments follow its schema', async () => {
    const answer = await ask({ tool_choice: { type: 'function', function: { name: 'get_weather' } } });
    const [choice] = answer.choices;
    assert.equal(choice?.finish_reason, 'tool_calls');
    assert.equal(choice.message.content, null);
    const [call] = choice.message.tool_calls ?? [];
    assert.equal(call?.type, 'function');
    assert.equal(call.function.name, 'get_weather');
    assert.match(call.id, /^call_\w{24}$/);
    const given = JSON.parse(call.function.arguments) as { city: unknown; unit: unknown };
    assert.equal(typeof given.city, 'string');
    assert.ok(given.unit === 'celsius' || given.unit === 'fahrenheit');
  });

  it('forces some call when one is required, and only among those that are allowed', async () => {
    const required = await ask({ tool_choice: 'required' });
    assert.equal(required.choices[0]?.finish_reason, 'tool_calls');
    const only = { mode: 'required', tools: [{ type: 'function', function: { name: 'get_time' } }] };
    const allowed = await ask({ tool_choice: { type: 'allowed_tools', allowed_tools: only } });
    assert.equal(allowed.choices[0]?.message.tool_calls?.[0]?.function.name, 'get_time');
  });

  it('streams a call in pieces that are the whole call together', async () => {
    const body = { tool_choice: { type: 'function', function: { name: 'get_weather' } } };
    const whole = (await ask(body)).choices[0]?.message.tool_calls?.[0];
    const chunks = await stream(body);
    let streamed = '';
    const heads: string[] = [];
    for (const chunk of chunks) {
      for (const call of chunk.choices[0]?.delta.tool_calls ?? []) {
        assert.equal(call.index, 0);
        if (call.function.name !== undefined) {
          heads.push(call.function.name);
          assert.equal(call.type, 'function');
          assert.match(call.id ?? '', /^call_/);
        }
        streamed += call.function.arguments ?? '';
      }
    }
    assert.deepEqual(heads, ['get_weather']);
    assert.equal(streamed, whole?.function.arguments);
    assert.equal(chunks.at(-1)?.choices[0]?.finish_reason, 'tool_calls');
  });

  it('calls nothing where nothing may be called', async () => {
    const answer = await ask({ tool_choice: 'none', max_tokens: 10 });
    assert.equal(answer.choices[0]?.message.tool_calls, undefined);
    assert.equal(typeof answer.choices[0]?.message.content, 'string');
  });

  it('answers a conversation in which functions were called', async () => {
    const call = { id: 'call_1', type: 'function', function: { name: 'get_time', arguments: '{"zone": 1}' } };
    const conversation = [
      ...messages,
      { role: 'assistant', content: null, tool_calls: [call] },
      { role: 'tool', tool_call_id: 'call_1', content: 'half past two' },
    ];
    const answer = await ask({ messages: conversation, max_tokens: 8 });
    assert.ok(answer.usage.completion_tokens > 0);
  });

  it('answers with a call or in the response format where both are possible', async () => {
    const schema = {
      type: 'object',
      properties: { n: { type: 'integer' } },
      required: ['n'],
      additionalProperties: false,
    };
    const format = { type: 'json_schema', json_schema: { name: 'answer', schema, strict: true } };
    const body = { response_format: format, max_tokens: 300 };
    const [choice] = (await ask(body)).choices;
    if (choice?.finish_reason === 'tool_calls') {
      JSON.parse(choice.message.tool_calls?.[0]?.function.arguments ?? '');
    } else if (choice?.finish_reason === 'stop') {
      assert.equal(typeof (JSON.parse(choice.message.content ?? '') as { n: unknown }).n, 'number');
    }
    const chunks = await stream(body);
    const content = chunks.map((chunk) => chunk.choices[0]?.delta.content ?? '').join('');
    assert.equal(content, choice?.message.content ?? '');
  });

  const faulty: readonly (readonly [string, Readonly<Record<string, unknown>>, string])[] = [
    ['a required call without tools', { tools: [], tool_choice: 'required' }, 'tool_choice'],
    ['an unknown function', { tool_choice: { type: 'function', function: { name: 'nothing' } } }, 'tool_choice'],
    ['two functions of one name', { tools: [tools[0], tools[0]] }, 'tools[1].function.name'],
    ['a tool that is no function', { tools: [{ type: 'custom', custom: { name: 'x' } }] }, 'tools[0].type'],
    ['a grammar beside tools', { grammar: 'root ::= "a"' }, 'grammar'],
    ['a continuation of a user', { continue_final_message: true }, 'continue_final_message'],
    ['audio', { modalities: ['text', 'audio'] }, 'modalities[1]'],
  ];
  for (const [what, body, param] of faulty) {
    it(`refuses ${what}`, async () => {
      const response = await server.post(chat, { ...request, ...body });
      assert.equal(response.status, 400);
      assert.equal(((await response.json()) as ErrorBody).error.param, param);
    });
  }
});
