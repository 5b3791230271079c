/** Bodies of anything on every route that takes one: each gets an answer or a clear error, and the server goes on. */
import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';
import fc from 'fast-check';
import { startServer, type TestServer } from '../support/with-server.js';

const routes = [
  '/v1/chat/completions',
  '/v1/completions',
  '/v1/responses',
  '/v1/messages',
  '/v1/messages/count_tokens',
  '/v1/embeddings',
  '/tokenize',
  '/detokenize',
  '/completion',
  '/infill',
  '/embedding',
  '/apply-template',
];
const anything = fc.oneof(
  { depthSize: 'small' },
  fc.jsonValue(),
  fc.constantFrom<unknown>(-1, 1e308, 2 ** 53, [], {}, [[]], '\ud800', '\u0000'),
);
/** Mostly what a field takes, so that the later checks are reached, too. */
const mostly = (value: unknown): fc.Arbitrary<unknown> =>
  fc.oneof({ weight: 3, arbitrary: fc.constant(value) }, { weight: 1, arbitrary: anything });
const schema = fc.record(
  {
    type: fc.oneof(fc.constantFrom<unknown>('object', 'array', 'string', 'integer', ['null', 'number']), anything),
    properties: fc.oneof(fc.dictionary(fc.string(), fc.constant({ type: 'boolean' }), { maxKeys: 3 }), anything),
    required: anything,
    items: anything,
    enum: anything,
    anyOf: anything,
    $ref: fc.constantFrom<unknown>('#', '#/properties/a', 'https://schema.invalid/', '#/$defs/a', 7),
    $defs: anything,
    minimum: anything,
    maxLength: anything,
    pattern: fc.oneof(fc.string(), fc.constantFrom('^(a+)+$', '((((', '[z-a]', '^a{1,5}$'), anything),
  },
  { requiredKeys: [] },
);
const body = fc.record(
  {
    model: mostly('tiny'),
    prompt: mostly('Once'),
    input: mostly('Once'),
    content: mostly('Once'),
    tokens: mostly([1, 2]),
    messages: mostly([{ role: 'user', content: 'Hello' }]),
    max_tokens: mostly(2),
    n_predict: mostly(2),
    max_output_tokens: mostly(2),
    stream: mostly(false),
    n: mostly(1),
    temperature: mostly(1),
    stop: mostly('x'),
    logit_bias: mostly({ '1': 1 }),
    tools: fc.oneof(
      schema.map((parameters) => [{ type: 'function', function: { name: 'a', parameters } }]),
      schema.map((parameters) => [{ type: 'function', name: 'a', parameters }]),
      anything,
    ),
    tool_choice: anything,
    response_format: fc.oneof(
      schema.map((one) => ({ type: 'json_schema', json_schema: { name: 'a', schema: one } })),
      anything,
    ),
    json_schema: fc.oneof(schema, anything),
    grammar: fc.oneof(fc.constantFrom('root ::= "a"', 'root ::= root', 'root ::= ((('), fc.string(), anything),
    chat_template_kwargs: anything,
    samplers: anything,
    metadata: anything,
    priority: anything,
    dependencies: anything,
  },
  { requiredKeys: ['max_tokens', 'n_predict', 'max_output_tokens'] },
);
const errorBody = fc.record({
  route: fc.constantFrom(...routes),
  body: fc.oneof({ weight: 4, arbitrary: body }, anything),
});

describe('a client that posts anything', () => {
  let server: TestServer;
  before(async () => {
    server = await startServer({ limits: { maxBodyBytes: 100_000 } });
  });
  after(async () => {
    await server.settled();
    await server[Symbol.asyncDispose]();
  });

  async function post(route: string, sent: string | Buffer): Promise<number> {
    const response = await fetch(server.url + route, {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: sent,
      signal: AbortSignal.timeout(60_000),
    });
    const text = await response.text();
    if (response.status === 200) return 200;
    assert.ok(response.status >= 400 && response.status < 500, `${String(response.status)} ${text}`);
    const { error } = JSON.parse(text) as { readonly error: { readonly message: string; readonly type: string } };
    assert.ok(error.message !== '' && error.message.length < 10_000 && error.type !== '', text);
    return response.status;
  }

  it('in JSON gets an answer or a 4xx that says why', async () => {
    let refused = 0;
    await fc.assert(
      fc.asyncProperty(errorBody, async ({ route, body: sent }) => {
        if ((await post(route, JSON.stringify(sent))) !== 200) refused++;
      }),
      { numRuns: 400 },
    );
    assert.ok(refused > 50);
    assert.equal(await post('/v1/completions', '{"prompt":"Once","max_tokens":2}'), 200);
  });

  it('in damaged JSON or bytes gets a 4xx', async () => {
    const json = Buffer.from('{"messages":[{"role":"user","content":"Once \u20ac"}],"max_tokens":1}');
    await fc.assert(
      fc.asyncProperty(
        fc.constantFrom(...routes),
        fc.nat({ max: json.length }),
        fc.uint8Array({ minLength: 1, maxLength: 8 }),
        async (route, at, inserted) => {
          await post(route, Buffer.concat([json.subarray(0, at), Buffer.from(inserted), json.subarray(at + 1)]));
          if (inserted.some((byte) => byte > 0x7f && byte < 0xc0)) {
            assert.equal(await post(route, Buffer.from(inserted)), 400);
          }
        },
      ),
      { numRuns: 200 },
    );
    assert.equal(await post('/v1/completions', '{"prompt":"Once","max_tokens":2}'), 200);
  });
});
