import { Option, type Command } from 'commander';
import type { LoadModelOptions } from '../api/types.js';
import { integerIn } from './option-parsers.js';

/** The flags that say how a model is loaded. */
export interface LoadFlags {
  readonly ctxSize?: number;
  readonly parallel?: number;
  readonly threads?: number;
  readonly batchSize?: number;
}

const maxContextSize = 16_777_216;
const flags = {
  ctxSize: (): Option =>
    new Option('--ctx-size <n>', 'tokens each sequence can hold; default: from the model and free memory').argParser(
      integerIn(16, maxContextSize),
    ),
  parallel: (): Option =>
    new Option('--parallel <n>', 'sequences decoded at once, 1 to 64; default: from free memory').argParser(
      integerIn(1, 64),
    ),
  threads: (): Option =>
    new Option('--threads <n>', 'compute threads; default: adapts to the cores that are really free').argParser(
      integerIn(1, 1024),
    ),
  batchSize: (): Option =>
    new Option('--batch-size <n>', 'tokens of one decode call at most; default 512').argParser(integerIn(1, 16_384)),
} as const;

export function addLoadFlags(command: Command, names: readonly (keyof LoadFlags)[]): Command {
  for (const name of names) command.addOption(flags[name]());
  return command;
}

export function loadOptionsFrom(given: LoadFlags): LoadModelOptions {
  return {
    ...(given.ctxSize === undefined ? {} : { contextSize: given.ctxSize }),
    ...(given.parallel === undefined ? {} : { parallel: given.parallel }),
    ...(given.threads === undefined ? {} : { threads: given.threads }),
    ...(given.batchSize === undefined ? {} : { batchSize: given.batchSize }),
  };
}
