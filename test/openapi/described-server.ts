/** A server with everything on, and what its document says of a request and its answer. */
import assert from 'node:assert/strict';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { ValidateFunction } from 'ajv';
import { Ajv2020 } from 'ajv/dist/2020.js';
import { eventsOf } from '../server/event-texts.js';
import { startOnnxServer } from '../support/with-onnx-server.js';
import { startServer, toolTemplate } from '../support/with-server.js';
import type { TestServer } from '../support/with-server.js';

type Schema = Readonly<Record<string, unknown>>;

interface Media {
  readonly schema: Schema;
  readonly 'x-item-schema'?: Schema;
}

export interface DescribedOperation {
  readonly requestBody?: { readonly content: Readonly<Record<string, Media>> };
  readonly responses: Readonly<Record<string, { readonly content?: Readonly<Record<string, Media>> }>>;
}

export interface Described {
  readonly paths: Readonly<Record<string, Readonly<Record<string, DescribedOperation>>>>;
}

/** Objects of answers may hold what their schemas name and nothing else, so that no field goes undescribed. */
function closed(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(closed);
  if (typeof value !== 'object' || value === null) return value;
  const inside = Object.fromEntries(Object.entries(value).map(([key, child]) => [key, closed(child)]));
  const isOpen = !('properties' in inside) || 'additionalProperties' in inside;
  return isOpen ? inside : { ...inside, additionalProperties: false };
}

/** `/v1/models/tiny` for `/v1/models/{id}`. */
function fits(described: string, path: string): boolean {
  const parts = described.split(/\{\w+\}/u).map((part) => part.replaceAll('.', '\\.'));
  return new RegExp(`^${parts.join('[^/]+')}$`, 'u').test(path);
}

export class DescribedServer<Server extends { readonly url: string } = { readonly url: string }> {
  /** What was asked for, as `GET /v1/models/{id}`. */
  readonly asked = new Set<string>();
  readonly #requests = new Ajv2020({ strict: false });
  readonly #answers = new Ajv2020({ strict: false });

  constructor(
    readonly server: Server,
    readonly document: Described,
    readonly stop: () => Promise<void>,
  ) {
    this.#requests.addSchema({ ...document, $id: 'openapi' });
    this.#answers.addSchema({ ...(closed(document) as Described), $id: 'openapi' });
  }

  operation(method: string, path: string): readonly [key: string, operation: DescribedOperation] {
    const exact = this.document.paths[path] === undefined ? undefined : path;
    const found = exact ?? Object.keys(this.document.paths).find((described) => fits(described, path));
    const operation = this.document.paths[found ?? '']?.[method.toLowerCase()];
    assert.ok(found !== undefined && operation !== undefined, `${method} ${path} is not described`);
    return [`${method} ${found}`, operation];
  }

  /** Sends it, and holds both the body and the answer against the document. */
  async ask(method: string, target: string, body?: unknown): Promise<unknown> {
    const [path = ''] = target.split('?');
    const [key, operation] = this.operation(method, path);
    const json = operation.requestBody?.content['application/json']?.schema;
    const response = await fetch(this.server.url + target, {
      method,
      ...(body === undefined ? {} : { headers: { 'content-type': 'application/json' }, body: JSON.stringify(body) }),
    });
    if (body !== undefined && response.status < 400) this.#check(this.#requests, json, body, `the body of ${key}`);
    this.asked.add(key);
    return this.#checkAnswer(key, operation, response);
  }

  async #checkAnswer(key: string, { responses }: DescribedOperation, response: Response): Promise<unknown> {
    const described = responses[String(response.status)];
    const text = await response.text();
    assert.ok(described !== undefined, `${key} answers ${String(response.status)}, which is not described: ${text}`);
    const [type = ''] = (response.headers.get('content-type') ?? '').split(';');
    const media = described.content?.[type];
    assert.ok(media !== undefined, `${key} answers with ${type}, which is not described`);
    const item = media['x-item-schema'];
    if (item !== undefined) {
      const events = eventsOf(text).filter((data) => data !== '[DONE]');
      assert.notEqual(events.length, 0);
      for (const data of events) this.#check(this.#answers, item, JSON.parse(data), `an event of ${key}`);
    }
    if (type !== 'application/json' || media.schema['type'] === 'string') return text;
    const value: unknown = JSON.parse(text);
    this.#check(this.#answers, media.schema, value, `the answer of ${key}`);
    return value;
  }

  /** `message` of the server's on a WebSocket. */
  checkServerMessage(message: unknown): void {
    this.#check(this.#answers, { $ref: '#/components/schemas/WebSocketServerMessage' }, message, 'a message');
  }

  checkClientMessage(message: unknown): void {
    this.#check(this.#requests, { $ref: '#/components/schemas/WebSocketClientMessage' }, message, 'a message');
  }

  #check(ajv: Ajv2020, schema: Schema | undefined, value: unknown, what: string): void {
    const inDocument = JSON.parse(JSON.stringify(schema).replaceAll('"#/', '"openapi#/')) as Schema;
    const validate: ValidateFunction = ajv.compile(inDocument);
    const shown = JSON.stringify(value).slice(0, 2000);
    assert.ok(validate(value), `${what}: ${JSON.stringify(validate.errors)}\n${shown}`);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.stop();
  }
}

async function documentOf(url: string): Promise<Described> {
  return (await (await fetch(`${url}/openapi.json`)).json()) as Described;
}

export async function startDescribedServer(): Promise<DescribedServer<TestServer>> {
  const journal = mkdtempSync(join(tmpdir(), 'inferno-described-'));
  const server = await startServer({ load: { chatTemplate: toolTemplate }, background: { directory: journal } });
  return new DescribedServer(server, await documentOf(server.url), async () => {
    await server[Symbol.asyncDispose]();
    rmSync(journal, { recursive: true, force: true });
  });
}

/** With models that rank and classify, and the graph of the latter. */
export async function startDescribedOnnxServer(): Promise<DescribedServer> {
  const server = await startOnnxServer(['reranker', 'classifier']);
  return new DescribedServer(server, await documentOf(server.url), async () => server[Symbol.asyncDispose]());
}
