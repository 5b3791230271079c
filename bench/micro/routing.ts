/** Routes that compute nothing, over one kept connection: what a request costs before a model is asked. */
import { Connection } from '../../lib/bench/load/connection.js';
import { AnswerReader } from '../../lib/bench/load/http-answer.js';
import type { Bench } from 'tinybench';
import { builtinEmber } from '../models.js';
import { loadModel } from '../../lib/index.js';
import { createServer } from '../../lib/server/index.js';

/** One exchange after the other. */
class Caller {
  readonly #connection: Connection;

  constructor(port: number) {
    this.#connection = new Connection('127.0.0.1', port);
  }

  async call(method: string, path: string, body = ''): Promise<number> {
    const length = body === '' ? '' : `Content-Type: application/json\r\nContent-Length: ${String(body.length)}\r\n`;
    const text = `${method} ${path} HTTP/1.1\r\nHost: 127.0.0.1\r\n${length}\r\n${body}`;
    return new Promise((resolve, reject) => {
      const reader = new AnswerReader({ bodyLimit: 0 });
      const onBytes = (bytes: Buffer, at: number): void => {
        reader.push(bytes, at);
        if (reader.isComplete) resolve(reader.status);
      };
      const onClosed = (): void => {
        reject(new Error(`The server closed the connection for ${path}.`));
      };
      this.#connection.use({ onBytes, onClosed }, text);
    });
  }

  close(): void {
    this.#connection.destroy();
  }
}

/** Resolves with what ends it. */
export async function addRouting(bench: Bench): Promise<() => Promise<void>> {
  const model = await loadModel(builtinEmber, { contextSize: 256, parallel: 1 });
  const server = await createServer({ models: [{ id: 'ember', model }], port: 0 });
  const caller = new Caller(server.port);
  for (const [name, method, path, body, status] of [
    ['GET /health', 'GET', '/health', '', 200],
    ['GET /v1/models', 'GET', '/v1/models', '', 200],
    ['an unknown path', 'GET', '/nothing/here', '', 404],
    ['a refused chat body', 'POST', '/v1/chat/completions', '{"messages":[]}', 400],
  ] as const) {
    const got = await caller.call(method, path, body);
    if (got !== status) throw new Error(`${name} answers ${String(got)}.`);
    bench.add(`router: ${name}, there and back`, async () => {
      await caller.call(method, path, body);
    });
  }
  return async () => {
    caller.close();
    await server.close({ drainMs: 0 });
    await model.unload();
  };
}
