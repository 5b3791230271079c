import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';
import { startServer, type TestServer } from '../support/with-server.js';
import type { ErrorBody } from './openai-shapes.js';

const chat = '/v1/chat/completions';
const messages = [{ role: 'user', content: 'hi' }];

describe('validation of bodies', () => {
  let server: TestServer;
  before(async () => {
    server = await startServer();
  });
  after(async () => {
    await server.settled();
    await server[Symbol.asyncDispose]();
  });

  const refused = async (path: string, body: unknown): Promise<ErrorBody['error']> => {
    const response = await server.post(path, body);
    assert.equal(response.status, 400);
    const { error } = (await response.json()) as ErrorBody;
    assert.equal(error.type, 'invalid_request_error');
    return error;
  };

  it('names every fault of a request in one answer', async () => {
    const error = await refused(chat, {
      messages: [{ role: 'user', content: [{ type: 'image_url' }] }, { role: 'robot', content: 'x' }, 7],
      temperature: 3,
      top_p: 'high',
      max_tokens: 0,
      n: 1.5,
      stop: [''],
      logit_bias: { nine: 1 },
      top_logprobs: 2,
      stream_options: { include_usage: true },
      tool_choice: 'required',
      grammar: 'root ::= "a"',
      json_schema: {},
    });
    const params = new Set((error.errors ?? []).map((fault) => fault.param));
    for (const param of [
      'messages[0].content[0].type',
      'messages[1].role',
      'messages[2]',
      'temperature',
      'top_p',
      'max_tokens',
      'n',
      'stop',
      'logit_bias',
      'top_logprobs',
      'stream_options',
      'tool_choice',
      'json_schema',
    ]) {
      assert.ok(params.has(param), `${param} is not among ${[...params].join(', ')}`);
    }
    for (const { message } of error.errors ?? []) assert.ok(error.message.includes(message));
  });

  it('says what was expected, where, and what was received', async () => {
    const error = await refused(chat, { messages, temperature: 3 });
    assert.equal(error.message, 'Expected a number from 0 to 2 for temperature but received 3.');
    assert.equal(error.param, 'temperature');
    assert.ok(!('errors' in error));
  });

  const faulty: readonly (readonly [string, string, unknown, string | null])[] = [
    ['no messages', chat, {}, 'messages'],
    ['empty messages', chat, { messages: [] }, 'messages'],
    ['a message without content', chat, { messages: [{ role: 'user' }] }, 'messages[0].content'],
    ['an array for a body', chat, [], null],
    ['a number for a body', chat, '5', null],
    ['no prompt', '/v1/completions', {}, 'prompt'],
    ['mixed prompts', '/v1/completions', { prompt: ['a', [1]] }, 'prompt'],
    ['negative tokens', '/v1/completions', { prompt: [-1] }, 'prompt'],
    ['best_of below n', '/v1/completions', { prompt: 'a', best_of: 1, n: 2 }, 'best_of'],
    ['a streamed best_of', '/v1/completions', { prompt: 'a', best_of: 3, stream: true }, 'best_of'],
    ['a suffix', '/v1/completions', { prompt: 'a', suffix: 'b' }, 'suffix'],
    ['echo with logprobs', '/v1/completions', { prompt: 'a', echo: true, logprobs: 1 }, 'logprobs'],
    ['too many choices', '/v1/completions', { prompt: ['a', 'b'], n: 100 }, 'prompt'],
    ['too many tokens', chat, { messages, max_tokens: 2_000_001 }, 'max_tokens'],
    ['a fractional seed', chat, { messages, seed: 0.5 }, 'seed'],
    ['too many stops', chat, { messages, stop: Array(17).fill('x') }, 'stop'],
    ['an unknown response format', chat, { messages, response_format: { type: 'xml' } }, 'response_format.type'],
    ['a model that is no string', chat, { messages, model: 5 }, 'model'],
    [
      'a tool without a name',
      chat,
      { messages, tools: [{ type: 'function', function: {} }] },
      'tools[0].function.name',
    ],
  ];
  for (const [what, path, body, param] of faulty) {
    it(`refuses ${what}`, async () => {
      assert.equal((await refused(path, body)).param, param);
    });
  }

  it('refuses JSON schemas that nest without end', async () => {
    const nesting = (levels: number): string => {
      const schema = `${'{"items":'.repeat(levels)}{}${'}'.repeat(levels)}`;
      return `{"messages":${JSON.stringify(messages)},"json_schema":${schema}}`;
    };
    assert.equal((await refused(chat, nesting(80))).param, 'json_schema');
    // Not even parsed.
    const response = await server.post(chat, nesting(200_000));
    const { error } = (await response.json()) as ErrorBody;
    assert.deepEqual([response.status, error.code], [400, 'invalid_json']);
    assert.match(error.message, /deeper than 100 levels/u);
  });

  it('stops looking after some faults of a body that is nothing but faults', async () => {
    const error = await refused(chat, { messages: Array(200_000).fill(0) });
    assert.ok((error.errors?.length ?? 0) <= 40);
  });

  it('says where JSON is malformed', async () => {
    const response = await server.post(chat, '{"messages": [\n  {"role" "user"}]}');
    assert.equal(response.status, 400);
    const { error } = (await response.json()) as ErrorBody;
    assert.equal(error.code, 'invalid_json');
    assert.match(error.message, /position 25 \(line 2, column 11\)/);
  });

  it('refuses a body that is not UTF-8, an empty one and one of another type', async () => {
    const send = async (
      body: string | Uint8Array<ArrayBuffer>,
      headers: Record<string, string>,
    ): Promise<[number, string]> => {
      const response = await fetch(server.url + chat, { method: 'POST', headers, body });
      return [response.status, ((await response.json()) as ErrorBody).error.code];
    };
    const json = { 'content-type': 'application/json; charset=utf-8' };
    assert.deepEqual(await send(Uint8Array.from([0x7b, 0xff, 0x7d]), json), [400, 'invalid_json']);
    assert.deepEqual(await send('', json), [400, 'invalid_json']);
    assert.deepEqual(await send('{}', { 'content-type': 'text/plain' }), [415, 'unsupported_media_type']);
    assert.deepEqual(await send('{}', { ...json, 'content-encoding': 'gzip' }), [415, 'unsupported_media_type']);
  });
});
