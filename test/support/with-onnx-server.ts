/** Servers in this process over models in ONNX that are made on first use. */
import { encoderOnnx } from '../../fixtures/encoders.js';
import type { EncoderName } from '../../fixtures/encoders.js';
import { loadModel, loadOnnxModel } from '../../lib/index.js';
import type { OnnxModel, OnnxTextModel } from '../../lib/index.js';
import { createServer } from '../../lib/server/index.js';
import type { InfernoServer, ServerOptions } from '../../lib/server/index.js';

const deadlineMs = 30_000;

export class OnnxServer {
  constructor(
    readonly server: InfernoServer,
    readonly models: ReadonlyMap<string, OnnxTextModel>,
    readonly graph: OnnxModel,
  ) {}

  get url(): string {
    return this.server.url;
  }

  /** A model that was asked for by its name. */
  model(name: EncoderName): OnnxTextModel {
    const found = this.models.get(name);
    if (found === undefined) throw new Error(`The server has no model ${name}.`);
    return found;
  }

  async post(path: string, body: unknown, headers: Record<string, string> = {}): Promise<Response> {
    return fetch(this.url + path, {
      method: 'POST',
      headers: { 'content-type': 'application/json', ...headers },
      body: body instanceof Uint8Array || typeof body === 'string' ? body : JSON.stringify(body),
      signal: AbortSignal.timeout(deadlineMs),
    });
  }

  async get(path: string): Promise<Response> {
    return fetch(this.url + path, { signal: AbortSignal.timeout(deadlineMs) });
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.server.close({ drainMs: 0 });
    await Promise.all([...this.models.values()].map(async (model) => model.unload()));
    await this.graph.close();
  }
}

/** The models by their names, and the classifier's graph alone as `graph`. */
export async function startOnnxServer(
  names: readonly EncoderName[],
  options: Omit<ServerOptions, 'models' | 'port'> = {},
): Promise<OnnxServer> {
  const loaded = await Promise.all(
    names.map(async (name) => [name, await loadOnnxModel(await encoderOnnx(name))] as const),
  );
  const graph = await loadModel(`${await encoderOnnx('classifier')}/model.onnx`);
  const sources = loaded.map(([id, model]) => ({ id, model }));
  const server = await createServer({ models: [...sources, { id: 'graph', model: graph }], port: 0, ...options });
  return new OnnxServer(server, new Map(loaded), graph);
}
