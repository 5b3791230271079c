/** The process in which a library is measured. Jobs come and results go over IPC; see in-process.ts. */
import type { CompletionRecord } from '../../completion-record.js';
import type { Driver, LoadedDriver, LoadedModel } from './driver.js';
import { infernoApi } from './inferno-api.js';
import { llamaNode } from './llama-node.js';
import { nodeLlamaCpp } from './node-llama-cpp.js';

const drivers = { inferno: infernoApi, 'node-llama-cpp': nodeLlamaCpp, 'llama.node': llamaNode } as const;
export type DriverName = keyof typeof drivers;

export interface LoadCommand {
  readonly kind: 'load';
  readonly driver: DriverName;
  readonly folder: string | undefined;
  readonly model: LoadedModel;
}

export interface GenerateCommand {
  readonly kind: 'generate';
  readonly prompts: readonly string[];
  readonly tokens: number;
}

export type HostCommand = LoadCommand | GenerateCommand;
export type HostReply = { readonly records: readonly CompletionRecord[] } | { readonly error: string };

let loaded: LoadedDriver | undefined;

async function record(driver: LoadedDriver, stream: number, prompt: string, tokens: number): Promise<CompletionRecord> {
  const textTimes: number[] = [];
  const sentAt = performance.now();
  const { text, tokens: count } = await driver.generate(stream, prompt, tokens, () =>
    textTimes.push(performance.now()),
  );
  const finishedAt = textTimes.at(-1) ?? null;
  return {
    ...{ status: 200, sentAt, text, textTimes, finishedAt, completionTokens: count },
    ...{ promptTokens: null, cachedTokens: null, failure: null },
  };
}

async function obey(command: HostCommand): Promise<readonly CompletionRecord[]> {
  if (command.kind === 'load') {
    const driver: Driver = drivers[command.driver];
    loaded = await driver(command.folder, command.model);
    return [];
  }
  const driver = loaded;
  if (driver === undefined) throw new Error('Nothing is loaded.');
  await driver.reset();
  return Promise.all(command.prompts.map((prompt, stream) => record(driver, stream, prompt, command.tokens)));
}

async function reply(command: HostCommand): Promise<HostReply> {
  try {
    return { records: await obey(command) };
  } catch (error) {
    return { error: error instanceof Error ? (error.stack ?? error.message) : String(error) };
  }
}

process.on('message', (command: HostCommand) => {
  void reply(command).then((message) => process.send?.(message));
});
process.on('disconnect', () => process.exit());
process.send?.('ready');
