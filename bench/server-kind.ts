import type { ChildProcesses } from './processes.js';

export interface ServerSetup {
  readonly modelPath: string;
  /** Streams at once; 'default' leaves it to the server. */
  readonly parallel: number | 'default';
  /** Tokens of each sequence. */
  readonly contextSize: number;
  readonly threads: number | 'default';
  /** The core it is bound to, if any. */
  readonly core?: number | undefined;
}

export interface RunningServer {
  readonly port: number;
  readonly pid: number;
  stop(): Promise<void>;
}

/** A server that speaks OpenAI's POST /v1/completions. */
export interface ServerKind {
  readonly name: string;
  /** A fresh process, ready to answer. */
  start(children: ChildProcesses, setup: ServerSetup): Promise<RunningServer>;
}
