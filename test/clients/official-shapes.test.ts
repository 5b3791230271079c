/**
 * Answers against OpenAI's own OpenAPI document, as JSON in the file that INFERNO_OPENAI_SPEC names
 * (https://github.com/openai/openai-openapi, openapi.json). It is too large to lie here; without it these tests are skipped.
 */
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { after, before, describe, it } from 'node:test';
import type { ValidateFunction } from 'ajv';
import { Ajv2020 } from 'ajv/dist/2020.js';
import { eventsOf } from '../server/event-texts.js';
import { startServer, toolTemplate, type TestServer } from '../support/with-server.js';

const specFile = process.env['INFERNO_OPENAI_SPEC'];
const messages = [{ role: 'user', content: 'Once upon a time' }];
const few = { messages, max_tokens: 12 };
const tools = [
  {
    type: 'function',
    function: {
      name: 'look',
      parameters: { type: 'object', properties: { at: { type: 'integer', maximum: 9 } }, required: ['at'] },
    },
  },
];

interface Spec {
  readonly components: { readonly schemas: Record<string, unknown> };
}

interface EventSchema {
  readonly properties?: { readonly type?: { readonly enum?: readonly string[] } };
}

function readSpec(file: string): Spec {
  // The document is of OpenAPI 3.1, which has no `nullable`, but uses it.
  return JSON.parse(readFileSync(file, 'utf8'), (_key, value: unknown) => {
    if (typeof value !== 'object' || value === null || !('nullable' in value)) return value;
    const { nullable, ...schema } = value;
    return nullable === true ? { anyOf: [schema, { type: 'null' }] } : schema;
  }) as Spec;
}

describe(
  'the shapes of OpenAI’s document',
  { skip: specFile === undefined && 'INFERNO_OPENAI_SPEC is not set' },
  () => {
    let server: TestServer;
    let validator: (name: string) => ValidateFunction;
    let eventSchema: (type: string) => string;
    before(async () => {
      server = await startServer({ load: { chatTemplate: toolTemplate } });
      const ajv = new Ajv2020({ strict: false, allErrors: true, validateFormats: false });
      const spec = readSpec(specFile ?? '');
      ajv.addSchema(spec, 'openai');
      // One of a hundred: the union of all would say what is wrong with each.
      eventSchema = (type) => {
        const schemas = Object.entries(spec.components.schemas) as [string, EventSchema][];
        const found = schemas.find(
          ([name, { properties }]) => name.startsWith('Response') && properties?.type?.enum?.includes(type),
        );
        assert.ok(found !== undefined, `there is no event ${type}`);
        return found[0];
      };
      validator = (name) => ajv.compile({ $ref: `openai#/components/schemas/${name}` });
    });
    after(async () => {
      await server.settled();
      await server[Symbol.asyncDispose]();
    });

    const check = (name: string, value: unknown): void => {
      const validate = validator(name);
      assert.ok(validate(value), `${JSON.stringify(value)}\n${JSON.stringify(validate.errors)}`);
    };
    const post = async (path: string, body: object): Promise<string> => (await server.post(path, body)).text();

    const chats: readonly (readonly [string, object])[] = [
      ['a chat', few],
      ['several choices', { ...few, n: 2 }],
      ['log probabilities', { ...few, logprobs: true, top_logprobs: 2 }],
      ['a forced call', { ...few, max_tokens: 100, tools, tool_choice: 'required' }],
      ['a response format', { ...few, max_tokens: 60, response_format: { type: 'json_object' } }],
      ['a service tier', { ...few, service_tier: 'flex' }],
    ];
    for (const [what, body] of chats) {
      it(`${what}, whole and streamed`, async () => {
        check('CreateChatCompletionResponse', JSON.parse(await post('/v1/chat/completions', body)));
        const streamed = { ...body, stream: true, stream_options: { include_usage: true } };
        const events = eventsOf(await post('/v1/chat/completions', streamed));
        assert.equal(events.pop(), '[DONE]');
        for (const event of events) check('CreateChatCompletionStreamResponse', JSON.parse(event));
      });
    }

    it('text completions; in a stream every part but the last has no finish_reason, as OpenAI’s have', async () => {
      const body = { prompt: 'Once upon', max_tokens: 8, logprobs: 2 };
      check('CreateCompletionResponse', JSON.parse(await post('/v1/completions', body)));
      const events = eventsOf(await post('/v1/completions', { ...body, stream: true }));
      assert.equal(events.pop(), '[DONE]');
      for (const event of events) {
        const chunk = JSON.parse(event) as { choices: { finish_reason: string | null }[] };
        // Here the document is stricter than the servers that it describes.
        for (const choice of chunk.choices) choice.finish_reason ??= 'stop';
        check('CreateCompletionResponse', chunk);
      }
    });

    const responses: readonly (readonly [string, object])[] = [
      ['a text', { input: 'Once upon a time', max_output_tokens: 12 }],
      ['log probabilities', { input: 'Once', max_output_tokens: 6, include: ['message.output_text.logprobs'] }],
      ['a format', { input: 'Once', max_output_tokens: 60, text: { format: { type: 'json_object' } } }],
      [
        'a forced call',
        {
          input: 'Once',
          tools: tools.map((tool) => ({ type: 'function', ...tool.function })),
          tool_choice: 'required',
        },
      ],
    ];
    for (const [what, body] of responses) {
      it(`responses with ${what}, whole, streamed, and kept`, async () => {
        const whole = JSON.parse(await post('/v1/responses', body)) as { readonly id: string };
        check('Response', whole);
        for (const event of eventsOf(await post('/v1/responses', { ...body, stream: true }))) {
          const { type } = JSON.parse(event) as { readonly type: string };
          check(eventSchema(type), JSON.parse(event));
        }
        check('Response', await (await fetch(`${server.url}/v1/responses/${whole.id}`)).json());
        check('ResponseItemList', await (await fetch(`${server.url}/v1/responses/${whole.id}/input_items`)).json());
      });
    }

    it('embeddings', async () => {
      check('CreateEmbeddingResponse', JSON.parse(await post('/v1/embeddings', { input: ['Once', 'upon'] })));
    });

    it('errors', async () => {
      check('ErrorResponse', JSON.parse(await post('/v1/chat/completions', { messages: [] })));
      check('ErrorResponse', JSON.parse(await post('/v1/chat/completions', { messages, model: 'gpt-9' })));
    });

    it('models', async () => {
      check('ListModelsResponse', await (await fetch(`${server.url}/v1/models`)).json());
    });
  },
);
