/** Real servers on free ports: one in this process, whose limits a test can set, or the command line tool's own. */
import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, readFileSync } from 'node:fs';
import { setTimeout as delay } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { loadModel } from '../../lib/index.js';
import type { LoadModelOptions, Model } from '../../lib/index.js';
import { createServer } from '../../lib/server/index.js';
import type { InfernoServer, ServerOptions } from '../../lib/server/index.js';

const root = new URL('../../', import.meta.url);
/** What takes this long hangs. */
const deadlineMs = 30_000;

/** Neither test model has a template with tools. */
export const toolTemplatePath = fileURLToPath(new URL('test/support/tool-template.jinja', root));
export const toolTemplate = readFileSync(toolTemplatePath, 'utf8');

/** A trained model of a few hundred kilobytes when it is there, else the one this package ships. */
export function testModelPath(): string {
  const stories = fileURLToPath(new URL('../shared/data/stories260K.gguf', root));
  return existsSync(stories) ? stories : fileURLToPath(new URL('models/ember.gguf', root));
}

/** Waits for what must come true; the message says what did not. */
export async function eventually(what: string, isTrue: () => boolean | Promise<boolean>): Promise<void> {
  const deadline = Date.now() + deadlineMs;
  while (!(await isTrue())) {
    if (Date.now() > deadline) throw new Error(`It did not come true that ${what}.`);
    await delay(5);
  }
}

/** A server in this process with one loaded model. */
export class TestServer {
  constructor(
    readonly server: InfernoServer,
    readonly model: Model,
    readonly modelId: string,
  ) {}

  get url(): string {
    return this.server.url;
  }

  get port(): number {
    return this.server.port;
  }

  /** Nothing is open, running or waiting any more. */
  async settled(): Promise<void> {
    await eventually('every request ended and every sequence is free', () => {
      const { sequencesBusy, queued } = this.model.stats();
      return this.server.activeRequests === 0 && sequencesBusy === 0 && queued === 0;
    });
  }

  async post(path: string, body: unknown, headers: Record<string, string> = {}): Promise<Response> {
    return fetch(this.url + path, {
      method: 'POST',
      headers: { 'content-type': 'application/json', ...headers },
      body: typeof body === 'string' ? body : JSON.stringify(body),
      signal: AbortSignal.timeout(deadlineMs),
    });
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.server.close({ drainMs: 0 });
    await this.model.unload();
  }
}

export interface TestServerOptions extends Omit<ServerOptions, 'models' | 'host' | 'port'> {
  readonly modelId?: string;
  readonly load?: LoadModelOptions;
}

export async function startServer(testOptions: TestServerOptions = {}): Promise<TestServer> {
  const { modelId = 'tiny', load, ...options } = testOptions;
  const model = await loadModel(testModelPath(), { contextSize: 1024, parallel: 8, ...load });
  const server = await createServer({ models: [{ id: modelId, model }], port: 0, ...options });
  return new TestServer(server, model, modelId);
}

/** `inferno serve` as a child process. */
export class ServerProcess {
  constructor(
    readonly child: ChildProcess,
    readonly url: string,
  ) {}

  get port(): number {
    return Number(new URL(this.url).port);
  }

  get pid(): number {
    if (this.child.pid === undefined) throw new Error('The server process did not start.');
    return this.child.pid;
  }

  /** Sends SIGTERM; resolves with the exit code. */
  async stop(): Promise<number | null> {
    if (this.child.exitCode === null && this.child.signalCode === null) {
      const exited = once(this.child, 'exit');
      this.child.kill('SIGTERM');
      await exited;
    }
    return this.child.exitCode;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.stop();
  }
}

async function urlPrintedBy(child: ChildProcess): Promise<string> {
  let output = '';
  const { stdout, stderr } = child;
  if (stdout === null || stderr === null) throw new Error('The server process has no pipes.');
  return new Promise((resolve, reject) => {
    const gather = (chunk: Buffer): void => {
      output += chunk.toString();
      const url = /https?:\/\/[\w.:[\]]+:\d+/.exec(output)?.[0];
      if (url !== undefined) resolve(url);
    };
    stdout.on('data', gather);
    stderr.on('data', gather);
    child.once('exit', (code) => {
      reject(new Error(`The server process ended with ${String(code)} before it listened: ${output}`));
    });
  });
}

/** Resolves once /health/ready answers 200. `flags` go behind `serve --model FILE --port 0`. */
export async function startServerProcess(flags: readonly string[] = []): Promise<ServerProcess> {
  const main = fileURLToPath(new URL('lib/cli/main.ts', root));
  const args = ['--import', 'tsx', main, 'serve', '--model', testModelPath(), '--port', '0', ...flags];
  const child = spawn(process.execPath, args, { cwd: fileURLToPath(root), stdio: ['ignore', 'pipe', 'pipe'] });
  const url = await urlPrintedBy(child);
  await eventually('the server process is ready', async () => (await fetch(`${url}/health/ready`)).ok);
  return new ServerProcess(child, url);
}
