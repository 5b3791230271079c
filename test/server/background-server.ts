/** A real server in this process that takes background requests, and its routes for them. */
import assert from 'node:assert/strict';
import { createServer } from '../../lib/server/index.js';
import type { InfernoServer, ServerOptions } from '../../lib/server/index.js';
import type { JournalFolder } from '../background/journal-folder.js';
import { eventually } from '../support/with-server.js';
import type { ErrorBody, TextAnswer } from './openai-shapes.js';

/** What the server says of a background request. */
export interface Background<Answer = unknown> {
  readonly id: string;
  readonly object: string;
  readonly status: 'queued' | 'running' | 'completed' | 'failed' | 'cancelled';
  readonly endpoint: string;
  readonly model: string;
  readonly created_at: number;
  readonly ended_at: number | null;
  readonly expires_at: number | null;
  readonly priority: string;
  readonly tags: readonly string[];
  readonly request_id: string;
  readonly retry_count: number;
  readonly position: number | null;
  readonly eta_ms: number | null;
  readonly response: Answer | null;
  readonly error: ErrorBody['error'] | null;
}

export interface BackgroundList {
  readonly data: readonly Background[];
  readonly first_id: string | null;
  readonly last_id: string | null;
  readonly has_more: boolean;
}

export const completionPath = '/v1/completions';

/** A server over a journal that a test may start again. */
export class BackgroundServer {
  constructor(
    readonly server: InfernoServer,
    readonly headers: Readonly<Record<string, string>> = {},
  ) {}

  static async start(
    folder: JournalFolder,
    models: ServerOptions['models'],
    options: Partial<ServerOptions> = {},
  ): Promise<BackgroundServer> {
    const background = { directory: folder.path, ...options.background };
    return new BackgroundServer(await createServer({ models, port: 0, ...options, background }));
  }

  as(key: string): BackgroundServer {
    return new BackgroundServer(this.server, { authorization: `Bearer ${key}` });
  }

  async fetch(method: string, path: string, body?: unknown, headers: Record<string, string> = {}): Promise<Response> {
    return fetch(this.server.url + path, {
      method,
      headers: { ...this.headers, ...headers, ...(body === undefined ? {} : { 'content-type': 'application/json' }) },
      ...(body === undefined ? {} : { body: JSON.stringify(body) }),
    });
  }

  async json<T>(
    method: string,
    path: string,
    status: number,
    body?: unknown,
    headers?: Record<string, string>,
  ): Promise<T> {
    const response = await this.fetch(method, path, body, headers);
    const text = await response.text();
    assert.equal(response.status, status, text);
    return JSON.parse(text) as T;
  }

  async submit(body: unknown, path = completionPath, headers?: Record<string, string>): Promise<Background> {
    return this.json('POST', path, 202, body, headers);
  }

  async get<Answer = TextAnswer>(id: string): Promise<Background<Answer>> {
    return this.json('GET', `/v1/background/${id}`, 200);
  }

  async ended<Answer = TextAnswer>(id: string): Promise<Background<Answer>> {
    let found = await this.get<Answer>(id);
    await eventually(`${id} has ended`, async () => {
      found = await this.get<Answer>(id);
      return found.ended_at !== null;
    });
    return found;
  }

  async running(id: string): Promise<void> {
    await eventually(`${id} runs`, async () => (await this.get(id)).status === 'running');
  }

  async error(method: string, path: string, status: number, body?: unknown): Promise<ErrorBody['error']> {
    return (await this.json<ErrorBody>(method, path, status, body)).error;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.server.close({ drainMs: 0 });
  }
}
