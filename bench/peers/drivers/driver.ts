/** A library that generates inside a process, as the harness drives it (in-process.ts). */

export interface LoadedModel {
  readonly modelPath: string;
  readonly streams: number;
  /** Tokens of each sequence. */
  readonly contextSize: number;
  /** Undefined leaves it to the library. */
  readonly threads: number | undefined;
}

export interface Generated {
  readonly text: string;
  readonly tokens: number;
}

export interface LoadedDriver {
  /** Greedy, exactly so many tokens; `onToken` at each. One call for each stream, all at the same time. */
  generate(stream: number, prompt: string, tokens: number, onToken: () => void): Promise<Generated>;
  /** Between rounds: nothing of the last one may make the next one faster. */
  reset(): Promise<void>;
}

/** `folder` is the package's own; undefined for Inferno, which is this repository. */
export type Driver = (folder: string | undefined, model: LoadedModel) => Promise<LoadedDriver>;
