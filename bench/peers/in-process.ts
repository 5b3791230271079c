/** Libraries that generate inside a process: node-llama-cpp, @fugood/llama.node, and Inferno's Node API beside them. */
import { fileURLToPath } from 'node:url';
import { messageFrom } from '../child-message.js';
import type { CompletionRecord } from '../completion-record.js';
import type { Child, ChildProcesses } from '../processes.js';
import type { LoadedModel } from './drivers/driver.js';
import type { DriverName, HostCommand, HostReply } from './drivers/host.js';
import { npmPeerFolder } from './npm-packages.js';

const hostFile = fileURLToPath(new URL('drivers/host.ts', import.meta.url));

export interface InProcessPeer {
  /** In tables. */
  readonly name: string;
  readonly driver: DriverName;
}

export const infernoInProcess: InProcessPeer = { name: 'inferno (Node API)', driver: 'inferno' };
export const npmLibraries: readonly InProcessPeer[] = [
  { name: 'node-llama-cpp', driver: 'node-llama-cpp' },
  { name: 'llama.node', driver: 'llama.node' },
];

export class PeerProcess {
  readonly #child: Child;

  /** REQUIRES: the child has said that it is ready. */
  constructor(child: Child) {
    this.#child = child;
  }

  /** A fresh process with the model loaded. */
  static async start(
    children: ChildProcesses,
    { driver }: InProcessPeer,
    model: LoadedModel,
    core: number | undefined,
  ): Promise<PeerProcess> {
    const folder = driver === 'inferno' ? undefined : npmPeerFolder(driver);
    const args = ['--import', 'tsx', hostFile];
    const child = children.start({ file: process.execPath, args, core, channel: true });
    await messageFrom(child);
    const peer = new PeerProcess(child);
    await peer.#ask({ kind: 'load', driver, folder, model });
    return peer;
  }

  /** All prompts at the same time, one for each stream. */
  async generate(prompts: readonly string[], tokens: number): Promise<readonly CompletionRecord[]> {
    return this.#ask({ kind: 'generate', prompts, tokens });
  }

  async stop(): Promise<void> {
    await this.#child.stop();
  }

  async #ask(command: HostCommand): Promise<readonly CompletionRecord[]> {
    const answer = messageFrom(this.#child);
    this.#child.process.send(command);
    const reply = (await answer) as HostReply;
    if ('error' in reply) throw new Error(reply.error);
    return reply.records;
  }
}
