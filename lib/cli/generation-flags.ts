import { Option, type Command } from 'commander';
import type { GenerationOptions } from '../api/types.js';
import { collect, integerIn, numberIn } from './option-parsers.js';

const maxSeed = 4_294_967_294;

/** The flags that shape an answer; the keys are those of `GenerationOptions`, so no table translates them. */
const generationFlags: readonly Option[] = [
  new Option('--max-tokens <n>', 'tokens to generate at most').argParser(integerIn(1, 2_000_000)),
  new Option('--temperature <x>', '0 (greedy) to 2; default 0.8').argParser(numberIn(0, 2)),
  new Option('--top-k <n>', 'keep the k most likely tokens; 0 keeps all; default 40').argParser(
    integerIn(0, 2_147_483_647),
  ),
  new Option('--top-p <x>', 'nucleus, 0 to 1; default 0.95').argParser(numberIn(0, 1)),
  new Option('--min-p <x>', 'drop tokens less likely than this part of the best one; default 0.05').argParser(
    numberIn(0, 1),
  ),
  new Option('--typical-p <x>', 'locally typical sampling, 0 to 1; default 1 (off)').argParser(numberIn(0, 1)),
  new Option('--repeat-penalty <x>', 'over 1 avoids repetition; default 1 (off)').argParser(numberIn(0.01, 10)),
  new Option('--repeat-last-n <n>', 'tokens the repeat penalty looks back on; default 64').argParser(
    integerIn(0, 2_147_483_647),
  ),
  new Option('--presence-penalty <x>', '-2 to 2; default 0').argParser(numberIn(-2, 2)),
  new Option('--frequency-penalty <x>', '-2 to 2; default 0').argParser(numberIn(-2, 2)),
  new Option('--seed <n>', 'the same seed gives the same answer').argParser(integerIn(0, maxSeed)),
  new Option('--stop <text>', 'end the answer before this text (repeatable)').argParser(collect),
  new Option('--ignore-eos', "go on past the model's end of the answer"),
];

export type GenerationFlags = Pick<
  GenerationOptions,
  | 'maxTokens'
  | 'temperature'
  | 'topK'
  | 'topP'
  | 'minP'
  | 'typicalP'
  | 'repeatPenalty'
  | 'repeatLastN'
  | 'presencePenalty'
  | 'frequencyPenalty'
  | 'seed'
  | 'stop'
  | 'ignoreEos'
>;

export function addGenerationFlags(command: Command): Command {
  for (const flag of generationFlags) command.addOption(flag);
  return command;
}

/** Only the generation flags that were given, out of all of a command's options. */
export function generationOptionsFrom(options: GenerationFlags): GenerationFlags {
  const names = new Set(generationFlags.map((flag) => flag.attributeName()));
  return Object.fromEntries(Object.entries(options).filter(([name]) => names.has(name)));
}
