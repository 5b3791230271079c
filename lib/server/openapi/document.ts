/** The OpenAPI 3.1 document, made of the schemas that requests are checked with. */
import { setImmediate } from 'node:timers/promises';
import type { z } from 'zod';
import { errorCodes } from '../../error-codes.js';
import type { ErrorCode } from '../../error-codes.js';
import { packageVersion } from '../../version.js';
import { errorAnswer } from './answers/errors.js';
import { answerHeaders, requestHeaders } from './headers.js';
import { SchemaComponents } from './json-schema.js';
import type { JsonSchema } from './json-schema.js';
import { operations } from './operations.js';
import { tags } from './operation.js';
import type { Answer, Operation, OperationKey } from './operation.js';

export interface OpenApiDocument {
  readonly openapi: string;
  readonly info: { readonly title: string; readonly version: string; readonly description: string };
  readonly tags: readonly { readonly name: string; readonly description: string }[];
  readonly paths: Readonly<Record<string, Readonly<Record<string, JsonSchema>>>>;
  readonly components: { readonly schemas: Readonly<Record<string, JsonSchema>> };
}

const description = `Local AI inference: OpenAI's API, Anthropic's Messages and llama-server's routes on one server.

Fields that are not described here are ignored. Every fault of a request comes in one answer, each with the \`param\` it is
about. Keys are asked for when the server was started with some. Every GET answers HEAD, and every path OPTIONS.`;

const common: readonly ErrorCode[] = ['host_not_allowed', 'internal_error'];
const ofBodies: readonly ErrorCode[] = [
  'invalid_argument',
  'invalid_json',
  'not_acceptable',
  'request_timeout',
  'body_too_large',
  'unsupported_media_type',
  'queue_full',
  'shutting_down',
];

function errorsOf(key: OperationKey, { errors = [], isOpen, query }: Operation): ErrorCode[] {
  const isGet = key.startsWith('GET ');
  const all: readonly ErrorCode[] = [
    ...common,
    ...(isOpen === true ? [] : (['invalid_api_key'] as const)),
    ...(isGet ? [] : ofBodies),
    ...(query === undefined ? [] : (['invalid_argument'] as const)),
    ...errors,
  ];
  return [...new Set(all)];
}

function headersOf(names: readonly string[]): JsonSchema {
  return Object.fromEntries(names.map((name) => [name, { $ref: `#/components/headers/${name}` }]));
}

/** In OpenAPI 3.1 a schema without a type stands for raw bytes. */
function bytesOf(text: string): JsonSchema {
  return { 'application/octet-stream': { schema: { description: text } } };
}

/** `postV1ChatCompletions` for POST /v1/chat/completions. */
function operationId(key: OperationKey): string {
  const [first = '', ...words] = key.split(/[^A-Za-z0-9]+/u).filter((word) => word !== '');
  return first.toLowerCase() + words.map((word) => word.charAt(0).toUpperCase() + word.slice(1)).join('');
}

class DocumentWriter {
  readonly components = new SchemaComponents();

  /** Others get their turn between two routes: all of them together take some hundred milliseconds the first time. */
  async pathItems(): Promise<OpenApiDocument['paths']> {
    const paths: Record<string, Record<string, JsonSchema>> = {};
    for (const [key, operation] of Object.entries(operations) as [OperationKey, Operation][]) {
      const [method = '', path = ''] = key.split(' ');
      await setImmediate();
      paths[path] = { ...paths[path], [method.toLowerCase()]: this.#operation(key, operation) };
    }
    return paths;
  }

  #operation(key: OperationKey, operation: Operation): JsonSchema {
    const { tag, summary, isOpen, body, webSocket } = operation;
    const parameters = this.#parameters(operation);
    return {
      operationId: operationId(key),
      tags: [tag],
      summary,
      ...(operation.description === undefined ? {} : { description: operation.description }),
      ...(isOpen === true ? { security: [] } : {}),
      ...(parameters.length === 0 ? {} : { parameters }),
      ...(body === undefined
        ? {}
        : {
            requestBody: {
              required: body.isOptional !== true,
              content: {
                'application/json': {
                  schema: this.components.request(body.schema),
                  examples: Object.fromEntries(
                    Object.entries(body.examples).map(([name, value]) => [name, { summary: name, value }]),
                  ),
                },
                ...(body.bytes === undefined ? {} : bytesOf(body.bytes)),
              },
            },
          }),
      responses: { ...this.#answers(operation), ...this.#errors(key, operation) },
      ...(webSocket === undefined
        ? {}
        : {
            'x-websocket': {
              subprotocol: 'inferno.v1',
              clientMessages: this.components.request(webSocket.client),
              serverMessages: this.components.answer(webSocket.server),
            },
          }),
    };
  }

  #parameters({ path = {}, query, headers = [] }: Operation): JsonSchema[] {
    const inQuery = query === undefined ? [] : Object.entries<z.ZodType>(query.shape);
    return [
      ...Object.entries(path).map(([name, { description: text, example }]) => ({
        name,
        in: 'path',
        required: true,
        description: text,
        schema: { type: 'string' },
        example,
      })),
      ...inQuery.map(([name, schema]) => {
        const { description: text, ...rest } = this.components.request(schema);
        return { name, in: 'query', ...(text === undefined ? {} : { description: text }), schema: rest };
      }),
      ...headers.map((name) => ({ $ref: `#/components/parameters/${name}` })),
    ];
  }

