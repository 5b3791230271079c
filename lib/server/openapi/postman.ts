/** The document as a Postman collection (v2.1): a folder for each tag, a request for each example. */
import { createHash } from 'node:crypto';
import type { OpenApiDocument } from './document.js';
import type { PlacedOperation, WrittenOperation, WrittenParameter } from './page/operation-view.js';

const collectionSchema = 'https://schema.getpostman.com/json/collection/v2.1.0/collection.json';

interface PostmanUrl {
  readonly raw: string;
  readonly host: readonly string[];
  readonly path: readonly string[];
  readonly query?: readonly unknown[];
  readonly variable?: readonly unknown[];
}

interface PostmanRequest {
  readonly name: string;
  readonly request: { readonly method: string; readonly url: PostmanUrl; readonly [field: string]: unknown };
}

export interface PostmanCollection {
  readonly info: { readonly name: string; readonly schema: string; readonly [field: string]: unknown };
  readonly item: readonly { readonly name: string; readonly item: readonly PostmanRequest[] }[];
  readonly [field: string]: unknown;
}

function urlOf(path: string, parameters: readonly WrittenParameter[]): PostmanUrl {
  // Postman's own way to write a variable of a path.
  const segments = path
    .replaceAll(/\{(\w+)\}/gu, ':$1')
    .split('/')
    .slice(1);
  const inQuery = parameters.filter((parameter) => parameter.in === 'query');
  const inPath = parameters.filter((parameter) => parameter.in === 'path');
  return {
    raw: `{{baseUrl}}/${segments.join('/')}`,
    host: ['{{baseUrl}}'],
    path: segments,
    ...(inQuery.length === 0
      ? {}
      : {
          query: inQuery.map(({ name, description }) => ({ key: name, value: '', description, disabled: true })),
        }),
    ...(inPath.length === 0
      ? {}
      : { variable: inPath.map(({ name, example, description }) => ({ key: name, value: example, description })) }),
  };
}

function requestsOf({ method, path, operation }: PlacedOperation): PostmanRequest[] {
  const parameters = operation.parameters ?? [];
  const examples = Object.entries(operation.requestBody?.content['application/json']?.examples ?? {});
  const shared = {
    method,
    url: urlOf(path, parameters),
    description: [operation.summary, operation.description].filter((text) => text !== undefined).join('\n\n'),
  };
  const name = `${method} ${path}`;
  if (examples.length === 0) return [{ name, request: shared }];
  return examples.map(([example, { value }]) => ({
    name: `${name}: ${example}`,
    request: {
      ...shared,
      header: [{ key: 'Content-Type', value: 'application/json' }],
      body: { mode: 'raw', raw: JSON.stringify(value, undefined, 2), options: { raw: { language: 'json' } } },
    },
  }));
}

/** The same for the same document, so that a check can compare it. */
export function postmanCollection({ info, tags, paths }: OpenApiDocument): PostmanCollection {
  const placed = Object.entries(paths).flatMap(([path, methods]) =>
    Object.entries(methods).map(([method, operation]) => ({
      method: method.toUpperCase(),
      path,
      operation: operation as unknown as WrittenOperation,
    })),
  );
  const digest = createHash('sha256').update(info.title).digest('hex');
  return {
    info: {
      name: info.title,
      description: info.description,
      version: info.version,
      schema: collectionSchema,
      _postman_id: [0, 8, 12, 16, 20].map((at, index) => digest.slice(at, [8, 12, 16, 20, 32][index])).join('-'),
    },
    auth: { type: 'bearer', bearer: [{ key: 'token', value: '{{apiKey}}', type: 'string' }] },
    variable: [
      { key: 'baseUrl', value: 'http://127.0.0.1:8080' },
      { key: 'apiKey', value: 'none' },
    ],
    item: tags.map(({ name, description }) => ({
      name,
      description,
      // A WebSocket is no request of this kind.
      item: placed
        .filter(({ operation }) => operation.tags[0] === name && operation['x-websocket'] === undefined)
        .flatMap(requestsOf),
    })),
  };
}
