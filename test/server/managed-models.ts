/** Sources of real models that a server loads and unloads by itself, and that count what it does. */
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { shapes } from '../../lib/gguf/shapes.js';
import { writeSyntheticModel } from '../../lib/gguf/synthetic.js';
import { loadModel } from '../../lib/index.js';
import type { LoadModelOptions, Model } from '../../lib/index.js';
import { estimateMemoryBytes } from '../../lib/manager/memory-estimate.js';
import { createServer } from '../../lib/server/index.js';
import type { InfernoServer, LoadableModelSource, ServerOptions } from '../../lib/server/index.js';
import { testModelPath } from '../support/with-server.js';

const emberPath = fileURLToPath(new URL('../../models/ember.gguf', import.meta.url));

/** One for each id; all of them are there on every machine. */
export class ModelFiles {
  readonly #folder: string;

  constructor(folder: string) {
    this.#folder = folder;
  }

  static async make(): Promise<ModelFiles> {
    const files = new ModelFiles(await mkdtemp(join(tmpdir(), 'inferno-models-')));
    await writeSyntheticModel(files.pathOf('nano'), { shape: shapes.nano, vocabularyPath: emberPath });
    return files;
  }

  pathOf(name: 'ember' | 'tiny' | 'nano'): string {
    if (name === 'nano') return join(this.#folder, 'nano.gguf');
    return name === 'ember' ? emberPath : testModelPath();
  }

  async remove(): Promise<void> {
    await rm(this.#folder, { recursive: true });
  }
}

export const smallLoad = { contextSize: 512, parallel: 8 } as const;

/** A source that can be watched, held up and made to fail. */
export class WatchedSource implements LoadableModelSource {
  readonly id: string;
  readonly loadAtStart: boolean;
  readonly pinned: boolean;
  readonly ttlSeconds: number;
  loads = 0;
  unloads = 0;
  /** Loading waits for this, or for being aborted. */
  gate: Promise<unknown> | undefined;
  /** The next loadings reject with these. */
  readonly failures: Error[] = [];
  wasAborted = false;
  model: Model | undefined;
  readonly #path: string;
  readonly #options: LoadModelOptions;

  constructor(
    id: string,
    path: string,
    settings: Partial<Pick<LoadableModelSource, 'loadAtStart' | 'pinned' | 'ttlSeconds'>> & {
      readonly options?: LoadModelOptions;
    } = {},
  ) {
    this.id = id;
    this.#path = path;
    this.#options = settings.options ?? smallLoad;
    this.loadAtStart = settings.loadAtStart ?? false;
    this.pinned = settings.pinned ?? false;
    this.ttlSeconds = settings.ttlSeconds ?? 0;
  }

  get isLoaded(): boolean {
    return this.model !== undefined;
  }

  async load(signal: AbortSignal, onProgress: (fraction: number) => void): Promise<Model> {
    this.loads++;
    await Promise.race([
      this.gate,
      new Promise((_resolve, reject) => {
        signal.addEventListener('abort', () => {
          this.wasAborted = true;
          reject(new Error('aborted'));
        });
        if (this.gate === undefined) _resolve(undefined);
      }),
    ]);
    const failure = this.failures.shift();
    if (failure !== undefined) throw failure;
    this.model = await loadModel(this.#path, { ...this.#options, signal, onProgress });
    return this.model;
  }

  async unload(model: Model): Promise<void> {
    this.unloads++;
    this.model = undefined;
    await model.unload();
  }

  estimateBytes(): Promise<number> {
    return estimateMemoryBytes(this.#path, this.#options);
  }
}

/** A promise and what settles it. */
export function gate(): { readonly closed: Promise<void>; readonly open: () => void } {
  let open: () => void = () => undefined;
  const closed = new Promise<void>((resolve) => {
    open = resolve;
  });
  return { closed, open };
}

/** A budget that holds any one of these models and no two of them. */
export async function budgetForOne(sources: readonly WatchedSource[]): Promise<number> {
  const needs = await Promise.all(sources.map((source) => source.estimateBytes()));
  return Math.max(...needs) + 1024 * 1024;
}

export interface ModelState {
  readonly id: string;
  readonly state: string;
  readonly memory_bytes: number;
  readonly last_used: number | null;
  readonly pinned: boolean;
  readonly ttl_seconds: number;
  readonly load_ms?: number;
}

/** A server over such sources. */
export class ManagedServer {
  constructor(readonly server: InfernoServer) {}

  static async start(
    models: readonly LoadableModelSource[],
    options: Omit<ServerOptions, 'models' | 'port'> = {},
  ): Promise<ManagedServer> {
    return new ManagedServer(await createServer({ models, port: 0, ...options }));
  }

  get url(): string {
    return this.server.url;
  }

  async post(path: string, body?: unknown, headers: Record<string, string> = {}): Promise<Response> {
    const signal = AbortSignal.timeout(60_000);
    if (body === undefined) return fetch(this.url + path, { method: 'POST', headers, signal });
    const withType = { 'content-type': 'application/json', ...headers };
    return fetch(this.url + path, { method: 'POST', headers: withType, body: JSON.stringify(body), signal });
  }

  async complete(model: string, more: Record<string, unknown> = {}): Promise<Response> {
    const body = { model, prompt: 'Once upon a time', temperature: 0, max_tokens: 8, ...more };
    return this.post('/v1/completions', body);
  }

  /** The text of a completion that must succeed. */
  async textOf(model: string, more: Record<string, unknown> = {}): Promise<string> {
    const response = await this.complete(model, more);
    const text = await response.text();
    if (response.status !== 200) throw new Error(`${model} answered ${String(response.status)}: ${text}`);
    return (JSON.parse(text) as { choices: { text: string }[] }).choices[0]?.text ?? '';
  }

  async state(id: string): Promise<ModelState> {
    return (await (await fetch(`${this.url}/v1/models/${id}`)).json()) as ModelState;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.server.close({ drainMs: 0 });
  }
}
