/**
 * The processes of a benchmark: each a fresh child, bound to a core where asked. All are ended with this process, also
 * when it fails or is interrupted.
 */
import { spawn, spawnSync, type ChildProcess, type StdioOptions } from 'node:child_process';
import { availableParallelism } from 'node:os';
import { setTimeout as delay } from 'node:timers/promises';

export interface Command {
  readonly file: string;
  readonly args: readonly string[];
  /** Runs on this core only. */
  readonly core?: number | undefined;
  /** Opens a channel for `process.send`. */
  readonly channel?: boolean;
}

/** The end of what a child said on stderr is enough to tell why it failed. */
const keptCharacters = 4000;
const graceMs = 3000;

export class Child {
  readonly process: ChildProcess;
  readonly name: string;
  #stdout = '';
  #complaints = '';
  readonly #closed: Promise<void>;

  constructor({ file, args, core, channel = false }: Command) {
    this.name = file.slice(file.lastIndexOf('/') + 1);
    const pinned = core === undefined ? [file, ...args] : ['taskset', '--cpu-list', String(core), file, ...args];
    const [program = file, ...rest] = pinned;
    const stdio: StdioOptions = channel ? ['ignore', 'pipe', 'pipe', 'ipc'] : ['ignore', 'pipe', 'pipe'];
    this.process = spawn(program, rest, { stdio });
    this.process.stdout?.setEncoding('utf8').on('data', (text: string) => (this.#stdout += text));
    this.process.stderr?.setEncoding('utf8').on('data', (text: string) => {
      this.#complaints = (this.#complaints + text).slice(-keptCharacters);
    });
    this.process.once('error', (error) => (this.#complaints += error.message));
    this.#closed = new Promise((resolve) => {
      this.process.once('close', () => {
        resolve();
      });
      // A program that cannot be started closes nothing.
      this.process.once('error', () => {
        resolve();
      });
    });
  }

  get pid(): number {
    const { pid } = this.process;
    if (pid === undefined) throw this.failure('did not start');
    return pid;
  }

  get stdout(): string {
    return this.#stdout;
  }

  get isRunning(): boolean {
    return this.process.pid !== undefined && this.process.exitCode === null && this.process.signalCode === null;
  }

  get closed(): Promise<void> {
    return this.#closed;
  }

  failure(what: string): Error {
    const { exitCode, signalCode } = this.process;
    const end = this.isRunning ? '' : ` (exit ${String(signalCode ?? exitCode)})`;
    return new Error(`${this.name} ${what}${end}: ${this.#complaints.trim() || 'it said nothing on stderr'}`);
  }

  /** Asks it to end, and makes it end when it does not. */
  async stop(): Promise<void> {
    if (!this.isRunning) return;
    this.process.kill('SIGTERM');
    const timer = setTimeout(() => this.process.kill('SIGKILL'), graceMs);
    await this.#closed;
    clearTimeout(timer);
  }
}

export class ChildProcesses {
  readonly #children = new Set<Child>();
  readonly #killAll = (): void => {
    for (const { process: child } of this.#children) child.kill('SIGKILL');
  };
  readonly #onSignal = (signal: NodeJS.Signals): void => {
    this.#killAll();
    process.exit(signal === 'SIGINT' ? 130 : 143);
  };

  constructor() {
    process.once('exit', this.#killAll);
    process.once('SIGINT', this.#onSignal);
    process.once('SIGTERM', this.#onSignal);
  }

  start(command: Command): Child {
    const child = new Child(command);
    this.#children.add(child);
    void child.closed.then(() => this.#children.delete(child));
    return child;
  }

  /** Runs to the end; resolves with its stdout. Rejects when it fails. */
  async run(command: Command): Promise<string> {
    const child = this.start(command);
    await child.closed;
    if (child.process.exitCode !== 0) throw child.failure('failed');
    return child.stdout;
  }

  /** Ends what still runs, and no longer minds the signals of this process. */
  async [Symbol.asyncDispose](): Promise<void> {
    await Promise.all([...this.#children].map((child) => child.stop()));
    process.off('exit', this.#killAll);
    process.off('SIGINT', this.#onSignal);
    process.off('SIGTERM', this.#onSignal);
  }
}

/** Waits until `isTrue`; fails when the child ends first. */
export async function untilReady(child: Child, what: string, isTrue: () => boolean | Promise<boolean>): Promise<void> {
  const deadline = performance.now() + 300_000;
  while (!(await isTrue())) {
    if (!child.isRunning) throw child.failure(`ended before ${what}`);
    if (performance.now() > deadline) throw child.failure(`took too long until ${what}`);
    await delay(10);
  }
}

/** Keeps one core busy until it is stopped. */
export async function startBusyLoop(children: ChildProcesses, core: number): Promise<Child> {
  const script = 'console.log("busy"); for (;;);';
  const child = children.start({ file: process.execPath, args: ['-e', script], core });
  await untilReady(child, 'it was busy', () => child.stdout.includes('busy'));
  return child;
}

/** Server and client need a core each, and a way to be put there. */
export function requirePinning(cores: readonly number[]): void {
  if (availableParallelism() < 2)
    throw new Error('The benchmark needs two cores: one for the server, one for the client.');
  for (const core of cores) {
    const { status } = spawnSync('taskset', ['--cpu-list', String(core), 'true']);
    if (status === 0) continue;
    throw new Error(
      `A process cannot be bound to core ${String(core)}. The benchmark needs Linux with taskset (util-linux); --cores says which cores.`,
    );
  }
}
