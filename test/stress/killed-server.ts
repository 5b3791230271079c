/** `inferno serve --journal` as a child process that is made to be killed. */
import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';

const root = fileURLToPath(new URL('../..', import.meta.url));
const mainFile = fileURLToPath(new URL('../../lib/cli/main.ts', import.meta.url));
const flags = ['--model', 'ember', '--ctx-size', '2048', '--parallel', '4', '--threads', '2'];

export class KilledServer {
  readonly child: ChildProcess;
  readonly #exited: Promise<unknown>;
  #output = '';

  constructor(journal: string) {
    const args = ['--import', 'tsx', mainFile, 'serve', '--port', '0', '--journal', journal, ...flags];
    this.child = spawn(process.execPath, args, { cwd: root, stdio: ['ignore', 'pipe', 'pipe'] });
    this.#exited = once(this.child, 'exit');
    for (const pipe of [this.child.stdout, this.child.stderr]) {
      pipe?.setEncoding('utf8').on('data', (text: string) => (this.#output += text));
    }
  }

  get output(): string {
    return this.#output;
  }

  get url(): string | undefined {
    return /^Inferno listens on (\S+)$/mu.exec(this.#output)?.[1];
  }

  get warnings(): string[] {
    return this.#output.match(/^warning: .*$/gmu) ?? [];
  }

  /** Resolves with its address, or with undefined when it was killed before it had one. */
  async listening(): Promise<string | undefined> {
    while (this.url === undefined && this.child.exitCode === null && this.child.signalCode === null) {
      await Promise.race([once(this.child.stdout ?? this.child, 'data'), this.#exited]);
    }
    if (this.url === undefined && this.child.signalCode === null) {
      throw new Error(`The server ended by itself with ${String(this.child.exitCode)}: ${this.#output}`);
    }
    return this.url;
  }

  async kill(): Promise<void> {
    this.child.kill('SIGKILL');
    await this.#exited;
    if (this.child.signalCode !== 'SIGKILL') throw new Error(`The server ended before it was killed: ${this.#output}`);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    if (this.child.exitCode === null && this.child.signalCode === null) await this.kill();
  }

  /** Resolves with the exit code. */
  async stop(): Promise<number | null> {
    this.child.kill('SIGTERM');
    await this.#exited;
    return this.child.exitCode;
  }
}