  #answers({ answers }: Operation): JsonSchema {
    return Object.fromEntries(
      Object.entries(answers).map(([status, answer]) => [
        status,
        {
          description: answer.description,
          headers: headersOf([
            'x-request-id',
            ...(answer.hasRateLimit === true
              ? ['openai-processing-ms', ...Object.keys(answerHeaders).filter((name) => name.startsWith('x-ratelimit'))]
              : []),
            ...(answer.bytes === undefined ? [] : ['inference-header-content-length']),
          ]),
          ...this.#content(answer),
        },
      ]),
    );
  }

  #content({ json, events, eventsNote, text = [], bytes }: Answer): JsonSchema {
    const content: Record<string, JsonSchema> = {};
    if (json !== undefined) content['application/json'] = { schema: this.components.answer(json) };
    if (events !== undefined) {
      content['text/event-stream'] = {
        schema: { type: 'string', description: eventsNote ?? 'Ends with `data: [DONE]`.' },
        // What OpenAPI 3.2 calls itemSchema.
        'x-item-schema': this.components.answer(events),
      };
    }
    for (const type of text) content[type] = { schema: { type: 'string' } };
    if (bytes !== undefined) Object.assign(content, bytesOf(bytes));
    return Object.keys(content).length === 0 ? {} : { content };
  }

  #errors(key: OperationKey, operation: Operation): JsonSchema {
    const byStatus = new Map<number, ErrorCode[]>();
    for (const code of errorsOf(key, operation)) {
      const { status } = errorCodes[code];
      byStatus.set(status, [...(byStatus.get(status) ?? []), code]);
    }
    const schema = this.components.answer(operation.errorAnswer ?? errorAnswer);
    return Object.fromEntries(
      [...byStatus].map(([status, codes]) => [
        String(status),
        {
          description: codes.map((code) => `\`${code}\`: ${errorCodes[code].remedy}`).join('\n\n'),
          headers: headersOf(['x-request-id', ...(status === 429 || status === 503 ? ['retry-after'] : [])]),
          content: { 'application/json': { schema } },
        },
      ]),
    );
  }
}

function sharedParameters(): JsonSchema {
  return Object.fromEntries(
    Object.entries(requestHeaders).map(([name, header]) => [name, { name, in: 'header', ...header }]),
  );
}

/** Made anew at every call; the same for every server of this version. */
export async function openApiDocument(): Promise<OpenApiDocument> {
  const writer = new DocumentWriter();
  const paths = await writer.pathItems();
  return {
    openapi: '3.1.1',
    info: {
      title: 'Inferno',
      version: packageVersion,
      description,
      ...{ license: { name: 'MIT', identifier: 'MIT' } },
    },
    ...{
      servers: [{ url: '/', description: 'The server that this document came from.' }],
      security: [{}, { bearer: [] }, { apiKey: [] }],
    },
    tags: Object.entries(tags).map(([name, text]) => ({ name, description: text })),
    paths,
    components: {
      schemas: writer.components.schemas,
      ...{
        headers: answerHeaders,
        parameters: sharedParameters(),
        securitySchemes: {
          bearer: { type: 'http', scheme: 'bearer', description: 'A key of `--api-key`.' },
          apiKey: { type: 'apiKey', in: 'header', name: 'x-api-key', description: "Anthropic's header for keys." },
        },
      },
    },
  };
}
