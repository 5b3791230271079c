/** The benchmark's side of its client process. */
import { fileURLToPath } from 'node:url';
import { messageFrom } from './child-message.js';
import type {
  CancelJob,
  CancelResult,
  ClientJob,
  ClientReply,
  GeneratedResult,
  GenerateJob,
  LoadJob,
  LoadResult,
  StreamsJob,
  StreamsResult,
} from './client-protocol.js';
import type { Child, ChildProcesses } from './processes.js';

const clientFile = fileURLToPath(new URL('load-client.ts', import.meta.url));

export class LoadClient {
  readonly #child: Child;

  /** REQUIRES: the child has said that it is ready. */
  constructor(child: Child) {
    this.#child = child;
  }

  static async start(children: ChildProcesses, core?: number): Promise<LoadClient> {
    const args = ['--import', 'tsx', clientFile];
    const child = children.start({ file: process.execPath, args, core, channel: true });
    await messageFrom(child);
    return new LoadClient(child);
  }

  async streams(job: Omit<StreamsJob, 'kind'>): Promise<StreamsResult> {
    return (await this.#run({ kind: 'streams', ...job })) as StreamsResult;
  }

  async load(job: Omit<LoadJob, 'kind'>): Promise<LoadResult> {
    return (await this.#run({ kind: 'load', ...job })) as LoadResult;
  }

  /** Of each load. */
  async generate(job: Omit<GenerateJob, 'kind'>): Promise<GeneratedResult[]> {
    return (await this.#run({ kind: 'generate', ...job })) as GeneratedResult[];
  }

  async cancel(job: Omit<CancelJob, 'kind'>): Promise<CancelResult> {
    return (await this.#run({ kind: 'cancel', ...job })) as CancelResult;
  }

  async stop(): Promise<void> {
    await this.#child.stop();
  }

  /** One job at a time. */
  async #run(job: ClientJob): Promise<unknown> {
    const answer = messageFrom(this.#child);
    this.#child.process.send(job);
    const reply = (await answer) as ClientReply<unknown>;
    if ('error' in reply) throw new Error(`The client failed: ${reply.error}`);
    return reply.result;
  }
}
