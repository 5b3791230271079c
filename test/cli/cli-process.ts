/** Runs the real command line tool from its sources, as a user's shell would. */
import { spawn, spawnSync, type ChildProcessWithoutNullStreams } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';

const root = fileURLToPath(new URL('../..', import.meta.url));
const mainFile = fileURLToPath(new URL('../../lib/cli/main.ts', import.meta.url));
/** Loading and answering is a matter of seconds; what takes this long hangs. */
const deadlineMs = 60_000;

/** The words of a command that runs the tool. */
export const cliCommand = [process.execPath, '--import', 'tsx', mainFile] as const;

export interface CliResult {
  readonly code: number | null;
  readonly signal: NodeJS.Signals | null;
  readonly stdout: string;
  readonly stderr: string;
}

/** A started command whose output can be waited for. */
export class CliProcess {
  readonly child: ChildProcessWithoutNullStreams;
  #stdout = '';
  #stderr = '';
  readonly #ended: Promise<CliResult>;
  readonly #deadline: NodeJS.Timeout;

  constructor(command: readonly string[], environment: NodeJS.ProcessEnv = {}) {
    const [file = '', ...args] = command;
    this.child = spawn(file, args, { cwd: root, env: { ...process.env, NO_COLOR: '1', ...environment } });
    this.child.stdout.setEncoding('utf8').on('data', (text: string) => (this.#stdout += text));
    this.child.stderr.setEncoding('utf8').on('data', (text: string) => (this.#stderr += text));
    this.child.stdin.on('error', () => undefined);
    this.#deadline = setTimeout(() => this.child.kill('SIGKILL'), deadlineMs);
    this.#ended = once(this.child, 'close').then(() => {
      clearTimeout(this.#deadline);
      return { code: this.child.exitCode, signal: this.child.signalCode, stdout: this.#stdout, stderr: this.#stderr };
    });
  }

  get stdout(): string {
    return this.#stdout;
  }

  get stderr(): string {
    return this.#stderr;
  }

  /** Waits until the pattern is found in what stdout has said from `from` on; the match tells where to go on. */
  async waitForOutput(pattern: RegExp, from = 0): Promise<RegExpExecArray> {
    for (;;) {
      const match = pattern.exec(this.#stdout.slice(from));
      if (match !== null) return match;
      const ended = await Promise.race([
        once(this.child.stdout, 'data').then(() => false),
        this.#ended.then(() => true),
      ]);
      if (!ended) continue;
      // The last bytes may have come with the end.
      const last = pattern.exec(this.#stdout.slice(from));
      if (last !== null) return last;
      throw new Error(`ended without ${String(pattern)}; stdout: ${this.#stdout}; stderr: ${this.#stderr}`);
    }
  }

  end(): Promise<CliResult> {
    return this.#ended;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    if (this.child.exitCode === null && this.child.signalCode === null) this.child.kill('SIGKILL');
    await this.#ended;
  }
}

export function startCli(args: readonly string[], environment?: NodeJS.ProcessEnv): CliProcess {
  return new CliProcess([...cliCommand, ...args], environment);
}

/** Runs to the end with `input` on stdin. */
export async function runCli(args: readonly string[], input = '', environment?: NodeJS.ProcessEnv): Promise<CliResult> {
  await using cli = startCli(args, environment);
  cli.child.stdin.end(input);
  return await cli.end();
}

/** Whether util-linux's `script`, which gives a command a terminal of its own, is here. */
export function hasPseudoTerminal(): boolean {
  return process.platform === 'linux' && spawnSync('script', ['--version']).status === 0;
}

/** Starts the tool on a pseudo terminal; what is written to stdin is typed there, and stdout is the screen. */
export function startCliInTerminal(args: readonly string[]): CliProcess {
  const quoted = [...cliCommand, ...args].map((word) => `'${word.replaceAll("'", "'\\''")}'`).join(' ');
  return new CliProcess(['script', '--quiet', '--return', '--command', quoted, '/dev/null'], { TERM: 'xterm' });
}
